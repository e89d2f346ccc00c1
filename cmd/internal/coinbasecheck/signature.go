package coinbasecheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"daybook/http/callback/hook0"

	"github.com/go-json-experiment/json"
)

// A test delivery says nothing about money, and is signed with a time that is long past:
// a server refuses it before it reads the body, and says that the signature is right.
// So the secret is proved and nothing is kept.
const (
	testBody = `{"id":"daybook-check","eventType":"checkout.test","status":"ACTIVE","amount":"0.01","currency":"USDC","network":"base"}`
	testAge  = 24 * time.Hour
)

// maxAnswer bounds a server's answer.
const maxAnswer = 64 << 10

// trySignatures signs a test delivery with each secret and posts it to the server.
// Where none listens, the signatures are verified here.
func (c Check) trySignatures(ctx context.Context, r *report) {
	if c.SecretsError != nil {
		r.fail(signatureLine, "%v", c.SecretsError)
		return
	}
	if len(c.Secrets) == 0 {
		r.fail(signatureLine, "there is no webhook secret: set %s to the one that Coinbase showed with the subscription", c.Variable)
		return
	}
	for i, secret := range c.Secrets {
		err := c.deliver(ctx, secret)
		if isNotListening(err) {
			c.verifyHere(r)
			return
		}
		if err != nil {
			r.fail(signatureLine, "secret %d of %s: %v", i+1, c.Variable, err)
			return
		}
	}
	r.ok(signatureLine, "the server at %s knows the %s of %s", c.Server.Redacted(), secrets(len(c.Secrets)), c.Variable)
}

func secrets(count int) string {
	if count == 1 {
		return "secret"
	}
	return fmt.Sprintf("%d secrets", count)
}

// deliver posts a test delivery. It returns nil if the server knows the secret.
func (c Check) deliver(ctx context.Context, secret string) error {
	header, err := sign(secret, c.Now().Add(-testAge))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Server.JoinPath(Route).String(), strings.NewReader(testBody))
	if err != nil {
		return err
	}
	request.Header = header
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w: name the server with --server", err)
	}
	defer answer.Body.Close()
	var said struct {
		Detail string `json:"detail"`
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil {
		_ = json.Unmarshal(body, &said) // no problem of daybook's is no proof either
	}
	switch {
	case answer.StatusCode == http.StatusUnauthorized && strings.Contains(strings.ToLower(said.Detail), hook0.ErrTime.Error()):
		return nil
	case answer.StatusCode/100 == 2:
		return fmt.Errorf("the server takes a signature of %s ago: its clock is wrong, or --server names no daybook", testAge)
	}
	return fmt.Errorf("the server answers %d: %s", answer.StatusCode, c.advise(answer.StatusCode))
}

// sign returns the header of a delivery, as Coinbase sends it.
func sign(secret string, at time.Time) (http.Header, error) {
	header := http.Header{"Content-Type": {"application/json"}, "X-Event-Id": {"daybook-check"}, "X-Event-Type": {"checkout.test"}}
	signature, err := hook0.Sign(secret, at, header, []byte(testBody), "Content-Type", "X-Event-Id", "X-Event-Type")
	if err != nil {
		return nil, err
	}
	header.Set(hook0.Header, signature)
	return header, nil
}

// isNotListening reports whether no server runs at an address that is right.
func isNotListening(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// verifyHere verifies a signature of each secret with the code that the server has.
func (c Check) verifyHere(r *report) {
	live, err := hook0.NewSecrets(c.Secrets)
	for i := 0; i < len(c.Secrets) && err == nil; i++ {
		var header http.Header
		if header, err = sign(c.Secrets[i], c.Now()); err == nil {
			_, err = live.Verify(header, []byte(testBody), c.Now())
		}
	}
	if err != nil {
		r.fail(signatureLine, "%s: %v", c.Variable, err)
		return
	}
	r.ok(signatureLine, "verified on this machine alone, because no server answers at %s", c.Server.Redacted())
}
