package simulate

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
)

// RefusedError says that the server refuses what is sent, in a way that no
// repetition cures, and what to do about it.
type RefusedError struct {
	Status int
	Advice string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.Status, http.StatusText(e.Status), e.Advice)
}

// isTransient reports whether Coinbase's next try may be answered otherwise.
func isTransient(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}

// refusedCallback says why callbacks are not taken.
func refusedCallback(a answer) error {
	advice := "this is not a daybook's answer, or not at this address. Is --server what comes before /callbacks/coinbase? A reverse proxy has to pass on /callbacks/coinbase with its query"
	switch {
	case a.status == http.StatusUnauthorized:
		advice = "the secret is wrong. Set DAYBOOK_CALLBACK_SECRETS to the one that the server has, or name the data directory of a server that runs with --dev in --data"
	case a.status == http.StatusForbidden:
		advice = "the server takes no callbacks from this address. Add the address of this machine, as the server sees it, to its --callback-from, or start it with --dev for this machine's own. Behind a reverse proxy, name the proxy in its --trusted-proxy"
	case a.status/100 == 3:
		advice = "it redirects to " + withoutQuery(a.location) + ", and Coinbase follows no redirect: it takes exactly 200 for an acknowledgement. Name the final address in --server"
	}
	if detail := a.detail(); detail != "" {
		advice += ". The server says: " + detail
	}
	return &RefusedError{Status: a.status, Advice: advice}
}

// refusedRead says why balances cannot be read.
func refusedRead(a answer) error {
	advice := "this is not a daybook's answer, or not at this address. If a reverse proxy passes on callbacks alone, name an address that has /balances/ in --reads"
	if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		advice = "the token is wrong. Set DAYBOOK_TOKEN to the secret of one that the server has, or name the data directory of a server that runs with --dev in --data"
	}
	return &RefusedError{Status: a.status, Advice: advice}
}

// refusedWebhook says why webhooks are not taken.
func refusedWebhook(a answer) error {
	advice := "this is not a daybook's answer, or not at this address. A reverse proxy has to pass on /callbacks/coinbase/checkouts with the headers that begin with X-"
	switch {
	case a.status == http.StatusUnauthorized:
		advice = "the secret is wrong. Set DAYBOOK_CHECKOUT_SECRETS to the one that the server has, or name the data directory of a server that runs with --dev in --data"
	case a.status == http.StatusForbidden:
		advice = "the server takes no webhooks from this address: add it, as the server sees it, to --checkout-from"
	case a.status == http.StatusNotFound:
		advice = "the server takes no webhooks. Start it with --dev, or with DAYBOOK_CHECKOUT_SECRETS"
	}
	if detail := a.detail(); detail != "" {
		advice += ". The server says: " + detail
	}
	return &RefusedError{Status: a.status, Advice: advice}
}

// refusedToken says why orders cannot be registered, or worklists not be read.
func refusedToken(a answer) error {
	advice := "this is not a daybook's answer, or not at this address. If a reverse proxy passes on callbacks alone, name an address that has /orders/ in --reads"
	if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		advice = "the token is wrong: simulated checkouts need an operator's. Set DAYBOOK_TOKEN to the secret of one that the server has, or name the data directory of a server that runs with --dev in --data"
	}
	if detail := a.detail(); detail != "" {
		advice += ". The server says: " + detail
	}
	return &RefusedError{Status: a.status, Advice: advice}
}

// unreachable says that nobody answers.
func unreachable(address string, err error) error {
	var lookup *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: start the server, for example with make run, or name another address in --server", address)
	case errors.As(err, &lookup):
		return fmt.Errorf("%s has no address: look at the name in --server (%w)", address, err)
	}
	return fmt.Errorf("%s does not answer: %w", address, err)
}

// withoutQuery keeps a secret that came back in a redirect out of the message.
func withoutQuery(address string) string {
	for i, c := range address {
		if c == '?' {
			return address[:i]
		}
	}
	return address
}
