package ident_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/ident"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		text   string
		usable bool
	}{
		{"an order id", "5RTQNACF", true},
		{"one byte", "a", true},
		{"128 bytes", strings.Repeat("a", 128), true},
		{"129 bytes", strings.Repeat("a", 129), false},
		{"128 bytes of two-byte letters", strings.Repeat("ü", 64), true},
		{"130 bytes of two-byte letters", strings.Repeat("ü", 65), false},
		{"a slash", "a/b", true},
		{"a colon", "x:y", true},
		{"braces", "{u}", true},
		{"a percent sign", "50%", true},
		{"spaces", " a b ", true},
		{"a JSON document", `{"user":"u1"}`, true},
		{"three dots", "...", true},
		{"an emoji", "🦙", true},
		{"nothing", "", false},
		{"a dot", ".", false},
		{"two dots", "..", false},
		{"a null byte", "a\x00b", false},
		{"a newline", "a\nb", false},
		{"a tab", "a\tb", false},
		{"a delete character", "a\x7f", false},
		{"a C1 control character", "a\u0085", false},
		{"a line separator", "a\u2028b", false},
		{"half a character", "\xc3", false},
		{"a surrogate", "\xed\xa0\x80", false},
		{"an overlong slash", "\xc0\xaf", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := ident.Check(test.text)
			if test.usable != (err == nil) {
				t.Fatalf("got %v, want usable %v", err, test.usable)
			}
			if err != nil && !errors.Is(err, ident.ErrUnusable) {
				t.Errorf("%v is not ErrUnusable", err)
			}
		})
	}
}

func TestAnErrorDoesNotQuoteTheText(t *testing.T) {
	for _, text := range []string{"alice@example.com\x00", strings.Repeat("alice@example.com", 10)} {
		if err := ident.Check(text); err == nil || strings.Contains(err.Error(), "alice") {
			t.Errorf("got %v", err)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"5RTQNACF", "5RTQNACF"},
		{"a.b_c~d-e", "a.b_c~d-e"},
		{"a/b", "a%2Fb"},
		{"x:y", "x%3Ay"},
		{"{u}", "%7Bu%7D"},
		{"50%", "50%25"},
		{"%2F", "%252F"},
		{" ", "%20"},
		{"ü", "%C3%BC"},
		{"\x00\xff", "%00%FF"},
		{"", ""},
	} {
		if got := ident.Escape(test.text); got != test.want {
			t.Errorf("%q is escaped %q, want %q", test.text, got, test.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for _, test := range []struct {
		name, escaped, want string
		fails               bool
	}{
		{name: "what Escape made", escaped: "a%2Fb", want: "a/b"},
		{name: "lower-case digits", escaped: "a%2fb", want: "a/b"},
		{name: "needless encoding", escaped: "%61", want: "a"},
		{name: "a plus sign is a plus sign", escaped: "a+b", want: "a+b"},
		{name: "encoded twice is decoded once", escaped: "%252F", want: "%2F"},
		{name: "a lone percent sign", escaped: "%", fails: true},
		{name: "one digit", escaped: "a%2", fails: true},
		{name: "not a digit", escaped: "%2G", fails: true},
		{name: "a sign among the digits", escaped: "%+1", fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ident.Unescape(test.escaped)
			if test.fails {
				if !errors.Is(err, ident.ErrUnusable) {
					t.Fatalf("got %q, %v, want ErrUnusable", got, err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	for _, text := range []string{"5RTQNACF", "a/b", "x:y", "{u}", "50%", "ü", "\x00\xff", "..", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		escaped := ident.Escape(text)
		if got, err := ident.Unescape(escaped); err != nil || got != text {
			t.Fatalf("%q is escaped %q, which is unescaped %q, %v", text, escaped, got, err)
		}
		rest := escaped
		for rest != "" {
			switch {
			case strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-", rest[0]) >= 0:
				rest = rest[1:]
			case len(rest) >= 3 && rest[0] == '%' && strings.Trim(rest[1:3], "0123456789ABCDEF") == "":
				rest = rest[3:]
			default:
				t.Fatalf("%q is escaped %q", text, escaped)
			}
		}
	})
}

func TestNewPayment(t *testing.T) {
	for _, test := range []struct {
		got  ident.Payment
		want ident.Payment
	}{
		{ident.NewPayment("coinbase", "order", "5RTQNACF"), "coinbase/order/5RTQNACF"},
		{ident.NewPayment("coinbase", "address", "1AmB4b", "7b95"), "coinbase/address/1AmB4b/7b95"},
		{ident.NewPayment("coinbase", "order", "a/b"), "coinbase/order/a%2Fb"},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}

func TestNoTwoPaymentsShareAnIdentity(t *testing.T) {
	ids := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ab/%.2F]{0,6}`)), 1, 3)
	rapid.Check(t, func(t *rapid.T) {
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		same := slices.Equal(a, b)
		if got := ident.NewPayment("p", "k", a...) == ident.NewPayment("p", "k", b...); got != same {
			t.Fatalf("%q and %q: the same identity is %v", a, b, got)
		}
	})
}
