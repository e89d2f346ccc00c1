//go:build race

package schedules_test

// count is how many schedules run: with the race detector all takes longer, and
// the plain run has many.
const count = 10
