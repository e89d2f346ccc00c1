package simulate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"daybook/cmd/internal/simulate"
)

func TestEveryDifferenceIsFound(t *testing.T) {
	for name, balance := range map[string]string{
		"a cent less":       `{"currency":"USD","available":"%s","pending":"0.00"}`,
		"an exponent":       `{"currency":"USD","available":"1E2","pending":"0.00"}`,
		"not a number":      `{"currency":"USD","available":"NaN","pending":"0.00"}`,
		"something pending": `{"currency":"USD","available":"%[2]s","pending":"0.01"}`,
		"another currency":  `{"currency":"USD","available":"%[2]s","pending":"0.00"},{"currency":"BTC","available":"0.00000001","pending":"0.00000000"}`,
		"nothing":           ``,
	} {
		r := &receiver{}
		s := r.against(t, simulate.Settings{Seed: 1, Orders: 1, Users: 1})
		want := s.Plan.Expected(simulate.Complete)[0].Has["USD"]
		less := simulate.Range{Least: want.Least - 1, Most: want.Least - 1}
		r.balances = func(user string) string {
			if user != s.Plan.User(0) || balance == "" {
				return ""
			}
			return fmt.Sprintf(balance+"%.0[1]s%.0[2]s", less, want) // not every form has both
		}
		report, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		_ = report.Write(&text)
		if report.Err() == nil || !strings.Contains(text.String(), s.Plan.User(0)+" has") {
			t.Errorf("%s ends with %v and\n%s", name, report.Err(), &text)
		}
	}
}

func TestTheJudgeWaitsForTheReadModel(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("min_position") != "42" || r.Header.Get("Authorization") != "Bearer t" {
			t.Errorf("asked for %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, `{"balances":[{"currency":"USD","available":"0.07","pending":"0.00"}]}`)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	judgement, err := simulate.Judge(t.Context(), simulate.Target{Callbacks: base, Balances: base, Token: "t"},
		[]simulate.Account{{User: "a b", Has: map[string]simulate.Range{"USD": {Least: 7, Most: 7}}}}, 42)
	if err != nil || judgement.Different != 0 || asked != 3 {
		t.Errorf("after %d questions the judgement is %+v, %v", asked, judgement, err)
	}
}

func TestAContradictionThatIsNotHeldIsReported(t *testing.T) {
	r := &receiver{}
	s := r.against(t, simulate.Settings{Seed: 1, Orders: 10, Users: 1, Contradicted: 1})
	r.balances = paid(s)
	report, err := s.Run(t.Context())
	if err != nil || report.Err() == nil || len(report.Surprises) != 10 {
		t.Errorf("it ends with %v, %v: %q", err, report.Err(), report.Surprises)
	}
}

func TestProgressIsABarOnATerminalAndLinesElsewhere(t *testing.T) {
	for terminal, want := range map[bool]string{true: "(7/10", false: "7 of 10 orders"} {
		var text strings.Builder
		stop := simulate.ShowProgress(&text, terminal, 10)(func() simulate.Counts { return simulate.Counts{Orders: 7} })
		stop()
		if !strings.Contains(text.String(), want) {
			t.Errorf("terminal %v shows %q", terminal, &text)
		}
	}
}
