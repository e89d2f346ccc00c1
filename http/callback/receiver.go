package callback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
)

const (
	// maxBody bounds a body. Real ones have one or two thousand bytes.
	maxBody = 256 << 10

	// announcedBytes bounds the memory that a body takes before it is there.
	announcedBytes = 16 << 10

	// recordTimeout bounds the wait for the store.
	recordTimeout = 5 * time.Second
)

// What a callback comes to beside the outcomes of the ledger.
const (
	Test    = "test"    // nothing happened, nothing is stored
	Refused = "refused" // its source or its proof is wrong
)

// Errors of Receive, each of one step.
var (
	ErrOff         = errors.New("the route has no secret")
	ErrSource      = errors.New("callbacks are not taken from there")
	ErrProof       = errors.New("the callback is not authentic")
	ErrTooLarge    = errors.New("the body is too large for its signature to be verified")
	ErrFull        = errors.New("too many callbacks at once")
	ErrBody        = errors.New("the body broke off, or is not as its header says")
	errBodyTooLong = errors.New("body too long")
)

// Receiver takes in callbacks of a format.
type Receiver struct {
	Format  *Format
	Ledger  *recorder.Recorder
	Room    Room
	Arrived func(*http.Request) // is told of an authentic request that has come whole
	Now     func() time.Time
}

// Room bounds how many callbacks are received at once, and with them the memory that
// their bodies take. It is taken after what can be authenticated without a body, so
// that strangers do not occupy it.
type Room chan struct{}

// Receipt is what became of a callback.
type Receipt struct {
	recorder.Result
	Outcome string            // of the ledger, Test or Refused; empty if it is not known
	Reason  quarantine.Reason // why it was not understood; empty if it was
	Cause   error             // more about that, without anything of the body
	Source  netip.Addr        // the zero value if a proxy does not say
}

// Receive keeps the order of work: source, proof, size, syntax, decision, append. The
// sender learns nothing of the fate of a body, and nothing is stored, before source
// and proof are good. The error of a failed proof wraps ErrProof and has the cause in
// its text.
//
// Providers repeat a callback until it is answered 200. So whatever cannot become
// better by repetition is kept, and is no error.
func (rc *Receiver) Receive(r *http.Request, id string) (Receipt, error) {
	f := rc.Format
	if f.IsOff != nil && f.IsOff() {
		return Receipt{}, ErrOff
	}
	client, err := f.Sources.Client(r)
	receipt := Receipt{Source: client}
	if err != nil || !f.Sources.Allows(client) {
		receipt.Outcome = Refused
		return receipt, errors.Join(ErrSource, err)
	}
	d := recorder.Delivery{ID: id, Actor: f.Actor, Format: f.Name, Reader: f.Reader, Source: client.String()}
	if !f.ByBody {
		if err := rc.prove(&receipt, &d, r); err != nil {
			return receipt, err
		}
	}
	select {
	case rc.Room <- struct{}{}:
		defer func() { <-rc.Room }()
	default:
		return receipt, ErrFull
	}
	if err := rc.take(&d, r); err != nil {
		return receipt, err
	}
	if f.ByBody {
		if isCut(&d) {
			receipt.Outcome = Refused
			return receipt, ErrTooLarge
		}
		if err := rc.prove(&receipt, &d, r); err != nil {
			return receipt, err
		}
	}
	if rc.Arrived != nil {
		rc.Arrived(r)
	}
	if receipt.Outcome == Test {
		return receipt, nil
	}
	return receipt, rc.record(r.Context(), &receipt, d)
}

func (rc *Receiver) prove(receipt *Receipt, d *recorder.Delivery, r *http.Request) error {
	proof, err := rc.Format.Authenticate(r, d.Body, rc.Now())
	if err != nil {
		receipt.Outcome = Refused
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	if proof.Test {
		receipt.Outcome = Test
	}
	d.Method = proof.Method
	return nil
}

// take reads the body. Of one that is too large only the beginning is read, and
// Length differs from the bytes that are there.
func (rc *Receiver) take(d *recorder.Delivery, r *http.Request) error {
	body, err := readBody(r)
	if err != nil && !errors.Is(err, errBodyTooLong) {
		return err
	}
	d.Body, d.Length = body, int64(len(body))
	if err != nil {
		d.Length = r.ContentLength // -1 if it was not announced
	}
	d.Received = rc.Now().UTC()
	if rc.Format.Headers != nil {
		d.Headers = rc.Format.Headers(r)
	}
	return nil
}

// isCut reports that only the beginning of the body was read.
func isCut(d *recorder.Delivery) bool { return d.Length != int64(len(d.Body)) }

// record appends what the body says, or keeps it. A sender that hangs up after the
// last byte has sent a callback all the same, so this ends with the store's patience.
func (rc *Receiver) record(ctx context.Context, receipt *Receipt, d recorder.Delivery) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if isCut(&d) {
		return rc.keep(ctx, receipt, Refuse(quarantine.TooLarge, "the body has more than %d bytes", maxBody), d)
	}
	report, err := rc.Format.Parse(d.Body)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		return rc.keep(ctx, receipt, refusal, d)
	case err != nil:
		return err
	case report.Test:
		receipt.Outcome = Test
		return nil
	}
	result, err := rc.Ledger.Record(ctx, report, d)
	return receipt.with(result, err)
}

func (rc *Receiver) keep(ctx context.Context, receipt *Receipt, refusal *Refusal, d recorder.Delivery) error {
	receipt.Reason, receipt.Cause = refusal.Reason, refusal.Err
	result, err := rc.Ledger.Quarantine(ctx, refusal.Reason, d)
	return receipt.with(result, err)
}

func (receipt *Receipt) with(result recorder.Result, err error) error {
	if err != nil {
		return err
	}
	receipt.Result, receipt.Outcome = result, string(result.Outcome)
	return nil
}

// readBody reads a body. With errBodyTooLong comes its beginning.
func readBody(r *http.Request) ([]byte, error) {
	body := make([]byte, 0, min(max(r.ContentLength, 512), announcedBytes)+1)
	limited := io.LimitReader(r.Body, maxBody+1)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return body[:maxBody], errBodyTooLong
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, ErrBody // what net/http says of it quotes what came
		}
	}
}
