package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"daybook/eventstore/sqlitestore/journal"
)

// BenchmarkWrite writes frames of one order, and of 32.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{2500, 80_000} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			j, err := journal.Create(filepath.Join(b.TempDir(), "journal"), 0, func(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) })
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			payload := bytes.Repeat([]byte("x"), size)
			number := uint64(0)
			for b.Loop() {
				number++
				if err := j.Write(journal.Frame{First: number, Count: 1}, payload); err != nil {
					b.Fatal(err)
				}
				j.Release(number)
			}
		})
	}
}
