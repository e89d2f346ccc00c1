//go:build !linux

package journal

import "os"

func openDirect(string) *os.File { return nil }

func newBuffer(int) []byte { return nil }

func freeBuffer([]byte) error { return nil }
