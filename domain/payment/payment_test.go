package payment

import (
	"fmt"
	"maps"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/money"
)

func usd(t testing.TB, decimal string) money.Amount {
	t.Helper()
	a, err := money.Parse("USD", decimal)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestJudge(t *testing.T) {
	var (
		none   Standing
		ten    = usd(t, "10.00")
		eleven = usd(t, "11.00")
		minus  = usd(t, "-10.00")
		euros  = must(money.Parse("EUR", "10.00"))

		paid       = Claim{User: "u1", Amount: ten, Sufficient: true}
		unproved   = Claim{User: "u1", Amount: ten}
		nobody     = Claim{Amount: ten, Problem: NoUser, Sufficient: true}
		unusable   = Claim{Amount: ten, Problem: UnusableUser, Sufficient: true}
		unreadable = Claim{User: "u1", Problem: UnreadableAmount, Sufficient: true}
		doubtful   = Claim{User: "u1", Amount: ten, Problem: StatusDisagrees, Unproven: true, Sufficient: true}
		other      = Claim{User: "u1", Amount: eleven, Sufficient: true}
		otherUser  = Claim{User: "u2", Amount: ten, Sufficient: true}

		arrived      = HeldReport{ID: "h1", Amount: ten, Reason: NoUser, Arrived: true}
		dismissed    = HeldReport{ID: "h1", Amount: ten, Reason: NoUser, Arrived: true, Closed: true}
		bad          = HeldReport{ID: "h1", Amount: ten, Reason: UnusableUser, Arrived: true}
		unread       = HeldReport{ID: "h2", User: "u1", Reason: UnreadableAmount}
		doubt        = HeldReport{ID: "h3", User: "u1", Amount: ten, Reason: StatusDisagrees}
		contradicted = HeldReport{ID: "h4", User: "u1", Amount: eleven, Reason: Contradiction, Contradiction: true}

		received = none.Receive("u1", ten)
		credited = none.Credit("u1", ten)
		refuted  = received.Refute()

		nothing    = Verdict{Action: Ignore}
		contradict = Verdict{Action: Hold, Reason: Contradiction, Contradiction: true}
	)
	for _, test := range []struct {
		name  string
		given Standing
		claim Claim
		want  Verdict
	}{
		{"the first report with sufficient evidence is credited", none, paid, Verdict{Action: Credit}},
		{"without sufficient evidence it is received", none, unproved, Verdict{Action: Receive}},
		{"without a user it is held, and the money is in", none, nobody, Verdict{Action: Hold, Reason: NoUser, Arrived: true}},
		{"with an unusable user it is held, and the money is in", none, unusable, Verdict{Action: Hold, Reason: UnusableUser, Arrived: true}},
		{"an unreadable amount has not arrived", none, unreadable, Verdict{Action: Hold, Reason: UnreadableAmount}},
		{"what is in doubt has not arrived", none, doubtful, Verdict{Action: Hold, Reason: StatusDisagrees}},
		{"an amount below zero has not arrived", none, Claim{Amount: minus, Problem: NoUser, Sufficient: true}, Verdict{Action: Hold, Reason: NoUser}},

		{"a held report again is nothing", none.Hold(arrived), nobody, nothing},
		{"an unusable user again is nothing", none.Hold(bad), unusable, nothing},
		{"an unreadable amount again is nothing", none.Hold(unread), unreadable, nothing},
		{"a doubtful report again is nothing", none.Hold(doubt), doubtful, nothing},
		{"another problem of money that is in is nothing", none.Hold(arrived), unusable, nothing},
		{"a doubtful report of money that is in is nothing", none.Hold(arrived), doubtful, nothing},
		{"another doubt is held too", none.Hold(doubt), Claim{User: "u1", Amount: ten, Problem: UnknownEvent, Unproven: true}, Verdict{Action: Hold, Reason: UnknownEvent}},
		{"money that arrives after a doubt is held too", none.Hold(doubt), nobody, Verdict{Action: Hold, Reason: NoUser, Arrived: true}},
		{"the user of a held payment becomes known", none.Hold(arrived), paid, Verdict{Action: Credit, Closes: []HeldReport{arrived}}},
		{"the user of a held payment becomes known without sufficient evidence", none.Hold(arrived), unproved, Verdict{Action: Receive}},
		{"an unreadable amount becomes readable", none.Hold(unread), paid, Verdict{Action: Credit, Closes: []HeldReport{unread}}},
		{"a credit closes all holds but contradictions", none.Hold(arrived).Hold(unread).Hold(contradicted), paid, Verdict{Action: Credit, Closes: []HeldReport{arrived, unread}}},
		{"another amount than that which is in is held", none.Hold(arrived), other, contradict},
		{"an unreadable amount after a readable one is held", none.Hold(arrived), unreadable, contradict},
		{"a dismissed payment is not credited by a report", none.Hold(dismissed), paid, nothing},
		{"a dismissed payment with another amount is held", none.Hold(dismissed), other, contradict},

		{"a received payment again is nothing", received, unproved, nothing},
		{"sufficient evidence verifies a received payment", received, paid, Verdict{Action: Verify}},
		{"verifying closes holds", none.Hold(arrived).Receive("u1", ten), paid, Verdict{Action: Verify, Closes: []HeldReport{arrived}}},
		{"a report without user does not verify", received, nobody, nothing},
		{"a doubtful report does not verify", received, doubtful, nothing},
		{"another amount of a received payment is held", received, other, contradict},

		{"a credited payment again is nothing", credited, paid, nothing},
		{"a credited payment without sufficient evidence is nothing", credited, unproved, nothing},
		{"a credited payment without user is nothing", credited, nobody, nothing},
		{"a credited payment in doubt is nothing", credited, doubtful, nothing},
		{"another amount is held", credited, other, contradict},
		{"another currency is held", credited, Claim{User: "u1", Amount: euros, Sufficient: true}, contradict},
		{"another user is held", credited, otherUser, contradict},
		{"an unusable user is held", credited, unusable, contradict},
		{"an unreadable amount of a credited payment is held", credited, unreadable, contradict},
		{"an amount below zero is held", credited, Claim{User: "u1", Amount: minus, Problem: UnreadableAmount, Sufficient: true}, contradict},
		{"a contradiction again is nothing", credited.Hold(contradicted), other, nothing},
		{"another contradiction is held", credited.Hold(contradicted), otherUser, contradict},
		{"a contradiction that a person closed is not held again", credited.Hold(contradicted).Close("h4"), other, nothing},

		{"a refuted payment without sufficient evidence is nothing", refuted, unproved, nothing},
		{"sufficient evidence for a refuted payment is held", refuted, paid, contradict},
		{"sufficient evidence for a refuted payment again is nothing",
			refuted.Hold(HeldReport{ID: "h5", User: "u1", Amount: ten, Reason: Contradiction, Contradiction: true}), paid, nothing},

		{"a released payment again is nothing", none.Hold(arrived).Release("d1", "h1", "u1", ten, money.Amount{}, nil), paid, nothing},
		{"a released payment for another user is held", none.Hold(arrived).Release("d1", "h1", "u1", ten, money.Amount{}, nil), otherUser, contradict},
		{"after a released contradiction the first facts are nothing", credited.Hold(contradicted).Release("d1", "h4", "u1", usd(t, "1.00"), money.Amount{}, nil), paid, nothing},
		{"after a released contradiction its own facts are nothing", credited.Hold(contradicted).Release("d1", "h4", "u1", usd(t, "1.00"), money.Amount{}, nil), other, nothing},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.given.Judge(test.claim); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestReleaseSettlesTheOtherHolds(t *testing.T) {
	ten := usd(t, "10.00")
	s := Standing{}.
		Hold(HeldReport{ID: "arrived", Amount: ten, Reason: NoUser, Arrived: true}).
		Hold(HeldReport{ID: "unread", Reason: UnreadableAmount}).
		Hold(HeldReport{ID: "other", Amount: usd(t, "11.00"), Reason: Contradiction, Contradiction: true}).
		Release("d1", "unread", "u1", ten, money.Amount{}, nil)
	for _, h := range s.Holds {
		if h.Closed == h.Contradiction {
			t.Errorf("the hold %s is closed: %v", h.ID, h.Closed)
		}
	}
	if !s.Verified || s.User != "u1" || s.Amount != ten {
		t.Errorf("got %+v, want ten dollars of u1", s)
	}
}

func TestEvolvingLeavesTheOldStandingAlone(t *testing.T) {
	before := Standing{}.Hold(HeldReport{ID: "h1", Reason: NoUser})
	before.Hold(HeldReport{ID: "h2"})
	before.Close("h1")
	before.Credit("u1", usd(t, "10.00"))
	before.Release("d1", "h1", "u1", usd(t, "10.00"), money.Amount{}, nil)
	if want := (Standing{}).Hold(HeldReport{ID: "h1", Reason: NoUser}); !reflect.DeepEqual(before, want) {
		t.Errorf("got %+v, want %+v", before, want)
	}
}

func TestStandingsAreWhatWasPutUnderTheirKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all Standings
		want := make(map[string]Standing)
		var old Standings
		var wantOld map[string]Standing
		keys := rapid.SampledFrom([]string{"", "a", "b", "c"})
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "clone") {
				old, wantOld = all, maps.Clone(want)
				all = all.Clone()
			}
			key := keys.Draw(t, "key")
			s := Standing{User: fmt.Sprint(i)}
			all, want[key] = all.With(key, s), s
			for _, key := range []string{"", "a", "b", "c"} {
				if !reflect.DeepEqual(all.Of(key), want[key]) || !reflect.DeepEqual(old.Of(key), wantOld[key]) {
					t.Fatalf("%q: got %+v and before %+v, want %+v and %+v", key, all.Of(key), old.Of(key), want[key], wantOld[key])
				}
			}
		}
	})
}

