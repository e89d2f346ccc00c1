package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook/cmd/internal/simulate"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver takes callbacks and knows no balances but those that it is told.
type receiver struct {
	t        *testing.T
	callback func(w http.ResponseWriter, body string)
	balances func(user string) string // members of the array; none if nil

	mu     sync.Mutex
	bodies []string // of callbacks, without the one of "Test Now"
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if user, ok := strings.CutPrefix(request.URL.Path, "/balances/"); ok {
		members := ""
		if r.balances != nil {
			members = r.balances(user)
		}
		fmt.Fprintf(w, `{"user":%q,"balances":[%s],"position":"9"}`, user, members)
		return
	}
	content, err := io.ReadAll(request.Body)
	if err != nil {
		r.t.Errorf("read a callback: %v", err)
	}
	body := string(content)
	if !strings.Contains(body, `"id":null`) {
		r.mu.Lock()
		r.bodies = append(r.bodies, body)
		r.mu.Unlock()
	}
	if r.callback != nil {
		r.callback(w, body)
		return
	}
	fmt.Fprint(w, `{"outcome":"recorded","position":"9"}`)
}

// against makes a simulation against a receiver.
func (r *receiver) against(t *testing.T, s simulate.Settings) *simulate.Simulation {
	t.Helper()
	r.t = t
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &simulate.Simulation{
		Plan: newPlan(t, s), Connections: 4, Speed: 1e6,
		Target: simulate.Target{Callbacks: base, Balances: base, Secret: "s", Token: "t"},
	}
}

// paid answers what a plan's users must have.
func paid(s *simulate.Simulation) func(string) string {
	has := map[string]string{}
	for _, account := range s.Plan.Expected(simulate.Complete) {
		has[account.User] = members(account)
	}
	return func(user string) string { return has[user] }
}

// members writes what an account has, as an answer has it.
func members(account simulate.Account) string {
	var members []string
	for currency, r := range account.Has {
		members = append(members, fmt.Sprintf(`{"currency":%q,"available":%q,"pending":"0.00"}`, currency, r))
	}
	return strings.Join(members, ",")
}

func TestEveryLostAnswerIsSentAgainWithTheSameBytes(t *testing.T) {
	r := &receiver{}
	s := r.against(t, simulate.Settings{Seed: 3, Orders: 200, Users: 3, Lost: 0.5})
	r.balances = paid(s)
	report, err := s.Run(t.Context())
	if err != nil || report.Err() != nil {
		t.Fatal(err, report.Err())
	}
	want := map[string]int{}
	thrown := 0
	for d := range deliveries(s.Plan) {
		want[string(d.Body)] = len(d.Losses) + 1
		for _, loss := range d.Losses {
			if loss == simulate.Thrown {
				thrown++
			}
		}
	}
	got := map[string]int{}
	for _, body := range r.bodies {
		got[body]++
	}
	for body, times := range want {
		// What is cut off may end before the receiver has read it.
		if got[body] < 1 || got[body] > times {
			t.Errorf("%s\narrived %d times of %d", body, got[body], times)
		}
	}
	c := report.Counts
	if c.Callbacks != 200 || c.Orders != 200 || c.Thrown != int64(thrown) || c.Cut == 0 || c.Requests != c.Callbacks+c.Thrown+c.Cut {
		t.Errorf("counted are %+v", c)
	}
}

func TestTheScheduleIsCoinbases(t *testing.T) {
	var all time.Duration
	for n := range simulate.Retries {
		all += simulate.Delay(n, 1)
	}
	if simulate.Delay(0, 1) != time.Second || simulate.Delay(3, 1) != 64*time.Second || all != 1_398_101*time.Second {
		t.Errorf("the schedule begins with %s and has %s", simulate.Delay(0, 1), all)
	}
	if got := simulate.Delay(2, 1000); got != 16*time.Millisecond {
		t.Errorf("on a clock of a thousand times the speed, 16 s are %s", got)
	}
}

func TestACallbackThatIsNeverAcknowledgedIsGivenUp(t *testing.T) {
	r := &receiver{callback: func(w http.ResponseWriter, body string) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}}
	s := r.against(t, simulate.Settings{Seed: 1, Orders: 50, Users: 1})
	s.Connections = 1
	report, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), "0 of 50 orders were sent") || !strings.Contains(err.Error(), "503") {
		t.Errorf("it ends with %v", err)
	}
	if len(r.bodies) != simulate.Retries+1 {
		t.Errorf("it was sent %d times", len(r.bodies))
	}
}

func TestOnlyExactly200IsAnAcknowledgement(t *testing.T) {
	for _, status := range []int{201, 204, 301, 400, 401, 403, 404} {
		r := &receiver{callback: func(w http.ResponseWriter, body string) {
			if strings.Contains(body, `"id":null`) {
				return // before the server was set otherwise
			}
			w.Header().Set("Location", "https://elsewhere/?secret=s3cr3t")
			w.WriteHeader(status)
		}}
		s := r.against(t, simulate.Settings{Seed: 1, Orders: 500, Users: 1})
		report, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var refused *simulate.RefusedError
		if !errors.As(report.Stopped, &refused) || refused.Status != status || strings.Contains(report.Stopped.Error(), "s3cr3t") {
			t.Errorf("after %d it stops with %v", status, report.Stopped)
		}
		if len(r.bodies) > s.Connections {
			t.Errorf("after %d there were %d callbacks", status, len(r.bodies))
		}
	}
}

func TestARefusalBeforeTheFirstCallbackSendsNone(t *testing.T) {
	requests := 0
	r := &receiver{callback: func(w http.ResponseWriter, body string) {
		requests++
		w.WriteHeader(http.StatusUnauthorized)
	}}
	_, err := r.against(t, simulate.Settings{Seed: 1, Orders: 500, Users: 1}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "DAYBOOK_CALLBACK_SECRETS") || requests != 1 || len(r.bodies) != 0 {
		t.Errorf("after %d requests it ends with %v", requests, err)
	}
}

func TestAnInterruptionFinishesWhatWasBegunAndJudgesIt(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var mu sync.Mutex
	arrived := map[string]bool{}
	r := &receiver{}
	r.callback = func(w http.ResponseWriter, body string) {
		mu.Lock()
		arrived[body] = !strings.Contains(body, `"id":null`)
		if len(arrived) == 30 {
			interrupt()
		}
		mu.Unlock()
		fmt.Fprint(w, `{"outcome":"recorded","position":"9"}`)
	}
	s := r.against(t, simulate.Settings{Seed: 1, Orders: 10_000, Users: 1, Lost: 0.3})
	r.balances = func(user string) string {
		mu.Lock()
		defer mu.Unlock()
		number := map[string]int{}
		for d := range deliveries(s.Plan) {
			number[string(d.Body)] = d.Order
		}
		paid := map[int]bool{}
		for body, isOrder := range arrived {
			if isOrder {
				paid[number[body]] = true
			}
		}
		accounts := s.Plan.Expected(func(order int) simulate.Standing {
			if paid[order] {
				return simulate.Acknowledged
			}
			return simulate.Untouched
		})
		return members(accounts[slices.IndexFunc(accounts, func(a simulate.Account) bool { return a.User == user })])
	}
	report, err := s.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if report.Counts.Orders >= 10_000 || report.Judgement == nil || report.Judgement.Different != 0 {
		t.Errorf("after %d orders the judgement is %+v", report.Counts.Orders, report.Judgement)
	}
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("it ends with %v", err)
	}
}
