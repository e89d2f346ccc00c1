package hook0_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/http/callback/hook0"
)

var moment = time.Unix(1800000000, 0)

const (
	secret = "whsec-of-the-subscription"
	body   = `{"id":"68f7a946db0529ea9b6d3a12","eventType":"checkout.payment.success"}`
)

// delivery returns the header of a delivery that is signed in full.
func delivery(t testing.TB, change ...func(http.Header)) http.Header {
	t.Helper()
	h := http.Header{"Content-Type": {"application/json"}, "X-Event-Id": {"e-1"}, "X-Event-Type": {"checkout.payment.success"}}
	signature, err := hook0.Sign(secret, moment, h, []byte(body), "content-type", "x-event-id", "x-event-type")
	if err != nil {
		t.Fatal(err)
	}
	h.Set(hook0.Header, signature)
	for _, f := range change {
		f(h)
	}
	return h
}

// edit replaces a part of the signature.
func edit(old, replacement string) func(http.Header) {
	return func(h http.Header) {
		h.Set(hook0.Header, strings.Replace(h.Get(hook0.Header), old, replacement, 1))
	}
}

// without removes the element that begins so.
func without(prefix string) func(http.Header) {
	return func(h http.Header) {
		elements := slices.DeleteFunc(strings.Split(h.Get(hook0.Header), ","), func(e string) bool { return strings.HasPrefix(e, prefix) })
		h.Set(hook0.Header, strings.Join(elements, ","))
	}
}

// upper writes the digits of a code in upper case.
func upper(scheme string) func(http.Header) {
	return func(h http.Header) {
		elements := strings.Split(h.Get(hook0.Header), ",")
		for i, e := range elements {
			if code, ok := strings.CutPrefix(e, scheme+"="); ok {
				elements[i] = scheme + "=" + strings.ToUpper(code)
			}
		}
		h.Set(hook0.Header, strings.Join(elements, ","))
	}
}

func TestOnlyWhatWasSignedIsVerified(t *testing.T) {
	zeros := strings.Repeat("0", 64)
	for _, test := range []struct {
		name   string
		change func(http.Header)
		body   string
		now    time.Time
		want   error
	}{
		{"as it was signed", func(http.Header) {}, body, moment, nil},
		{"five minutes late", func(http.Header) {}, body, moment.Add(hook0.Tolerance), nil},
		{"five minutes early", func(http.Header) {}, body, moment.Add(-hook0.Tolerance), nil},
		{"stale", func(http.Header) {}, body, moment.Add(hook0.Tolerance + 1), hook0.ErrTime},
		{"from the future", func(http.Header) {}, body, moment.Add(-hook0.Tolerance - 1), hook0.ErrTime},
		{"of another time", edit("t=1800000000", "t=1800000001"), body, moment, hook0.ErrMismatch},
		{"a time with leading zeros", edit("t=18", "t=0018"), body, moment, hook0.ErrMismatch},
		{"another body", func(http.Header) {}, strings.Replace(body, "12", "13", 1), moment, hook0.ErrMismatch},
		{"a truncated body", func(http.Header) {}, body[:len(body)-1], moment, hook0.ErrMismatch},
		{"no body", func(http.Header) {}, "", moment, hook0.ErrMismatch},
		{"another value of a covered header", func(h http.Header) { h.Set("X-Event-Id", "e-2") }, body, moment, hook0.ErrMismatch},
		{"another header that is not covered", func(h http.Header) { h.Set("X-Other", "e-2") }, body, moment, nil},
		{"a covered header is missing", func(h http.Header) { h.Del("X-Event-Id") }, body, moment, hook0.ErrNotDelivered},
		{"a covered header came twice", func(h http.Header) { h.Add("X-Event-Id", "e-1") }, body, moment, hook0.ErrNotDelivered},
		{"v1 is wrong, v0 is right", func(h http.Header) { without("v1=")(h); edit(",h=", ",v1="+zeros+",h=")(h) }, body, moment, hook0.ErrMismatch},
		{"v1 is right, v0 is wrong", func(h http.Header) { without("v0=")(h); edit(",h=", ",v0="+zeros+",h=")(h) }, body, moment, nil},
		{"v0 alone", func(h http.Header) { without("v1=")(h); without("h=")(h) }, body, moment, nil},
		{"v1 alone", without("v0="), body, moment, nil},
		{"v1 without its names", without("h="), body, moment, hook0.ErrMalformed},
		{"neither", func(h http.Header) { without("v1=")(h); without("v0=")(h) }, body, moment, hook0.ErrMalformed},
		{"no time", without("t="), body, moment, hook0.ErrMalformed},
		{"v1 in upper case", upper("v1"), body, moment, hook0.ErrMalformed},
		{"v0 in upper case", upper("v0"), body, moment, hook0.ErrMalformed},
		{"v1 is empty, v0 is right", func(h http.Header) { without("v1=")(h); edit(",h=", ",v1=,h=")(h) }, body, moment, hook0.ErrMalformed},
		{"v1 is truncated", func(h http.Header) { s := h.Get(hook0.Header); h.Set(hook0.Header, s[:len(s)-2]) }, body, moment, hook0.ErrMalformed},
		{"v1 is too long", func(h http.Header) { h.Set(hook0.Header, h.Get(hook0.Header)+"00") }, body, moment, hook0.ErrMalformed},
		{"the time twice", edit("t=1800000000", "t=1800000000,t=1800000000"), body, moment, hook0.ErrMalformed},
		{"v1 twice", func(h http.Header) { h.Set(hook0.Header, h.Get(hook0.Header)+",v1="+zeros) }, body, moment, hook0.ErrMalformed},
		{"an unknown element twice", edit("t=", "x=1,x=1,t="), body, moment, hook0.ErrMalformed},
		{"an unknown element", edit("t=", "v2=anything,t="), body, moment, nil},
		{"spaces after the commas", func(h http.Header) { h.Set(hook0.Header, strings.ReplaceAll(h.Get(hook0.Header), ",", ", ")) }, body, moment, nil},
		{"a name twice", edit("x-event-id", "x-event-id x-event-id"), body, moment, hook0.ErrMalformed},
		{"a name in upper case", edit("x-event-id", "X-Event-Id"), body, moment, hook0.ErrMalformed},
		{"a name that is none", edit("x-event-id", "x:event"), body, moment, hook0.ErrMalformed},
		{"two spaces between names", edit(" x-event-id", "  x-event-id"), body, moment, hook0.ErrMalformed},
		{"a time with a sign", edit("t=", "t=+"), body, moment, hook0.ErrMalformed},
		{"a time beyond reason", edit("t=", "t=1800"), body, moment, hook0.ErrMalformed},
		{"no element", func(h http.Header) { h.Set(hook0.Header, "") }, body, moment, hook0.ErrMalformed},
		{"no signature", func(h http.Header) { h.Del(hook0.Header) }, body, moment, hook0.ErrMissing},
		{"two signatures", func(h http.Header) { h.Add(hook0.Header, h.Get(hook0.Header)) }, body, moment, hook0.ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := secrets(t, secret).Verify(delivery(t, test.change), []byte(test.body), test.now)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			for _, part := range []string{secret, "checkout", "e-1", "1800", "v0=", "v1="} {
				if err != nil && strings.Contains(err.Error(), part) {
					t.Errorf("%v contains %s", err, part)
				}
			}
		})
	}
}
