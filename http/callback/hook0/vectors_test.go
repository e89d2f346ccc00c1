package hook0_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"daybook/http/callback/hook0"
)

type vector struct {
	Name, Secret, Body, Signature, Refusal string
	Headers                                map[string]string
	Now                                    int64
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (v vector) header() http.Header {
	h := http.Header{}
	for name, value := range v.Headers {
		h.Set(name, value)
	}
	h.Set(hook0.Header, v.Signature)
	return h
}

func secrets(t testing.TB, all ...string) hook0.Secrets {
	t.Helper()
	s, err := hook0.NewSecrets(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPublishedVectors(t *testing.T) {
	refusals := map[string]error{
		"":                     nil,
		"code_not_hexadecimal": hook0.ErrMalformed,
		"header_not_delivered": hook0.ErrNotDelivered,
		"code_mismatch":        hook0.ErrMismatch,
		"outside_tolerance":    hook0.ErrTime,
	}
	all := vectors(t)
	if len(all) != 14 {
		t.Fatalf("%d vectors", len(all))
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			want, known := refusals[v.Refusal]
			if !known {
				t.Fatalf("unknown refusal %q", v.Refusal)
			}
			proof, err := secrets(t, "another", v.Secret).Verify(v.header(), []byte(v.Body), time.Unix(v.Now, 0))
			if !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
			if err == nil && (proof.Scheme == hook0.V1) != strings.Contains(v.Signature, "v1=") {
				t.Errorf("verified by %s", proof.Scheme)
			}
		})
	}
}

func TestSignWritesWhatTheSenderDoes(t *testing.T) {
	for _, v := range vectors(t)[12:] {
		h, covered := v.header(), []string{"X-Event-Id", "X-Event-Type"}
		got, err := hook0.Sign(v.Secret, time.Unix(v.Now, 0), h, []byte(v.Body), covered[:len(v.Headers)]...)
		if err != nil || got != v.Signature {
			t.Errorf("%s: %s, %v", v.Name, got, err)
		}
	}
}
