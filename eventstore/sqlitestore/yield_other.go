//go:build !linux

package sqlitestore

import "runtime"

// yield lets goroutines go first that wait for a processor.
func yield() { runtime.Gosched() }
