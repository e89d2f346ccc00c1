package recorder

import (
	"context"
	"fmt"

	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/eventstore"
)

// Registration is what registering an address has come to, also by earlier
// commands: a repetition is answered the same.
type Registration struct {
	Result
	Deposits int          // that had arrived before and were credited for it
	Credited money.Amount // their sum
}

// RegisterAddress records whose deposits arrive at an address, and credits those
// that have waited for that; deposit.ErrOtherUser if they are somebody else's.
// What does not fit into the append of the registration follows in further ones.
// After an error in between, the same call again credits the rest.
func (r *Recorder) RegisterAddress(ctx context.Context, id deposit.ID, user string, c Command) (Registration, error) {
	command := deposit.Register{
		User: user, Sufficient: r.sufficient,
		Evidence: payment.Evidence{Method: CoinbaseCallback, Status: "received"}, // nothing else holds deposits
	}
	for {
		var after deposit.State
		before := 0
		result, err := record(ctx, r.store, eventstore.StreamName(id.Stream()), deposits, c.message(), func(state deposit.State, _ func(int) string) ([]deposit.Event, error) {
			events, err := deposit.DecideRegister(state, command)
			after, before = state, len(state.Credited)
			for _, event := range events {
				after = deposit.Evolve(after, event)
			}
			return events, err
		})
		if err != nil {
			return Registration{}, err
		}
		if len(after.Credited)-before < deposit.MaxCredits {
			return registration(result, after)
		}
	}
}

func registration(result Result, state deposit.State) (Registration, error) {
	r := Registration{Result: result, Deposits: len(state.Credited), Credited: money.Zero(money.BTC)}
	for _, amount := range state.Credited {
		var err error
		if r.Credited, err = r.Credited.Add(amount); err != nil {
			return Registration{}, fmt.Errorf("add up what was credited in %s: %w", result.Stream, err)
		}
	}
	return r, nil
}
