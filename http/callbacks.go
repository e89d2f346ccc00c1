package httpapi

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"daybook/domain/quarantine"
	"daybook/http/callback"
)

// maxReceiving bounds how many callbacks of one route are received at once.
const maxReceiving = 1024

// callbackAnswer is what a callback is answered with. A test has no stream. Detail and
// Route are of a body that belongs to another route; an interface that is gone has none.
type callbackAnswer struct {
	Outcome  string `json:"outcome"`
	Stream   string `json:"stream,omitzero"`
	Revision *int64 `json:"revision,omitzero"`
	Position string `json:"position,omitzero"`
	Detail   string `json:"detail,omitzero"`
	Route    string `json:"route,omitzero"`
}

// elsewhere is why a body of another route was kept. Its text has nothing of the body.
type elsewhere interface {
	error
	Route() string
}

// callbackRoutes answer what is posted in one format.
type callbackRoutes struct {
	receiver *callback.Receiver
	metrics  *metrics
}

// post answers a callback. A sender repeats it until the answer is exactly 200, so
// what is kept for later is answered so too; only what is no JSON or too large is
// refused, that the sender's log shows it.
func (c callbackRoutes) post(w *call, r *http.Request) error {
	receipt, err := c.receiver.Receive(r, w.id)
	if receipt.Outcome != "" {
		c.metrics.callback(receipt.Outcome)
		w.outcome = receipt.Outcome
	}
	if err != nil {
		return c.refuse(w, r, receipt, err)
	}
	if receipt.Outcome == callback.Test {
		return writeJSON(w, http.StatusOK, callbackAnswer{Outcome: callback.Test})
	}
	w.category = receipt.Stream.Category()
	setPosition(w, receipt.Position)
	switch receipt.Reason {
	case quarantine.NotJSON:
		return notJSON.problem("The body is kept as it came, in stream "+string(receipt.Stream)+". Repeating it changes nothing.", nil)
	case quarantine.TooLarge:
		w.Header().Set("Connection", "close") // the rest of the body stays unread
		return tooLarge.problem("A callback has at most 256 KiB. Its length and the digest of its beginning are kept, in stream "+string(receipt.Stream)+".", nil)
	}
	revision := int64(receipt.Revision)
	answer := callbackAnswer{
		Outcome:  receipt.Outcome,
		Stream:   string(receipt.Stream),
		Revision: &revision,
		Position: receipt.Position.String(),
	}
	var other elsewhere
	if errors.As(receipt.Cause, &other) {
		answer.Detail, answer.Route = sentence(other), other.Route()
	}
	return writeJSON(w, http.StatusOK, answer)
}

// refuse says what to do about a callback of which nothing is stored.
func (c callbackRoutes) refuse(w *call, r *http.Request, receipt callback.Receipt, err error) error {
	advice := c.receiver.Format.Advice
	switch {
	case errors.Is(err, callback.ErrOff):
		return notFound.problem("This route takes no callbacks until "+advice.Secrets+" is set.", nil)
	case errors.Is(err, callback.ErrSource):
		w.source = receipt.Source
		if !w.source.IsValid() { // nothing is known but who is connected
			peer, _ := netip.ParseAddrPort(r.RemoteAddr)
			w.source = peer.Addr().Unmap()
		}
		return forbidden.problem("Callbacks are taken from the addresses in "+advice.Sources+" alone. Behind a proxy, name it in --trusted-proxy.", err)
	case errors.Is(err, callback.ErrProof):
		return unauthorized.problem(sentence(err)+" "+advice.Proof, err)
	case errors.Is(err, callback.ErrTooLarge):
		w.Header().Set("Connection", "close")
		return tooLarge.problem("A webhook has at most 256 KiB. Its signature is not verified, and nothing of it is kept.", nil)
	case errors.Is(err, callback.ErrFull):
		return overloaded.problem("Send the request again.", nil)
	case errors.Is(err, callback.ErrBody):
		return brokenBody(err)
	}
	return err
}

// sentence writes an error that a sender may read as a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func brokenBody(cause error) *Problem {
	return timedOut.problem("The body did not arrive whole. Send the request again.", cause)
}
