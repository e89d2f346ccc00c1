package httpapi

import (
	"errors"
	"net/http"
	"net/netip"

	"daybook/domain/quarantine"
	"daybook/http/callback"
)

// maxReceiving bounds how many callbacks are received at once.
const maxReceiving = 1024

// callbackAnswer is what a callback is answered with. A test has no stream.
type callbackAnswer struct {
	Outcome  string `json:"outcome"`
	Stream   string `json:"stream,omitzero"`
	Revision *int64 `json:"revision,omitzero"`
	Position string `json:"position,omitzero"`
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
		return refusedCallback(w, r, receipt, err)
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
	return writeJSON(w, http.StatusOK, callbackAnswer{
		Outcome:  receipt.Outcome,
		Stream:   string(receipt.Stream),
		Revision: &revision,
		Position: receipt.Position.String(),
	})
}

// refusedCallback says what to do about a callback of which nothing is stored.
func refusedCallback(w *call, r *http.Request, receipt callback.Receipt, err error) error {
	switch {
	case errors.Is(err, callback.ErrSource):
		w.source = receipt.Source
		if !w.source.IsValid() { // nothing is known but who is connected
			peer, _ := netip.ParseAddrPort(r.RemoteAddr)
			w.source = peer.Addr().Unmap()
		}
		return forbidden.problem("Callbacks are taken from the addresses in --callback-from alone. Behind a proxy, name it in --trusted-proxy.", err)
	case errors.Is(err, callback.ErrProof):
		return unauthorized.problem("Set the callback URL to end in ?secret= and one of DAYBOOK_CALLBACK_SECRETS.", nil)
	case errors.Is(err, callback.ErrFull):
		return overloaded.problem("Send the request again.", nil)
	case errors.Is(err, callback.ErrBody):
		return brokenBody(err)
	}
	return err
}

func brokenBody(cause error) *Problem {
	return timedOut.problem("The body did not arrive whole. Send the request again.", cause)
}
