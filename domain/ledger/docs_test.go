package ledger

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocsHaveEveryEvent holds the table of docs/events.md against the codecs.
func TestDocsHaveEveryEvent(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| event | says | debit | credit |")
	table, _, _ = strings.Cut(table, "\n\n")
	var rows []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 2 {
			continue
		}
		for _, match := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(cells[1], -1) {
			rows = append(rows, match[1])
		}
	}
	var types []string
	for _, c := range codecs {
		types = append(types, c.Types()...)
	}
	slices.Sort(rows)
	slices.Sort(types)
	types = slices.Compact(types) // several categories have some
	if !slices.Equal(rows, types) {
		t.Errorf("the table has\n%q\nand the codecs\n%q", rows, types)
	}
}