func TestTooMany(t *testing.T) {
	var all Standings
	for i := range Max {
		all = all.With(fmt.Sprint(i), Standing{})
	}
	if all.TooMany() {
		t.Errorf("%d payments are too many", Max)
	}
	if !all.With("one more", Standing{}).TooMany() {
		t.Errorf("%d payments are not too many", Max+1)
	}
	full := Standing{Holds: make([]HeldReport, Max)}
	for _, others := range []Standings{{}, Standings{}.With("another", Standing{})} {
		if others.Clone().With("p", full).TooMany() {
			t.Errorf("%d holds are too many", Max)
		}
		if !others.Clone().With("p", full.Hold(HeldReport{})).TooMany() {
			t.Errorf("%d holds are not too many", Max+1)
		}
	}
}

// reported is what an aggregate does with a claim: judge it, and evolve.
func reported(s Standing, c Claim, id int) (Standing, Verdict) {
	v := s.Judge(c)
	switch v.Action {
	case Hold:
		s = s.Hold(HeldReport{ID: fmt.Sprint(id), User: c.User, Amount: c.Amount, Reason: v.Reason, Arrived: v.Arrived, Contradiction: v.Contradiction})
	case Receive:
		s = s.Receive(c.User, c.Amount)
	case Credit:
		s = s.Credit(c.User, c.Amount)
	case Verify:
		s = s.Credit(s.User, s.Amount)
	case Ignore:
	}
	return s, v
}

