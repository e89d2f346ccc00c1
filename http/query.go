package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLimit bounds a page.
const (
	maxLimit     = 1000
	defaultLimit = 100
)

// query gives a handler the parameters that its route knows, and refuses a
// request with any other, with one twice, or with one that is empty: answering
// without it would answer another question. Routes that are not wrapped in it
// ignore their query.
func query(h handler, known ...string) handler {
	return func(w *call, r *http.Request) (err error) {
		if r.URL.RawQuery != "" {
			if w.query, err = parseQuery(r.URL.RawQuery, known); err != nil {
				return err
			}
		}
		return h(w, r)
	}
}

func parseQuery(raw string, known []string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest.problem("The query has parameters as name=value, joined by &, percent-encoded.", nil)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch given := values[name]; {
		case !slices.Contains(known, name):
			return nil, badRequest.problem(fmt.Sprintf("There is no query parameter %.40q here. %s", name, listParameters(known)), nil)
		case len(given) > 1:
			return nil, badRequest.problem(fmt.Sprintf("The query has the parameter %s %d times. Send it once.", name, len(given)), nil)
		case given[0] == "":
			return nil, badRequest.problem(fmt.Sprintf("The parameter %s is empty. Give it a value, or leave it out.", name), nil)
		}
	}
	return values, nil
}

func listParameters(known []string) string {
	if len(known) == 0 {
		return "This route takes none."
	}
	return "This route takes " + strings.Join(known, ", ") + "."
}

// limit reads ?limit=.
func (c *call) limit() (int, error) {
	text := c.query.Get("limit")
	if text == "" {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxLimit {
		return 0, badRequest.problem("limit is a whole number from 1 to 1000.", nil)
	}
	return limit, nil
}

// maxSeconds bounds how long a request may ask to wait.
const maxSeconds = 30

// seconds reads a parameter that is a time to wait, 0 if it is not there.
func (c *call) seconds(name string) (time.Duration, error) {
	text := c.query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxSeconds {
		return 0, badRequest.problem(name+" is a whole number of seconds from 0 to 30.", nil)
	}
	return time.Duration(n) * time.Second, nil
}

// number reads a parameter that is a whole number, 0 if it is not there.
func (c *call) number(name string) (uint64, error) {
	text := c.query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, badRequest.problem(name+" is a whole number, as an earlier answer gave it.", nil)
	}
	return n, nil
}
