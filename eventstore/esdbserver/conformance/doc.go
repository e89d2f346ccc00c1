// Package conformance runs test suites and clients that nobody here wrote
// against esdbserver: the Go client's own tests and the official Node clients.
// They need the network at first, and free ports from 2111 to 2113, and run
// when DAYBOOK_CONFORMANCE is set:
//
//	DAYBOOK_CONFORMANCE=1 go test -count=1 -v ./eventstore/esdbserver/conformance
//
// CONFORMANCE.md beside the server says which of their cases do not pass, and
// why.
package conformance
