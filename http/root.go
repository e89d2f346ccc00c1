package httpapi

import (
	"io"
	"net/http"
)

// rootPage is for a person who has found the address. It says nothing that is not
// public.
const rootPage = `This is daybook: it records what a website is paid through Coinbase.

/openapi.yaml   what can be asked here, and with which token
/healthz        whether the process answers
/readyz         whether callbacks are recorded
/readyz/reads   whether balances are current

There is nothing to see here for the website's customers.
`

func getRoot(w *call, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, rootPage) // the client may be gone
	return nil
}
