package callback_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daybook/http/callback"
)

func TestASecretThatIsMissingOrEmptyIsRefusedAtTheStart(t *testing.T) {
	for name, secrets := range map[string][]string{
		"none":                  nil,
		"an empty list":         {},
		"an empty one":          {""},
		"an empty one with one": {"canary", ""},
	} {
		if _, err := callback.NewSecrets(secrets); err == nil {
			t.Errorf("%s is accepted", name)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error repeats a secret: %v", name, err)
		}
	}
}

func TestTheZeroValueAuthenticatesNobody(t *testing.T) {
	for _, query := range []string{"", "?secret=", "?secret=a"} {
		none := new(callback.URLSecret)
		none.Set(callback.Secrets{})
		for _, u := range []*callback.URLSecret{none, new(callback.URLSecret)} {
			if _, err := u.Authenticate(httptest.NewRequest(http.MethodPost, "/"+query, nil), nil, time.Now()); err == nil || !u.IsOff() {
				t.Errorf("%q is good", query)
			}
		}
	}
}

func TestEveryLiveSecretIsGoodExactlyOnceInTheQuery(t *testing.T) {
	secrets, err := callback.NewSecrets([]string{"first", "the+second & last", "first"})
	if err != nil {
		t.Fatal(err)
	}
	u := new(callback.URLSecret)
	if u.Set(secrets); u.IsOff() {
		t.Error("with secrets it is off")
	}
	for query, good := range map[string]bool{
		"secret=first":                            true,
		"a=b&secret=first&c":                      true,
		"secret=%66irst":                          true,
		"%73ecret=first":                          true,
		"secret=the%2Bsecond%20%26+last":          true,
		"":                                        false,
		"secret":                                  false,
		"secret=":                                 false,
		"secret=firs":                             false,
		"secret=first+":                           false,
		"secret=First":                            false,
		"SECRET=first":                            false,
		"secret=first&secret=first":               false,
		"secret=first&secret=":                    false,
		"secret=first&%73ecret=x":                 false,
		"secret[]=first":                          false,
		"a;b&secret=first":                        true, // the other parameters are the merchant's own
		"secret=first&note=a;b":                   true,
		"secret=first&a=%":                        true,
		"discount=5%&secret=first":                true,
		"secret=first&x=%zz":                      true,
		"secret=first&%zz=x":                      true,
		"secret=first&x=secret=first":             true,
		"secret=first&&":                          true,
		"secret=first&%zz&secret=x":               false,
		"secret=first&secret=%":                   false,
		"secret=%&secret=first":                   false,
		"secret=first%":                           false,
		"secret=%zzfirst":                         false,
		"x;secret=first":                          false,
		"secret=first;":                           false,
		"secret=first;x":                          false,
		"secret=first%00":                         false,
		"secret=first%2Cthe%2Bsecond+%26+last":    false,
		"secret=" + strings.Repeat("first", 3000): false,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.URL.RawQuery = query
		if proof, err := u.Authenticate(r, nil, time.Now()); (err == nil) != good || good && proof.Method != "secret" {
			t.Errorf("%.60q is good: %v", query, !good)
		}
	}
}
