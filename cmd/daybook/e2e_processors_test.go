package main_test

import (
	"runtime"
	"testing"
)

// TestTheDiskKeepsNoProcessor looks at how many goroutines run beside each
// other.
func TestTheDiskKeepsNoProcessor(t *testing.T) {
	t.Parallel()
	embedded(t)
	const running = "go_sched_gomaxprocs_threads"
	if n, usual := int(start(t, options{}).metric(running)), runtime.GOMAXPROCS(0); n <= usual {
		t.Errorf("%d, which leaves none for those that the disk keeps waiting: usual are %d", n, usual)
	}
	chosen := options{settings: []string{secretsSetting, tokensSetting, "GOMAXPROCS=1"}}
	if n := start(t, chosen).metric(running); n != 1 {
		t.Errorf("%v although GOMAXPROCS is 1", n)
	}
}
