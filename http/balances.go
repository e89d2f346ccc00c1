package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
)

type balancesAnswer struct {
	User     string              `json:"user"`
	Balances []balanceAnswer     `json:"balances"`
	Position eventstore.Position `json:"position"`
}

type balanceAnswer struct {
	Currency  string `json:"currency"`
	Available string `json:"available"`
	Pending   string `json:"pending"`
}

// balanceRoutes answer from the read model of balances.
type balanceRoutes struct {
	model      Balances
	projection *follow.Projection
}

// get answers with what a user has. Of a user that no event names that is
// nothing, which is no error.
func (b balanceRoutes) get(w *call, r *http.Request) error {
	user, err := plainSegment(r, "user")
	if err != nil {
		return err
	}
	minimum, err := await(w, r, b.projection)
	if err != nil {
		return err
	}
	balance, err := b.model.Balance(r.Context(), user)
	if err != nil {
		return err
	}
	if err := reached(minimum, balance.Position); err != nil {
		return err
	}
	answer := balancesAnswer{User: user, Balances: []balanceAnswer{}, Position: balance.Position}
	for _, c := range balance.Currencies {
		answer.Balances = append(answer.Balances, balanceAnswer{
			Currency:  string(c.Currency),
			Available: c.Available.Decimal(),
			Pending:   c.Pending.Decimal(),
		})
	}
	w.Header().Set("Cache-Control", "private, no-cache") // ask again, with If-None-Match
	tag := balanceTag(answer.Balances)
	w.Header().Set("ETag", tag)
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return writeJSON(w, http.StatusOK, answer)
}

// balanceTag is a digest of what a user has, so that it cannot outlive it, not
// even in a log that was restored from an older copy. It is weak: the position
// in the answer moves on with every event of anybody.
func balanceTag(all []balanceAnswer) string {
	var text []byte
	for _, b := range all {
		text = append(text, b.Currency+" "+b.Available+" "+b.Pending+"\n"...)
	}
	digest := sha256.Sum256(text)
	return `W/"` + hex.EncodeToString(digest[:12]) + `"`
}

// matches compares weakly (RFC 9110, section 13.1.2).
func matches(ifNoneMatch []string, tag string) bool {
	for _, header := range ifNoneMatch {
		for candidate := range strings.SplitSeq(header, ",") {
			candidate = strings.TrimSpace(candidate)
			if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

type entriesAnswer struct {
	User     string              `json:"user"`
	Entries  []entryAnswer       `json:"entries"`
	Next     string              `json:"next,omitzero"` // cursor of the following, older page
	Position eventstore.Position `json:"position"`
}

type entryAnswer struct {
	Number     uint64              `json:"number"`
	Position   eventstore.Position `json:"position"`
	Stream     string              `json:"stream"`
	Type       string              `json:"type"`
	Payment    string              `json:"payment"`
	Currency   string              `json:"currency"`
	Amount     string              `json:"amount"`
	Balance    string              `json:"balance"`
	OccurredAt time.Time           `json:"occurred_at,omitzero"`
	RecordedAt string              `json:"recorded_at"`
	By         string              `json:"by,omitzero"`
	Note       string              `json:"note,omitzero"`
}

// entryBytes is more than nearly all entries have in an answer.
const entryBytes = 1 << 10

// entries answers with what a user's balances are made of, newest first.
func (b balanceRoutes) entries(w *call, r *http.Request) error {
	user, err := plainSegment(r, "user")
	if err != nil {
		return err
	}
	limit, err := w.limit()
	if err != nil {
		return err
	}
	before, err := w.number("cursor")
	if err != nil {
		return err
	}
	minimum, err := await(w, r, b.projection)
	if err != nil {
		return err
	}
	if err := w.reserve(r.Context(), limit*entryBytes); err != nil {
		return err
	}
	page, err := b.model.Entries(r.Context(), user, before, limit)
	if err != nil {
		return err
	}
	if err := reached(minimum, page.Position); err != nil {
		return err
	}
	answer := entriesAnswer{User: user, Entries: []entryAnswer{}, Position: page.Position}
	if page.Next > 0 {
		answer.Next = fmt.Sprint(page.Next)
	}
	for _, e := range page.Entries {
		answer.Entries = append(answer.Entries, entryAnswer{
			Number:     e.Number,
			Position:   e.Position,
			Stream:     string(e.Stream),
			Type:       e.Type,
			Payment:    string(e.Payment),
			Currency:   string(e.Amount.Currency()),
			Amount:     e.Amount.Decimal(),
			Balance:    e.Balance.Decimal(),
			OccurredAt: e.OccurredAt,
			RecordedAt: eventstore.FormatTime(e.RecordedAt),
			By:         e.By,
			Note:       e.Note,
		})
	}
	return answerClaimed(w, answer)
}
