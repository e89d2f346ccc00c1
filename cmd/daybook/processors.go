package main

import (
	"os"
	"runtime"
)

// moreProcessors is how many goroutines run beside one for each processor while
// the log is in SQLite, and moreForRedis how many beside those while the read
// models are in Redis. The goroutine that syncs the journal, and those that file
// and checkpoint, keep what Go gives them for some milliseconds each time: it
// counts a system call that waits for the disk as running, and interrupts
// SQLite's work after 10 ms only. On two processors requests and projections
// would wait for that; the operating system shares them out sooner. One more than
// is needed makes a lone callback slower by a twentieth; one less with Redis makes
// the slowest percent of what is seen there slower by a half.
const (
	moreProcessors = 1
	moreForRedis   = 1
)

// useProcessors makes room for them. Who sets GOMAXPROCS knows better. After it a
// limit of the container is what it was at the start.
func useProcessors(redis bool) {
	more := moreProcessors
	if redis {
		more += moreForRedis
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + more)
	}
}
