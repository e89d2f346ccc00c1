package eventstore_test

import (
	"strings"
	"testing"

	"daybook/eventstore"
)

func TestStreamNames(t *testing.T) {
	longest := "order-" + strings.Repeat("x", eventstore.MaxStreamNameBytes-len("order-"))
	for _, text := range []string{"order-coinbase.5RTQNACF", "order-site.a%2Fb", "address-1AbC~_x", "daybook-log", "a--", longest} {
		name, err := eventstore.ParseStreamName(text)
		if err != nil {
			t.Error(err)
		}
		if got := name.Category() + "-" + name.ID(); got != text {
			t.Errorf("%q falls into %q", text, got)
		}
	}
	for _, text := range []string{
		"", "-", "order", "order-", "-1", "Order-1", "order1-1", "or.der-1", "$order-1", "order-a b", "order-a/b",
		"order-a:b", "order-ä", "order-a\n", "order-a\x00", longest + "x",
	} {
		if _, err := eventstore.ParseStreamName(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestCategoryAndIDPartAtTheFirstHyphen(t *testing.T) {
	const name eventstore.StreamName = "order-site.a-b-c"
	if name.Category() != "order" || name.ID() != "site.a-b-c" {
		t.Errorf("got %q and %q", name.Category(), name.ID())
	}
}
