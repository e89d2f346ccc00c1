package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"daybook/eventstore"
)

// maxBody is the size of the largest body that is kept whole.
const maxBody = 256 << 10

// compareQuarantined compares the keeping of a body that no event of a payment
// was made of.
func (p *prover) compareQuarantined(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	var found differences
	a := &p.append
	if said.Digest != a.digest || string(e.Stream) != "quarantine-"+a.digest {
		found.add("stream or digest are not those of the kept body")
	}
	if said.Format != a.format || said.Length != a.length {
		found.add("format or length are not those of the kept body")
	}
	if said.Reader > a.reading.Reader && a.reading.Refused != tooLarge {
		found.add("reader %d is none of this version", said.Reader)
	}
	if by := said.Authenticity; by != nil && (by.Source != a.source || !slices.Contains(a.reading.Methods, by.Method) && a.reading.Refused != tooLarge) {
		found.add("authenticity is not that of the evidence and its format")
	}
	switch {
	case said.Reason == tooMany && a.reading.Refused == "":
		isFull, err := p.mayBeFull(ctx, e)
		if err != nil {
			return err
		}
		if !isFull {
			found.add("reason is %s, and there was room for what the kept body says", tooMany)
		}
	case max(1, said.Reader) < a.reading.Reader && said.Reason != tooMany: // which may understand it
	default:
		found.text("reason", said.Reason, a.reading.Refused)
	}
	if said.Reason == tooLarge && said.Length != unknownLength && said.Length <= maxBody {
		found.add("reason is %s, and a body of this length is kept", tooLarge)
	}
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return nil
}

// unknownLength is that of a body that is too large and was not announced.
const unknownLength = -1

// What one stream and one append have room for.
const (
	roomPayments = 1000 // of an order, or holds of one payment
	roomHolds    = 100  // of a payout
	roomStatuses = 50
	roomAppend   = 900_000
)

// mayBeFull reports whether what the body says may have had no room: in its
// stream as it is now, or in one append.
func (p *prover) mayBeFull(ctx context.Context, e *eventstore.Recorded) (bool, error) {
	r := p.append.reading
	claims := len(r.Claims)
	// A byte of the body is kept once, in base64, and is written at most twice into
	// events, escaped. The rest are the names in them and the headers.
	if 14*p.append.length+4000*int64(claims+4)+40_000 > roomAppend {
		return true, nil
	}
	statuses, others := 0, 0
	for earlier, err := range p.log.Read(ctx, eventstore.StreamName(r.Stream), 0) {
		if err != nil {
			return false, fmt.Errorf("look up %s: %w", r.Stream, err)
		}
		if earlier.Position >= e.Position {
			break
		}
		if earlier.Type == "OrderStatusReported" {
			statuses++
		} else {
			others++
		}
	}
	room := roomPayments
	if slices.ContainsFunc(r.Claims, func(c Claim) bool { return c.Kind == Sold }) {
		room = roomHolds
	}
	return r.Status != "" && statuses >= roomStatuses || others+claims+1 > room, nil
}
