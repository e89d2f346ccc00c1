package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// smallDisk is a server whose data directory is on a small file system, which
// only the server sees.
type smallDisk struct {
	*server
	ballast string // a file there that takes up space, as the test reaches it
}

// onSmallDisk starts a server on a file system of some megabytes, a part of
// which is taken.
func onSmallDisk(t *testing.T, megabytes, taken int) smallDisk {
	t.Helper()
	disk := t.TempDir()
	script := fmt.Sprintf(`mount -t tmpfs -o size=%dm tmpfs "$0" && head -c %d000000 /dev/zero > "$0/ballast" && exec "$@"`, megabytes, taken)
	s := start(t, options{data: filepath.Join(disk, "data"), within: []string{tool(t, "unshare", "util-linux"), "-rm", "sh", "-c", script, disk}})
	return smallDisk{s, fmt.Sprintf("/proc/%d/root%s/ballast", s.command.Process.Pid, disk)}
}

// TestFullFileSystemLosesNothing fills a real file system with callbacks until
// there is no space, frees some, and goes on.
func TestFullFileSystemLosesNothing(t *testing.T) {
	embedded(t)
	t.Parallel()
	for _, c := range []struct {
		name             string
		megabytes, taken int
	}{
		{"before a checkpoint", 5, 3},
		{"in the middle of a checkpoint", 20, 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := onSmallDisk(t, c.megabytes, c.taken)
			// Large ones may leave room for small ones, down to a frame or two.
			owed := 0
			paid := []string{"FREED"}
			for _, size := range []struct {
				prefix  string
				padding int
			}{{"L", 40_000}, {"M", 3000}, {"S", 0}} {
				if cents := d.fill(size.prefix, size.padding); cents > 0 {
					owed += cents
					paid = append(paid, size.prefix+"0")
				}
			}
			d.awaitStatus("/readyz", 503)
			d.checkReads(owed)

			if err := os.Remove(d.ballast); err != nil {
				t.Fatalf("free space: %v", err)
			}
			d.awaitStatus("/readyz", 200)
			d.record(completedOrder("FREED", "ann", 77))
			d.checkReads(owed + 77)
			for _, id := range paid {
				if o := d.order(id, 0); o.Status != "paid" {
					t.Errorf("order %s is %s", id, o.Status)
				}
			}
			if code := d.terminate(); code != 0 {
				t.Errorf("the exit code is %d:\n%s", code, d.stderr)
			}
		})
	}
}

// fill posts callbacks of one size until ten in a row are refused, and returns
// how many cents were acknowledged.
func (d smallDisk) fill(prefix string, padding int) int {
	d.t.Helper()
	cents, acknowledged, refused := 0, 0, 0
	for i := 0; refused < 10; i++ {
		if i == 5000 {
			d.t.Fatal("the file system does not become full")
		}
		a := d.post(completedOrder(fmt.Sprint(prefix, i), "ann", 1+i) + strings.Repeat(" ", padding))
		if a.status != 200 {
			d.checkRefusal(a)
			refused++
			continue
		}
		cents += 1 + i
		acknowledged++
		refused = 0
	}
	d.t.Logf("%d callbacks %s were acknowledged", acknowledged, prefix)
	return cents
}

// checkReads checks that the server still answers, with all that was
// acknowledged and nothing else.
func (d smallDisk) checkReads(cents int) {
	d.t.Helper()
	want := fmt.Sprintf("%d.%02d", cents/100, cents%100)
	got := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && got != want; {
		got = d.balances("ann", 0)["USD"]
	}
	if got != want {
		d.t.Errorf("ann has %s, not %s", got, want)
	}
	for _, path := range []string{"/streams/order-coinbase.L0", "/orders/coinbase.L0", "/balances/ann/entries"} {
		if a := d.request("GET", path, operatorSecret, ""); a.status != 200 {
			d.t.Errorf("GET %s is answered %d %s", path, a.status, a.body)
		}
	}
}
