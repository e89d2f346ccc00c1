package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/orders"

	"github.com/go-json-experiment/json"
)

// heartbeat is how often a stream without changes shows that it is alive. The
// website's proxies and a client that has gone are noticed by it.
const heartbeat = 15 * time.Second

// changes answers with a stream of server-sent events: the order as it is, unless the
// client has seen that, and then as it becomes with each change. An order that is not
// known yet opens the stream, so that a page can wait for its payment.
func (o orderRoutes) changes(w *call, r *http.Request) error {
	name, err := encodedSegment(r, "id")
	if err != nil {
		return err
	}
	id := order.ID(name)
	listening := o.hub.listen(eventstore.StreamName(id.Stream())) // before reading, so that nothing falls between
	defer o.hub.leave(listening)
	minimum, err := await(w, r, o.projection)
	if err != nil {
		return err
	}
	state, err := o.claimed(r.Context(), w, id, minimum)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return err
	}
	s := orderStream{w: w, control: http.NewResponseController(w)}
	s.sent, _ = eventstore.ParsePosition(r.Header.Get("Last-Event-ID")) // any other text is none
	s.begin()
	if r.Method == http.MethodHead {
		return nil
	}
	if err := s.send(state); err != nil {
		return err
	}
	return o.follow(r.Context(), &s, id, listening.news)
}

// follow writes changes until the client hangs up or may not read any more, or the
// server stops.
func (o orderRoutes) follow(ctx context.Context, s *orderStream, id order.ID, news <-chan eventstore.Position) error {
	beat := time.NewTicker(o.heartbeat)
	defer beat.Stop()
	for {
		var changed eventstore.Position
		select {
		case <-ctx.Done():
			return nil
		case <-o.hub.ended:
			return nil
		case <-beat.C:
		case changed = <-news:
		}
		if !s.w.allowed() {
			return nil
		}
		if err := o.advance(ctx, s, id, changed); err != nil {
			return err
		}
	}
}

// advance writes the order as of a position, or a heartbeat if there is none.
func (o orderRoutes) advance(ctx context.Context, s *orderStream, id order.ID, changed eventstore.Position) error {
	if changed == 0 {
		return s.write(":\n\n")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	minimum, err := awaitPosition(ctx, o.projection, changed, s.w.wait)
	if err != nil {
		return err
	}
	state, err := o.claimed(ctx, s.w, id, minimum)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return err
	}
	return s.send(state)
}

// orderStream is the stream of one order's changes.
type orderStream struct {
	w       *call
	control *http.ResponseController
	sent    eventstore.Position // of the last event of the order that the client has seen
}

func (s *orderStream) begin() {
	header := s.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events until it has many
	s.w.WriteHeader(http.StatusOK)
}

// send writes the order, unless the client has seen it, and gives back the memory that
// was claimed for it. An order that is not known has no position.
func (s *orderStream) send(state orders.Order) error {
	defer func() {
		s.w.reserved.release()
		s.w.reserved = nil
	}()
	if state.Changed == 0 || state.Changed == s.sent {
		return s.write("")
	}
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode order: %w", err)
	}
	if !s.w.reserved.resize(len(text)) {
		return unreadAnswers(nil)
	}
	s.sent = state.Changed
	return s.write(fmt.Sprintf("id: %s\ndata: %s\n\n", state.Changed, text))
}

// write sends text at once. A client that does not read it is cut off.
func (s *orderStream) write(text string) error {
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
