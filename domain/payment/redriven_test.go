package payment

import "testing"

// TestWhatWasReadAgainCreditsNothing judges the same claim as a report and as one
// that a process has read again, on every standing that short histories come to.
func TestWhatWasReadAgainCreditsNothing(t *testing.T) {
	ten := usd(t, "10.00")
	claims := []Claim{
		{User: "u1", Amount: ten, Sufficient: true},
		{User: "u1", Amount: ten},
		{User: "u2", Amount: ten, Sufficient: true},
		{Amount: ten, Problem: NoUser, Sufficient: true},
		{Amount: ten, Problem: Unregistered, Sufficient: true},
		{User: "u1", Amount: ten, Problem: UnknownEvent, Unproven: true, Sufficient: true},
	}
	for _, again := range claims {
		again.Redriven = true
		claims = append(claims, again)
	}
	var play func(s Standing, depth int)
	play = func(s Standing, depth int) {
		for _, c := range claims {
			after, v := reported(s, c, len(s.Holds))
			if c.Redriven {
				if v.Action == Credit || v.Action == Verify || v.Reason == NoUser || v.Reason == Unregistered {
					t.Fatalf("%+v on %+v is %+v", c, s, v)
				}
				if second := after.Judge(c); second.Action != Ignore {
					t.Fatalf("the second time %+v on %+v is %+v", c, after, second)
				}
			}
			if depth > 0 {
				play(after, depth-1)
			}
		}
	}
	play(Standing{}, 2)
}

// TestAGenuineReportCreditsWhatWasReadAgain closes the hold of a redriven report.
func TestAGenuineReportCreditsWhatWasReadAgain(t *testing.T) {
	ten := usd(t, "10.00")
	c := Claim{User: "u1", Amount: ten, Sufficient: true, Redriven: true}
	s, v := reported(Standing{}, c, 0)
	if v.Action != Hold || v.Reason != Redriven || !v.Arrived {
		t.Fatalf("%+v", v)
	}
	c.Redriven = false
	if v := s.Judge(c); v.Action != Credit || len(v.Closes) != 1 || v.Closes[0].Reason != Redriven {
		t.Errorf("%+v", v)
	}
}
