package local_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
)

// orderReads say all that the list of orders says of the suite's log.
func orderReads(m *local.Model) []projectiontest.Read {
	listed := func(query func(context.Context) (local.OrderPage, error)) projectiontest.Read {
		return func(ctx context.Context) (string, eventstore.Position, error) {
			page, err := query(ctx)
			if err != nil {
				return "", 0, err
			}
			var b strings.Builder
			for _, row := range page.Orders {
				o, err := m.Order(ctx, row, row.Changed) // a mark of the suite is beyond events of the log
				if err != nil {
					return "", 0, err
				}
				o.Position = 0
				text, err := json.Marshal(o)
				if err != nil {
					return "", 0, err
				}
				fmt.Fprintf(&b, "%+v %s\n", row, text)
			}
			return b.String(), page.Position, nil
		}
	}
	queries := []local.OrderQuery{{}, {Reference: "reference"}}
	for _, user := range projectiontest.Users {
		queries = append(queries, local.OrderQuery{User: user})
	}
	for _, status := range orders.Statuses {
		queries = append(queries, local.OrderQuery{Status: status})
	}
	all := []projectiontest.Read{listed(func(ctx context.Context) (local.OrderPage, error) { return m.ChangedOrders(ctx, 0, local.MaxPage) })}
	for _, q := range queries {
		q.Limit = local.MaxPage
		all = append(all, listed(func(ctx context.Context) (local.OrderPage, error) { return m.Orders(ctx, q) }))
	}
	return all
}

// expectedOrder is an order as the fold of its stream, and where it begins.
type expectedOrder struct {
	orders.Order
	created eventstore.Position
}

func foldOrders(t rapid.TB, events []eventstore.Recorded) []expectedOrder {
	folded := make(map[order.ID]expectedOrder)
	for _, e := range events {
		if e.Stream.Category() != order.Category {
			continue
		}
		id := order.ID(e.Stream.ID())
		o, known := folded[id]
		if !known {
			o.created = e.Position
		}
		var err error
		if o.Order, err = orders.Fold(o.Order, e); err != nil {
			t.Fatal(err)
		}
		folded[id] = o
	}
	return slices.SortedFunc(maps.Values(folded), func(a, b expectedOrder) int { return cmp.Compare(b.created, a.created) })
}

// listAll reads a list page by page.
func listAll(t rapid.TB, m *local.Model, q local.OrderQuery) (ids []order.ID) {
	for {
		page, err := m.Orders(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Orders) > q.Limit || page.More && len(page.Orders) < q.Limit {
			t.Fatalf("a page of %d has %d", q.Limit, len(page.Orders))
		}
		for _, o := range page.Orders {
			ids = append(ids, o.ID)
		}
		if !page.More {
			return ids
		}
		q.Before = page.Orders[len(page.Orders)-1].Created
	}
}

// TestOrdersAreListedAsTheyFold compares all lists with the fold of each order's own
// stream: after batches of any size, after a restart, and in a file that was folded
// again.
func TestOrdersAreListedAsTheyFold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		log := projectiontest.Slice(projectiontest.History(60).Draw(r, "log"))
		directory := t.TempDir()
		whole, again := open(t, directory, log), open(t, t.TempDir(), log)
		projectiontest.ApplyBatches(t, whole, log, rapid.IntRange(1, len(log)).Draw(r, "batch"))
		if err := whole.Close(); err != nil {
			r.Fatal(err)
		}
		whole = open(t, directory, log)
		projectiontest.ApplyBatches(t, again, log, rapid.IntRange(1, len(log)).Draw(r, "another batch"))
		q := local.OrderQuery{
			User:      rapid.SampledFrom(append(projectiontest.Users, "", "", "")).Draw(r, "user"),
			Reference: rapid.SampledFrom([]string{"", "", "reference", "other"}).Draw(r, "reference"),
			Status:    rapid.SampledFrom(append(orders.Statuses, "", "", "", "", "")).Draw(r, "status"),
			Limit:     rapid.IntRange(1, 5).Draw(r, "limit"),
		}
		var want []order.ID
		for _, o := range foldOrders(r, log) {
			if (q.User == "" || o.User == q.User) && (q.Reference == "" || o.Reference == q.Reference) && (q.Status == "" || o.Status == q.Status) {
				want = append(want, o.ID)
			}
		}
		for name, m := range map[string]*local.Model{"opened again": whole, "folded again": again} {
			if got := listAll(r, m, q); !slices.Equal(got, want) {
				r.Fatalf("%s, %+v lists %v, want %v", name, q, got, want)
			}
		}
	})
}

