package httpapi

import (
	"fmt"
	"net/http"
	"strconv"

	"daybook/domain/ident"
	"daybook/domain/recorder"
	"daybook/eventstore"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/mux"
)

// Values of headers that nearly every answer has. Nobody changes them.
var (
	applicationJSON = []string{"application/json"}
	noStore         = []string{"no-store"}
)

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	writeBody(w, status, body)
	return nil
}

// answerClaimed answers with a value that memory was claimed for.
func answerClaimed(w *call, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return writeClaimed(w, body)
}

// writeClaimed answers with a body that memory was claimed for. What it is too
// large by must be there too.
func writeClaimed(w *call, body []byte) error {
	if !w.reserved.resize(len(body)) {
		return unreadAnswers(nil)
	}
	writeBody(w, http.StatusOK, body)
	return nil
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header["Content-Type"] = applicationJSON
	if _, chosen := header["Cache-Control"]; !chosen {
		header["Cache-Control"] = noStore
	}
	body = append(body, '\n')
	header["Content-Length"] = []string{strconv.Itoa(len(body))} // else net/http sends chunks
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// setPosition tells a writer where his write stands, for min_position.
func setPosition(w http.ResponseWriter, p eventstore.Position) {
	w.Header()["Daybook-Position"] = []string{p.String()}
}

// setResult sets the headers of an answer to a write, and returns its position: 0 of a dry
// run, which writes nothing.
func setResult(w *call, result recorder.Result, isDryRun bool) (position eventstore.Position) {
	if !isDryRun {
		position = result.Position
		setPosition(w, position)
	}
	if result.Outcome == recorder.Duplicate {
		w.Header().Set("Idempotency-Hit", "true")
	}
	return position
}

// plainSegment returns the path segment of a name as text. The router hands it over
// encoded, so that a slash in a user's name is a part of the name.
func plainSegment(r *http.Request, name string) (string, error) {
	text, err := ident.Unescape(mux.Vars(r)[name])
	if err == nil {
		err = ident.Check(text)
	}
	if err != nil {
		return "", badRequest.problem(fmt.Sprintf("The %s in the path has 1 to 128 bytes of UTF-8 without control characters, percent-encoded.", name), err)
	}
	return text, nil
}

// encodedSegment returns a path segment that names something whose name is
// percent-encoded itself, such as a stream. A client that encodes the name
// again and one that does not mean the same.
func encodedSegment(r *http.Request, name string) (string, error) {
	text, err := ident.Unescape(mux.Vars(r)[name])
	if err != nil {
		return "", badRequest.problem(fmt.Sprintf("The %s in the path is not percent-encoded.", name), err)
	}
	if plain, err := ident.Unescape(text); err == nil && ident.Escape(plain) == text {
		return text, nil // the name, which the client has encoded again
	}
	return ident.Escape(text), nil
}
