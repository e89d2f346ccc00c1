//go:build race

package schedules_test

// count is how many schedules run. With the race detector the store takes many
// times as long.
const count = 10
