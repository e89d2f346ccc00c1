package httpapi

import (
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
)

// maxRequestBytes bounds the body of a request of the website or of a person.
const maxRequestBytes = 4 << 10

// errBody stands for what net/http says of a body, which quotes what came.
var errBody = errors.New("the body broke off, or is not as its header says")

// readRequest reads a body, which is strict JSON, and has no members but those of
// request. Example is one that is right.
func readRequest(r *http.Request, request any, example string) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	switch {
	case err != nil:
		return brokenBody(errBody)
	case len(body) > maxRequestBytes:
		return tooLarge.problem("The body has at most 4 KiB.", nil)
	}
	if err := json.Unmarshal(body, request, json.RejectUnknownMembers(true)); err != nil {
		return badRequest.problem("The body is "+example+".", nil)
	}
	return nil
}
