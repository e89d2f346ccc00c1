package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// The proofs run random schedules, each known by its seed. `make test` runs a
// few with seeds of the moment, `make proof` many, and those alone that its
// state does not have. DAYBOOK_E2E_SEED repeats one.
const (
	proofSeed  = "DAYBOOK_PROOF_SEED"  // seed of the first schedule
	proofState = "DAYBOOK_PROOF_STATE" // directory with an empty file for each schedule that is done
	proofCount = "DAYBOOK_PROOF_COUNT" // how many schedules run
)

// prove runs schedules one after the other: few, if the environment does not
// say how many.
func prove(t *testing.T, few int, run func(t *testing.T, seed uint64)) {
	t.Helper()
	first, n, state := rand.Uint64(), few, os.Getenv(proofState)
	if seed, ok := setting(t, "DAYBOOK_E2E_SEED"); ok {
		first, n, state = seed, 1, ""
	} else if seed, ok := setting(t, proofSeed); ok {
		first = seed
	}
	if count, ok := setting(t, proofCount); ok && state != "" {
		n = int(count)
	}
	for i := range uint64(n) {
		seed := first + i
		done := filepath.Join(state, fmt.Sprintf("%s-%d", t.Name(), seed))
		if _, err := os.Stat(done); err == nil && state != "" {
			continue
		}
		passed := t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { run(t, seed) })
		if !passed {
			t.Logf("to repeat it: DAYBOOK_E2E_SEED=%d go test -pgo=off -count=1 -run '^%s$' ./cmd/daybook", seed, t.Name())
		}
		if passed && state != "" {
			if err := os.WriteFile(done, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// setting returns a number of the environment, if it is there.
func setting(t *testing.T, name string) (value uint64, ok bool) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return 0, false
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value, true
}
