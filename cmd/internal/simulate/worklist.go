package simulate

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// item is one of a worklist.
type item struct {
	Stream string `json:"stream"`
	Reason string `json:"reason"`
}

// worklist reads a whole worklist, and the position that it is from.
// The list has got to a position.
func (c *client) worklist(ctx context.Context, name string, at uint64) (items []item, position uint64, err error) {
	query := url.Values{"limit": {"1000"}, "min_position": {strconv.FormatUint(at, 10)}}
	for deadline := time.Now().Add(readPatience); ; {
		a, err := c.readList(ctx, name, query)
		switch {
		case ctx.Err() != nil:
			return nil, 0, ctx.Err()
		case err == nil && a.status == http.StatusOK:
			var page struct {
				Items    []item `json:"items"`
				Next     string `json:"next"`
				Position string `json:"position"`
			}
			if err := json.Unmarshal(a.body, &page); err != nil {
				return nil, 0, fmt.Errorf("the answer of /%s cannot be read: is this address a daybook's? %w", name, err)
			}
			items = append(items, page.Items...)
			if page.Next == "" {
				position, err = strconv.ParseUint(page.Position, 10, 64)
				return items, position, err
			}
			query.Set("cursor", page.Next)
			continue
		case err == nil && !isTransient(a.status):
			return nil, 0, fmt.Errorf("reading /%s is answered %w", name, refusedToken(a))
		case time.Now().After(deadline):
			return nil, 0, fmt.Errorf("read /%s: %w, for %s. Look at the server's log", name, failed(a, err), readPatience)
		}
		if err := sleep(ctx, a.pause()); err != nil {
			return nil, 0, err
		}
	}
}

func (c *client) readList(ctx context.Context, name string, query url.Values) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.read(ctx, query, name)
}
