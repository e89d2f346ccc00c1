package verify

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decisionData is what the data of decisions, reversals and refunds say besides.
type decisionData struct {
	ID       string       `json:"id"`
	Item     string       `json:"item"`
	Round    int          `json:"round"`
	By       string       `json:"by"`
	Note     string       `json:"note"`
	Asked    *asked       `json:"asked"`
	Takes    []statedLine `json:"takes"`
	Refunded *sentBefore  `json:"refunded"`
	Short    *amount      `json:"short"`
	Reverses string       `json:"reverses"`
	Opens    []string     `json:"opens"`
	Lines    []statedLine `json:"lines"`
	From     []statedLine `json:"from"`
	Report   string       `json:"report"`
	Posted   bool         `json:"posted"`
	Within   *amount      `json:"within"`
	Charged  *amount      `json:"charged"`
	Intent   string       `json:"intent"`
}

// saysDecision reports whether the data say what only decisions do.
func (d *decisionData) saysDecision() bool {
	return d.ID != "" || d.Item != "" || d.By != "" || d.Reverses != "" || d.Asked != nil || len(d.From) > 0 || len(d.Lines) > 0
}

// asked is what a person has asked for.
type asked struct {
	Decision string  `json:"decision"`
	User     string  `json:"user"`
	Amount   *amount `json:"amount"`
	Times    *int    `json:"times"`
	Arrived  *amount `json:"arrived"`
	Note     string  `json:"note"`
}

// statedLine is one side of a posting, by the name of its account.
type statedLine struct {
	Account string `json:"account"`
	Amount  amount `json:"amount"`
}

// sentBefore is what had been sent back before a decision.
type sentBefore struct {
	Amount amount `json:"amount"`
	Share  amount `json:"share"`
}

// arrival says whether money is in: of a hold as it is, of a dismissal how much.
type arrival struct {
	is     bool
	amount *amount
}

// UnmarshalJSONFrom reads either.
func (a *arrival) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if from.PeekKind() == '{' {
		return json.UnmarshalDecode(from, &a.amount)
	}
	return json.UnmarshalDecode(from, &a.is)
}

// UnmarshalJSONFrom reads what a credit says of a hold, or the id alone, as decisions
// name it.
func (c *closed) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if from.PeekKind() == '"' {
		return json.UnmarshalDecode(from, &c.Hold)
	}
	type whole closed
	return json.UnmarshalDecode(from, (*whole)(c))
}
