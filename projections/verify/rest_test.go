package verify

import (
	"fmt"
	"strings"
	"testing"

	"daybook/projections/redistest"
)

// TestEventsBehindTheModelsAreProved has a model that ends before two events of
// which one has lost its evidence, and the other its credit.
func TestEventsBehindTheModelsAreProved(t *testing.T) {
	l := newEvidentLog()
	l.sliceLog[0].Metadata = []byte(`{}`)
	l.add("address-A", "AddressRegistered", `{"user":"u1"}`, "website:shop", nil)
	s := fill(t, redistest.Start(t), "{rest}", l.sliceLog, 10)
	l.add("address-B", "DepositHeld", `{"hold":"ID","payment":"q","arrived":false,"contradiction":false,"reason":"no-user"}`, "callback:coinbase", nil)
	l.add("address-A", "DepositReceived", `{"payment":"p","user":"u1",`+bitcoin+`}`, "callback:coinbase", kept(one))
	options := s.options(l.sliceLog)
	options.Readers = map[string]Reader{"f": deposits{}}
	report, err := Run(t.Context(), options)
	if err != nil || report.Count > 0 {
		t.Fatalf("%s; error %v", list(report), err)
	}
	text := fmt.Sprint(report.Evidence.Differences)
	if report.Evidence.Count != 2 || !strings.Contains(text, "it has no evidence") || !strings.Contains(text, "is credited by no event behind it") {
		t.Errorf("%d differences: %s", report.Evidence.Count, text)
	}
}
