package follow_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"daybook/projections/balances"
	"daybook/projections/projectiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs a test on a clock that moves when everything waits, so that
// backoff takes no time. A goroutine that outlives the test fails it.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// open opens a log of one user.
func open(t *testing.T, directory string) *projectiontest.Log {
	t.Helper()
	l := projectiontest.OpenLog(t, directory)
	l.Users = 1
	return l
}

// checkBalance fails unless the model has all of so many paid orders.
func checkBalance(t *testing.T, model *balances.Memory, orders int) {
	t.Helper()
	balance, err := model.Balance(t.Context(), "u/0")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("[{USD %d.%02d USD 0.00 USD}]", orders*125/100, orders*125%100)
	if got := fmt.Sprint(balance.Currencies); got != want {
		t.Fatalf("balance is %s, want %s", got, want)
	}
	page, err := model.Entries(t.Context(), "u/0", 0, 1)
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Number != uint64(orders) {
		t.Fatalf("newest entries are %+v, want number %d; error %v", page.Entries, orders, err)
	}
}
