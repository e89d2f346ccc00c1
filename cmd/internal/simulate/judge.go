package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"
)

// Judgement says whether everybody has exactly what was paid.
type Judgement struct {
	Users       int
	Position    uint64 // of the log that the balances are at least from
	Different   int    // users that have anything else
	Differences []string
}

// readers bounds how many balances are read at once.
const readers = 16

// readPatience bounds the wait for a read model that is behind or away.
const readPatience = time.Minute

// Judge reads what users have, from a read model that has reached a position,
// and compares it with what they must have.
func Judge(ctx context.Context, target Target, accounts []Account, position uint64) (Judgement, error) {
	c := newClient(target, readers)
	defer c.close()
	judgement := Judgement{Users: len(accounts), Position: position}
	var mu sync.Mutex // guards judgement
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(readers)
	for _, account := range accounts {
		if ctx.Err() != nil {
			break
		}
		reading.Go(func() error {
			balances, err := c.awaitBalances(ctx, account.User, position)
			if err != nil {
				return fmt.Errorf("read what %s has: %w", account.User, err)
			}
			differences := account.compare(balances)
			if len(differences) == 0 {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			judgement.Different++
			if len(judgement.Differences) < maxListed {
				judgement.Differences = append(judgement.Differences, differences...)
			}
			return nil
		})
	}
	err := reading.Wait()
	slices.Sort(judgement.Differences)
	return judgement, err
}

// balance is one currency of a user.
type balance struct {
	Currency  string `json:"currency"`
	Available string `json:"available"`
	Pending   string `json:"pending"`
}

// awaitBalances asks again as long as the read model has not reached the
// position.
func (c *client) awaitBalances(ctx context.Context, user string, position uint64) ([]balance, error) {
	for deadline := time.Now().Add(readPatience); ; {
		a, err := c.balances(ctx, user, strconv.FormatUint(position, 10))
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && a.status == http.StatusOK:
			return parseBalances(a.body)
		case err == nil && !isTransient(a.status):
			return nil, fmt.Errorf("the answer is %w", refusedRead(a))
		case time.Now().After(deadline):
			return nil, fmt.Errorf("%w, for %s. Look at the server's log and at /readyz/reads", failed(a, err), readPatience)
		}
		if err := sleep(ctx, a.pause()); err != nil {
			return nil, err
		}
	}
}

// pause is how long the server asks to wait, within reason.
func (a answer) pause() time.Duration {
	seconds, _ := strconv.Atoi(a.retryAfter)
	return time.Duration(min(max(seconds, 0), 5))*time.Second + 100*time.Millisecond
}

func parseBalances(body []byte) ([]balance, error) {
	var said struct {
		Balances []balance `json:"balances"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Balances == nil {
		return nil, errors.New("the answer has no balances: is this address a daybook's?")
	}
	return said.Balances, nil
}

// compare returns a line for each currency in which a user has something else
// than he must have. Nothing may be pending: every payment was verified when it
// was acknowledged.
func (a Account) compare(balances []balance) []string {
	var differences []string
	seen := map[string]bool{}
	for _, b := range balances {
		seen[b.Currency] = true
		if r := a.Has[b.Currency]; !r.contains(b.Available) {
			differences = append(differences, fmt.Sprintf("%s has %s %s and must have %s", a.User, b.Available, b.Currency, r))
		}
		if !(Range{}).contains(b.Pending) {
			differences = append(differences, fmt.Sprintf("%s has %s %s pending and must have none", a.User, b.Pending, b.Currency))
		}
	}
	for _, currency := range currencies(a.Has) {
		if r := a.Has[currency]; !seen[currency] && r.Least > 0 {
			differences = append(differences, fmt.Sprintf("%s has no %s and must have %s", a.User, currency, r))
		}
	}
	return differences
}

// contains reports whether decimal text is an amount of the range.
func (r Range) contains(text string) bool {
	if strings.ContainsAny(text, "eE") {
		return false // nobody writes money so
	}
	amount, _, err := apd.NewFromString(text)
	if err != nil || amount.Form != apd.Finite {
		return false
	}
	return amount.Cmp(apd.New(r.Least, -2)) >= 0 && amount.Cmp(apd.New(r.Most, -2)) <= 0
}

// String writes hundredths as units.
func (r Range) String() string {
	least := apd.New(r.Least, -2).Text('f')
	if r.Least == r.Most {
		return least
	}
	return least + " to " + apd.New(r.Most, -2).Text('f')
}
