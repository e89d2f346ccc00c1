package hook0_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"daybook/http/callback/hook0"
)

func TestHeadersAreReadOnlyIfTheyAreCovered(t *testing.T) {
	h := delivery(t, func(h http.Header) { h.Set("X-Other", "e-2") })
	proof, err := secrets(t, secret).Verify(h, []byte(body), moment)
	if err != nil || proof.Scheme != hook0.V1 || !proof.Time.Equal(moment) {
		t.Fatalf("%+v, %v", proof, err)
	}
	if got := strings.Join(proof.Covered(), " "); got != "content-type x-event-id x-event-type" {
		t.Errorf("covered are %s", got)
	}
	if id, covered := proof.Value("X-Event-Id"); id != "e-1" || !covered {
		t.Errorf("the event id is %q, covered: %v", id, covered)
	}
	if other, covered := proof.Value("X-Other"); other != "" || covered {
		t.Errorf("a header that is not covered reads as %q", other)
	}
	h = delivery(t, without("v1=")) // h remains, and covers nothing
	proof, err = secrets(t, secret).Verify(h, []byte(body), moment)
	if err != nil || proof.Scheme != hook0.V0 || len(proof.Covered()) != 0 {
		t.Fatalf("%+v, %v", proof, err)
	}
	if id, covered := proof.Value("X-Event-Id"); id != "" || covered {
		t.Errorf("under v0 the event id reads as %q", id)
	}
}

func TestSecretsRotateAndAnEmptyOneVerifiesNothing(t *testing.T) {
	h := delivery(t)
	for _, live := range [][]string{{secret, "next"}, {"last", secret}} {
		if _, err := secrets(t, live...).Verify(h, []byte(body), moment); err != nil {
			t.Errorf("among %d: %v", len(live), err)
		}
	}
	if _, err := secrets(t, "last").Verify(h, []byte(body), moment); !errors.Is(err, hook0.ErrMismatch) {
		t.Errorf("a retired secret: %v", err)
	}
	if _, err := (hook0.Secrets{}).Verify(h, []byte(body), moment); !errors.Is(err, hook0.ErrMismatch) {
		t.Errorf("no secret: %v", err)
	}
	for _, none := range [][]string{nil, {""}, {secret, ""}} {
		if _, err := hook0.NewSecrets(none); err == nil {
			t.Errorf("%d secrets, one of them empty, are accepted", len(none))
		}
	}
	if _, err := hook0.Sign("", moment, nil, nil); err == nil {
		t.Error("an empty secret signs")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, secrets(t, secret)); strings.Contains(text, secret) || strings.Contains(text, "119 104") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
