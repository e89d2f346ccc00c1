package hook0_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/http/callback/hook0"
)

// Each of these is signed correctly, but for the bound that it breaks.
func TestTheHeaderIsBounded(t *testing.T) {
	var names []string
	h := http.Header{}
	for i := range 33 {
		names = append(names, fmt.Sprintf("x-%d", i))
		h.Set(names[i], "1")
	}
	signature, err := hook0.Sign(secret, moment, h, []byte(body), names[:32]...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hook0.Sign(secret, moment, h, []byte(body), names...); !errors.Is(err, hook0.ErrMalformed) {
		t.Errorf("33 names are signed: %v", err)
	}
	for text, want := range map[string]error{
		signature: nil,
		strings.Replace(signature, "x-31", "x-31 x-32", 1):                        hook0.ErrMalformed,
		signature + ",y=" + strings.Repeat("1", 4<<10):                            hook0.ErrMalformed,
		signature + strings.Repeat(",", 16):                                       hook0.ErrMalformed,
		signature + ",a=,b=,c=,d=,e=,f=,g=,i=,j=,k=,l=,m=":                        nil,
		signature + ",a=,b=,c=,d=,e=,f=,g=,i=,j=,k=,l=,m=,n=":                     hook0.ErrMalformed,
		strings.Repeat(",", 1<<20):                                                hook0.ErrMalformed,
		"t=1,v1=" + strings.Repeat("0", 64) + ",h=" + strings.Repeat("a ", 1<<20): hook0.ErrMalformed,
	} {
		h.Set(hook0.Header, text)
		if _, err := secrets(t, secret).Verify(h, []byte(body), moment); !errors.Is(err, want) {
			t.Errorf("%.80s...: %v, want %v", text, err, want)
		}
	}
}

// The protocol lets a v1 code pass as the v0 code of another body. That body is no JSON
// object, which the readers of webhooks refuse.
func TestAV1CodeAsV0NeedsABodyThatIsNoObject(t *testing.T) {
	h := delivery(t, without("v0="))
	list, code := "content-type x-event-id x-event-type", h.Get(hook0.Header)[strings.LastIndex(h.Get(hook0.Header), "=")+1:]
	h.Set(hook0.Header, "t=1800000000,v0="+code)
	if _, err := secrets(t, secret).Verify(h, []byte(body), moment); !errors.Is(err, hook0.ErrMismatch) {
		t.Errorf("the same body: %v", err)
	}
	other := list + ".application/json.e-1.checkout.payment.success." + body
	if _, err := secrets(t, secret).Verify(h, []byte(other), moment); err != nil {
		t.Errorf("the documented limit does not hold: %v; correct the package's comment", err)
	}
}

// FuzzVerify gives any header, value and body to a receiver: nothing panics, and only
// what the secret signed is verified.
func FuzzVerify(f *testing.F) {
	signed := delivery(f)
	f.Add(signed.Get(hook0.Header), "e-1", body, int64(0))
	f.Add(strings.Replace(signed.Get(hook0.Header), "v1", "v2", 1), "e-1", body, int64(1))
	for _, v := range vectors(f) {
		f.Add(v.Signature, v.Headers["x-event-id"], v.Body, v.Now-moment.Unix())
	}
	f.Fuzz(func(t *testing.T, signature, value, text string, apart int64) {
		h := http.Header{"Content-Type": {"application/json"}, "X-Event-Id": {value}, "X-Event-Type": {"checkout.payment.success"}}
		h[http.CanonicalHeaderKey(hook0.Header)] = []string{signature}
		now := moment.Add(time.Duration(apart%1000) * time.Second)
		proof, err := secrets(t, secret).Verify(h, []byte(text), now)
		if err != nil {
			if proof.Scheme != "" || len(proof.Covered()) > 0 {
				t.Fatalf("a refusal proves %+v", proof)
			}
			return
		}
		// Codes cannot be guessed: whatever passes has the body and time of the seed.
		if text != body || proof.Scheme == hook0.V1 && value != "e-1" || !proof.Time.Equal(moment) || now.Sub(moment).Abs() > hook0.Tolerance {
			t.Fatalf("%q verifies %q with %q at %v", signature, text, value, now)
		}
	})
}
