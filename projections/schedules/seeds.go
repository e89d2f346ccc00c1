package schedules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Variables of the environment that choose random schedules.
const (
	// SeedVariable repeats one schedule.
	SeedVariable = "DAYBOOK_SCHEDULE_SEED"

	// CountVariable says how many schedules run where the tests would run
	// another number.
	CountVariable = "DAYBOOK_SCHEDULES"

	// FirstVariable is the seed of the first; the others are those after it.
	FirstVariable = "DAYBOOK_SCHEDULES_FROM"

	// StateVariable is a directory that keeps which schedules have passed. They
	// do not run again.
	StateVariable = "DAYBOOK_SCHEDULES_STATE"
)

// Seeds returns the seeds of n schedules, without those that have passed, or
// that of the one to repeat.
func Seeds(t testing.TB, n int) []uint64 {
	t.Helper()
	if seed, ok := number(t, SeedVariable); ok {
		return []uint64{seed}
	}
	first, ok := number(t, FirstVariable)
	if !ok {
		first = rand.Uint64()
	}
	count, ok := number(t, CountVariable)
	if !ok {
		count = uint64(n)
	}
	var seeds []uint64
	for seed := first; seed != first+count; seed++ {
		if _, err := os.Stat(mark(t, seed)); os.Getenv(StateVariable) == "" || err != nil {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// Prove runs a schedule as a test of its own, and keeps that it has passed.
func Prove(t *testing.T, seed uint64, run func(*testing.T)) {
	t.Helper()
	if !t.Run(fmt.Sprint("seed=", seed), run) {
		t.Logf("%s=%d repeats the schedule", SeedVariable, seed)
		return
	}
	if os.Getenv(StateVariable) == "" {
		return
	}
	if err := os.WriteFile(mark(t, seed), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mark is the file that says that a schedule of a test has passed.
func mark(t testing.TB, seed uint64) string {
	name, _, _ := strings.Cut(t.Name(), "/")
	return filepath.Join(os.Getenv(StateVariable), fmt.Sprintf("%s-%d", name, seed))
}

func number(t testing.TB, variable string) (value uint64, ok bool) {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return 0, false
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return value, true
}