// agreeing generates claims about one payment that do not disagree: some lack
// the user, some prove nothing.
func agreeing(user string, amount money.Amount) *rapid.Generator[Claim] {
	return rapid.Custom(func(t *rapid.T) Claim {
		c := Claim{User: user, Amount: amount, Sufficient: rapid.Bool().Draw(t, "sufficient")}
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			c.User, c.Problem = "", NoUser
		case 1:
			c.User, c.Problem = "", Unregistered
		case 2:
			c.Problem, c.Unproven = StatusDisagrees, true
		}
		return c
	})
}

func TestAgreeingClaimsComeToTheSameCreditInAnyOrder(t *testing.T) {
	ten := usd(t, "10.00")
	rapid.Check(t, func(t *rapid.T) {
		claims := rapid.SliceOfN(agreeing("u1", ten), 1, 6).Draw(t, "claims")
		complete := false
		for _, c := range claims {
			complete = complete || c.Problem == "" && c.Sufficient
		}
		order := rapid.Permutation(append(claims, claims...)).Draw(t, "order")
		var s Standing
		credits := 0
		for i, c := range order {
			var v Verdict
			s, v = reported(s, c, i)
			if v.Contradiction {
				t.Fatalf("claim %d, %+v, is held as a contradiction", i, c)
			}
			if v.Action == Credit || v.Action == Verify {
				credits++
			}
		}
		if s.Verified != complete || complete && (credits != 1 || s.User != "u1" || s.Amount != ten) {
			t.Fatalf("%d credits, %+v; a complete claim was among them: %v", credits, s, complete)
		}
		for _, h := range s.Holds {
			if complete && !h.Closed {
				t.Fatalf("hold %+v is open although the payment is credited", h)
			}
		}
	})
}