// TestChangedOrdersAreListedOnce compares what changed after each position with the
// fold of each order's own stream.
func TestChangedOrdersAreListedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		log := projectiontest.Slice(projectiontest.History(60).Draw(r, "log"))
		m := open(t, t.TempDir(), log)
		projectiontest.ApplyBatches(t, m, log, rapid.IntRange(1, len(log)).Draw(r, "batch"))
		folded := foldOrders(r, log)
		slices.SortFunc(folded, func(a, b expectedOrder) int { return cmp.Compare(a.Changed, b.Changed) })
		after := log[rapid.IntRange(0, len(log)-1).Draw(r, "after")].Position
		limit := rapid.IntRange(1, 5).Draw(r, "limit")
		for {
			page, err := m.ChangedOrders(context.Background(), after, limit)
			if err != nil {
				r.Fatal(err)
			}
			want := slices.DeleteFunc(slices.Clone(folded), func(o expectedOrder) bool { return o.Changed <= after })
			if more := len(want) > limit; more != page.More {
				r.Fatalf("after %s there is more: %v", after, page.More)
			}
			want = want[:min(limit, len(want))]
			if len(page.Orders) != len(want) {
				r.Fatalf("after %s %d have changed, want %d", after, len(page.Orders), len(want))
			}
			for i, row := range page.Orders {
				if row != local.NewListedOrder(want[i].Order, want[i].created) {
					r.Fatalf("after %s there is %+v, want %+v", after, row, want[i])
				}
				o, err := m.Order(context.Background(), row, page.Position)
				if err != nil || o.Changed != want[i].Changed || o.Status != want[i].Status {
					r.Fatalf("the order is %+v, %v, want %+v", o, err, want[i])
				}
			}
			if !page.More {
				return
			}
			after = page.Orders[limit-1].Changed
		}
	})
}

// TestPagesOfOrdersStayWhileOthersCome inserts and changes orders between two pages.
func TestPagesOfOrdersStayWhileOthersCome(t *testing.T) {
	t.Parallel()
	log := projectiontest.NewLog(t)
	log.Users = 1
	m := open(t, t.TempDir(), log)
	p := projectiontest.Follow(t, log, m, follow.Options{})
	p.Await(log.Pay(10))
	var seen []order.ID
	q := local.OrderQuery{User: "u/0", Limit: 3}
	for {
		page, err := m.Orders(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Orders {
			seen = append(seen, o.ID)
		}
		if !page.More {
			break
		}
		q.Before = page.Orders[len(page.Orders)-1].Created
		p.Await(log.Pay(2))
	}
	want := []order.ID{}
	for n := 10; n > 0; n-- {
		want = append(want, order.NewID("coinbase", fmt.Sprint(n)))
	}
	if !slices.Equal(seen, want) {
		t.Errorf("the pages have %v, want %v", seen, want)
	}
}

// TestNoChangeIsMissed reads what changed while several write.
func TestNoChangeIsMissed(t *testing.T) {
	t.Parallel()
	log := projectiontest.NewLog(t)
	m := open(t, t.TempDir(), log)
	p := projectiontest.Follow(t, log, m, follow.Options{BatchSize: 7})
	const writers, each = 4, 50
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				log.Pay(1)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		writing.Wait()
	}()
	seen := make(map[order.ID]orders.Status)
	after, last := eventstore.Position(0), false
	for !last {
		select {
		case <-done:
			p.Await(log.Last())
			last = true
		default:
		}
		for more := true; more; {
			page, err := m.ChangedOrders(context.Background(), after, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page.Orders {
				if row.Changed <= after {
					t.Fatalf("after %s there is %+v", after, row)
				}
				seen[row.ID], after = row.Status, row.Changed
			}
			if more = page.More; !more {
				after = page.Position
			}
		}
	}
	if len(seen) != writers*each {
		t.Errorf("%d orders have changed, want %d", len(seen), writers*each)
	}
	for id, status := range seen {
		if status != orders.Paid {
			t.Errorf("%s is %s at its last change", id, status)
		}
	}
}

// TestListsOfOrdersReadIndexes asks SQLite how it answers each query.
func TestListsOfOrdersReadIndexes(t *testing.T) {
	for _, q := range []local.OrderQuery{
		{}, {User: "u"}, {Reference: "r"}, {Status: orders.Paid}, {User: "u", Status: orders.Paid}, {User: "u", Reference: "r", Status: orders.Paid, Before: 7},
	} {
		plan := local.Plan(t, q)
		if strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN keys") || strings.Contains(plan, "SCAN orders") && q != (local.OrderQuery{}) {
			t.Errorf("%+v is answered by %s", q, plan)
		}
	}
}
