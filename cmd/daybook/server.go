package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// maxAnswerBytes bounds the answer of a server.
	maxAnswerBytes = 16 << 20

	// answerTimeout bounds the time until a server has answered.
	answerTimeout = 30 * time.Second
)

// serverFlag names the running server that a command acts on.
type serverFlag struct {
	Server string `help:"The running server (${default}). The secret of a token must come from DAYBOOK_TOKEN or the file in DAYBOOK_TOKEN_FILE." default:"http://127.0.0.1:8080" placeholder:"URL"`
}

// get reads from the server. Names in the path are escaped by the caller.
func (f *serverFlag) get(ctx context.Context, env *environment, path string, query url.Values, answer any) error {
	_, err := f.call(ctx, env, http.MethodGet, path, query, nil, answer)
	return err
}

// post sends a body as JSON.
func (f *serverFlag) post(ctx context.Context, env *environment, path string, body, answer any) error {
	_, err := f.send(ctx, env, http.MethodPost, path, nil, body, answer)
	return err
}

// send sends a body as JSON, and returns the header of the answer.
func (f *serverFlag) send(ctx context.Context, env *environment, method, path string, query url.Values, body, answer any) (http.Header, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return f.call(ctx, env, method, path, query, content, answer)
}

// call sends a request with the token. An error says what to do next.
func (f *serverFlag) call(ctx context.Context, env *environment, method, path string, query url.Values, body []byte, answer any) (http.Header, error) {
	server, err := baseURL("--server", f.Server)
	if err != nil {
		return nil, err
	}
	token, err := env.token()
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, fmt.Errorf("no token: set %[1]s, or %[1]s%[2]s to a file that has it, to the secret of one of the server's tokens", tokenVariable, fileSuffix)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	target := server.JoinPath(path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no answer: %w: start it with `daybook serve`, or name another with --server or DAYBOOK_SERVER", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return nil, fmt.Errorf("the answer of %s broke off: %w", server, err)
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(content, answer); err == nil {
			return response.Header, nil
		}
	}
	return nil, answerError(server, response, content)
}

// answerError is an answer that is none of daybook's answers to the request.
func answerError(server *url.URL, response *http.Response, content []byte) error {
	var problem struct {
		Title     string `json:"title"`
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
	}
	if to := response.Header.Get("Location"); to != "" {
		return fmt.Errorf("%s sends on to %s: name that with --server or DAYBOOK_SERVER", server, to)
	}
	if err := json.Unmarshal(content, &problem); err != nil || problem.Title == "" {
		return fmt.Errorf("%s is no daybook, or one of another version: it answers %s; name the address of daybook itself with --server or DAYBOOK_SERVER", server, response.Status)
	}
	var next string
	switch wait := response.Header.Get("Retry-After"); {
	case response.StatusCode == http.StatusUnauthorized:
		next = fmt.Sprintf("; %s is the secret of none of the server's tokens", tokenVariable)
	case response.StatusCode == http.StatusForbidden:
		next = fmt.Sprintf("; set %s to the secret of a token with another role", tokenVariable)
	case wait != "":
		next = fmt.Sprintf("; try again in %s s", wait)
	case response.StatusCode >= http.StatusInternalServerError:
		next = "; the request is " + problem.RequestID
	}
	return fmt.Errorf("%s answers %d: %s: %s%s", server, response.StatusCode, problem.Title, cmp.Or(problem.Detail, "no detail"), next)
}

// token returns the secret of the token that commands send to a server; "" if none
// is set.
func (e *environment) token() (string, error) {
	entries, err := e.secretList(tokenVariable)
	switch {
	case err != nil || len(entries) == 0:
		return "", err
	case len(entries) > 1:
		return "", errors.New(e.label(tokenVariable) + " has several tokens: leave one")
	}
	return tokenSecret(entries[0]), nil
}
