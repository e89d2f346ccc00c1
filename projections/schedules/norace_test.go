//go:build !race

package schedules_test

// count is how many schedules run.
const count = 200
