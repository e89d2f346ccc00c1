//go:build !linux

package journal

import "os"

func openDirect(string) *os.File { return nil }

func newBuffer(int) []byte { return nil }

func mapFile(*os.File, int) []byte { return nil }

func unmap([]byte) error { return nil }
