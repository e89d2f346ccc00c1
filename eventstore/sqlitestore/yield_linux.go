package sqlitestore

import (
	"runtime"
	"syscall"
)

// yield lets those go first who wait for a processor: goroutines, and also
// threads. Work in the background would otherwise hold up the thread of a caller
// that wakes up on the same processor until the kernel's next tick, up to 4 ms,
// as there may be as many threads that work as processors.
func yield() {
	runtime.Gosched()
	_, _, _ = syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) // it cannot fail
}
