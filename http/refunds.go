package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
)

// refundRoutes decide, confirm and withdraw refunds of the payment of an order.
type refundRoutes struct{ ledger *recorder.Recorder }

type refundRequest struct {
	Amount   string         `json:"amount"`
	Currency money.Currency `json:"currency"`
	Note     string         `json:"note"`
}

type sentRequest struct {
	Reference string    `json:"reference"`
	SentAt    time.Time `json:"sent_at"`
}

const sentExample = `{"reference":"the id or hash of what you sent","sent_at":"2026-01-02T15:04:05Z"}`

// refundAnswer is a refund that a person has decided, as far as it has come.
type refundAnswer struct {
	Refund    string              `json:"refund"`
	Order     order.ID            `json:"order,omitzero"`
	Item      string              `json:"item,omitzero"`
	Payment   ident.Payment       `json:"payment,omitzero"`
	Amount    money.Amount        `json:"amount"`
	Status    order.IntentStatus  `json:"status"`
	Failed    bool                `json:"failed,omitzero"` // as Coinbase has reported; it is open all the same
	Note      string              `json:"note"`
	By        string              `json:"by"`
	Reference string              `json:"reference,omitzero"`
	SentAt    time.Time           `json:"sent_at,omitzero"`
	Report    ident.Payment       `json:"report,omitzero"` // identity of Coinbase's refund
	Hash      string              `json:"hash,omitzero"`
	DryRun    bool                `json:"dry_run,omitzero"`
	Position  eventstore.Position `json:"position,omitzero"`
}

func newRefundAnswer(id order.ID, r recorder.Refund) refundAnswer {
	return refundAnswer{
		Refund: r.Refund, Order: id, Item: r.Item, Payment: r.Payment, Amount: r.Amount, Status: r.Status, Failed: r.Failed,
		Note: r.Note, By: r.By, Reference: r.Reference, SentAt: r.SentAt, Report: r.Report, Hash: r.Hash,
	}
}

// put decides that money of an order's payment is sent back. The refund's id is the
// idempotency key.
func (f refundRoutes) put(w *call, r *http.Request) error {
	id, refund, err := namedRefund(r)
	if err != nil {
		return err
	}
	isDryRun, err := w.dryRun()
	if err != nil {
		return err
	}
	var request refundRequest
	if err := readRequest(r, &request, `{"amount":"12.53","currency":"USDC","note":"why"}`); err != nil {
		return err
	}
	amount, err := parseAmount("amount", request.Currency, request.Amount)
	if err = errors.Join(err, checkNote(request.Note)); err != nil {
		return err
	}
	ctx, cancel := recording(r)
	defer cancel()
	made, err := f.ledger.RefundOrder(ctx, id, order.DecideRefund{Refund: refund, Amount: *amount, Note: request.Note}, isDryRun, w.command())
	if errors.Is(err, review.ErrDecided) {
		p := otherRefund.problem("A refund with this id has the terms under refund. Take another id for another refund.", err)
		first := newRefundAnswer(id, made)
		p.Refund = &first
		return p
	} else if err != nil {
		return err
	}
	return writeRefund(w, id, made, isDryRun)
}

func writeRefund(w *call, id order.ID, made recorder.Refund, isDryRun bool) error {
	answer := newRefundAnswer(id, made)
	answer.DryRun, answer.Position = isDryRun, setResult(w, made.Result, isDryRun)
	return writeJSON(w, http.StatusOK, answer)
}

// get answers with a refund, from the log.
func (f refundRoutes) get(w *call, r *http.Request) error {
	id, refund, err := namedRefund(r)
	if err != nil {
		return err
	}
	stream, err := f.paid(r.Context(), id)
	if err != nil {
		return err
	}
	read, err := f.ledger.ReadRefund(r.Context(), stream, refund)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, newRefundAnswer(id, read))
}

// sent records that a person has sent a refund elsewhere.
func (f refundRoutes) sent(w *call, r *http.Request) error {
	id, refund, err := namedRefund(r)
	if err != nil {
		return err
	}
	confirm, err := confirmation(r, refund)
	if err != nil {
		return err
	}
	ctx, cancel := recording(r)
	defer cancel()
	stream, err := f.paid(ctx, id)
	if err != nil {
		return err
	}
	made, err := f.ledger.ConfirmRefund(ctx, stream, confirm, w.command())
	if err != nil {
		return err
	}
	return writeRefund(w, id, made, false)
}

// remove records that a refund is not sent.
func (f refundRoutes) remove(w *call, r *http.Request) error {
	id, refund, err := namedRefund(r)
	if err != nil {
		return err
	}
	ctx, cancel := recording(r)
	defer cancel()
	stream, err := f.paid(ctx, id)
	if err != nil {
		return err
	}
	made, err := f.ledger.WithdrawRefund(ctx, stream, review.Withdraw{Refund: refund}, w.command())
	if err != nil {
		return err
	}
	return writeRefund(w, id, made, false)
}

// paid returns the stream of the payment of an order, which has its refunds.
func (f refundRoutes) paid(ctx context.Context, id order.ID) (eventstore.StreamName, error) {
	stream, err := f.ledger.PaidStream(ctx, id)
	if errors.Is(err, review.ErrImpossible) {
		return "", review.ErrNoItem // an order that no payment has settled has no refunds
	}
	return stream, err
}

// namedRefund returns the order and the refund in the path.
func namedRefund(r *http.Request) (id order.ID, refund string, err error) {
	if id, err = namedOrder(r); err != nil {
		return "", "", err
	}
	refund, err = plainSegment(r, "refund")
	return id, refund, err
}

// confirmation reads what a person says of a refund that was sent elsewhere.
func confirmation(r *http.Request, refund string) (review.Confirm, error) {
	var request sentRequest
	if err := readRequest(r, &request, sentExample); err != nil {
		return review.Confirm{}, err
	}
	if ident.Check(request.Reference) != nil || request.SentAt.IsZero() {
		return review.Confirm{}, badRequest.problem("The body is "+sentExample+". A reference has 1 to 128 bytes of UTF-8 without control characters.", nil)
	}
	return review.Confirm{Refund: refund, Reference: request.Reference, SentAt: request.SentAt.UTC()}, nil
}

// sent records that a person has sent the refund of an item elsewhere.
func (v reviewRoutes) sent(w *call, r *http.Request) error {
	confirm, err := confirmation(r, "")
	if err != nil {
		return err
	}
	id, stream, err := v.find(w, r)
	if err != nil {
		return err
	}
	confirm.Refund = id
	ctx, cancel := recording(r)
	defer cancel()
	made, err := v.ledger.ConfirmRefund(ctx, stream, confirm, w.command())
	if err != nil {
		return err
	}
	return writeRefund(w, "", made, false)
}

// withdraw records that the refund of an item is not sent.
func (v reviewRoutes) withdraw(w *call, r *http.Request) error {
	id, stream, err := v.find(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := recording(r)
	defer cancel()
	made, err := v.ledger.WithdrawRefund(ctx, stream, review.Withdraw{Refund: id}, w.command())
	if err != nil {
		return err
	}
	return writeRefund(w, "", made, false)
}