func TestWhateverIsClaimedThereIsOneCredit(t *testing.T) {
	amounts := []money.Amount{{}, usd(t, "10.00"), usd(t, "11.00"), usd(t, "-1.00"), must(money.Parse("EUR", "10.00"))}
	claim := rapid.Custom(func(t *rapid.T) Claim {
		c := Claim{
			User:       rapid.SampledFrom([]string{"", "u1", "u2"}).Draw(t, "user"),
			Amount:     rapid.SampledFrom(amounts).Draw(t, "amount"),
			Sufficient: rapid.Bool().Draw(t, "sufficient"),
			Unproven:   rapid.Bool().Draw(t, "unproven"),
		}
		switch {
		case c.Unproven:
			c.Problem = StatusDisagrees
		case !Readable(c.Amount):
			c.Problem = UnreadableAmount
		case c.User == "":
			c.Problem = rapid.SampledFrom([]Reason{NoUser, UnusableUser, Unregistered}).Draw(t, "problem")
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		var s Standing
		credits, arrived := 0, 0
		for i, c := range rapid.SliceOfN(claim, 1, 20).Draw(t, "claims") {
			before := s
			var v Verdict
			s, v = reported(s, c, i)
			switch v.Action {
			case Credit, Verify:
				credits++
			case Hold:
				if again := s.Judge(c); again.Action != Ignore {
					t.Fatalf("claim %d, %+v, is held, and when repeated comes to %+v", i, c, again)
				}
			}
			if v.Arrived {
				arrived++
			}
			if before.Verified && (s.User != before.User || s.Amount != before.Amount) {
				t.Fatalf("claim %d, %+v, changed the credit from %+v to %+v", i, c, before, s)
			}
		}
		if credits > 1 || arrived > 1 || s.Verified && (s.User == "" || s.Amount.Sign() < 0) {
			t.Fatalf("%d credits, %d arrivals, %+v", credits, arrived, s)
		}
	})
}

func must(a money.Amount, err error) money.Amount {
	if err != nil {
		panic(err)
	}
	return a
}

func TestReverseRestoresWhatADecisionHasChanged(t *testing.T) {
	ten := usd(t, "10.00")
	arrived := HeldReport{ID: "h1", Amount: ten, Reason: NoUser, Arrived: true}
	other := HeldReport{ID: "h2", Amount: usd(t, "11.00"), Reason: Contradiction, Contradiction: true}
	before := Standing{}.Hold(arrived)
	for name, decide := range map[string]func(Standing) Standing{
		"release": func(s Standing) Standing { return s.Release("d1", "h1", "u1", ten, money.Amount{}, nil) },
		"dismiss": func(s Standing) Standing { return s.Dismiss("d1", "h1", ten) },
		"nothing": func(s Standing) Standing { return s.Dismiss("d1", "h1", money.Amount{}) },
	} {
		decided := decide(before)
		if reflect.DeepEqual(decided.Holds, before.Holds) {
			t.Errorf("%s changes no hold", name)
		}
		got, want := decided.Hold(other).Reverse("d1"), before.Hold(other)
		got.undo = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	credited := Standing{}.Credit("u1", ten).Hold(other)
	both := credited.Release("d1", "h2", "u2", usd(t, "11.00"), money.Amount{}, nil)
	if got := both.Dismiss("d2", "h2", money.Amount{}).Reverse("d2"); got.Owner != "u2" {
		t.Errorf("the reversal of one decision undoes another: %+v", got)
	}
}

func TestGiveBack(t *testing.T) {
	s, err := Standing{}.GiveBack(usd(t, "3.00"), usd(t, "2.00"))
	if err == nil {
		s, err = s.GiveBack(usd(t, "1.50"), usd(t, "1.00"))
	}
	if err != nil || s.Refunded != usd(t, "4.50") || s.Share != usd(t, "3.00") {
		t.Errorf("got %v of %v, %v", s.Refunded, s.Share, err)
	}
}

// TestAPartThatWentBackIsNotCreditedByRule has a payment in suspense, known before or not,
// of which a part was sent back. A person decides about the rest.
func TestAPartThatWentBackIsNotCreditedByRule(t *testing.T) {
	ten := usd(t, "10.00")
	held := HeldReport{ID: "h1", Amount: ten, Reason: Unregistered, Arrived: true}
	paid := Claim{User: "u1", Amount: ten, Sufficient: true}
	for name, s := range map[string]Standing{"unknown": {}, "received": Standing{}.Receive("", ten)} {
		s = s.Hold(held)
		if got := s.Judge(paid).Action; got != Credit && got != Verify {
			t.Errorf("%s: as it was held, it comes to action %d", name, got)
		}
		s, err := s.GiveBack(usd(t, "3.00"), usd(t, "3.00"))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Judge(paid).Action; got != Ignore {
			t.Errorf("%s: it comes to action %d", name, got)
		}
	}
}
