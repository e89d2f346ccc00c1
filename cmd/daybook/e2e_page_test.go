package main_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestTheMerchantsPageShowsWhatIsPrinted plays its two sections about decisions.
func TestTheMerchantsPageShowsWhatIsPrinted(t *testing.T) {
	inTree(t)
	t.Parallel()
	tool(t, "script", "bsdutils")
	d := newDesk(t)
	paid := func(id, user string, cents int) string { // without a time, which the page does not show
		return fmt.Sprintf(`{"order":{"id":%q,"status":"completed","total_native":{"cents":%d,"currency_iso":"USD"},"custom":%q}}`, id, cents, user)
	}
	d.record(paid("5RTQNACF", "ann", 1253))
	held := d.opened("order-coinbase.QQQQ1111", paid("QQQQ1111", "", 700))
	item := d.opened("order-coinbase.5RTQNACF", paid("5RTQNACF", "bob", 1253))
	mispaid := d.opened("order-coinbase.MMMM2222", `{"order":{"id":"MMMM2222","status":"expired","event":{"type":"mispayment","mispayment_id":"M7"},"custom":"cleo","mispayments":[{"id":"M7","total_native":{"cents":1007,"currency_iso":"USD"}}]}}`)
	_, page, _ := strings.Cut(merchantsPage(t), "## 7. Decide")
	ids := strings.NewReplacer("3a72dd78-0362-894b-b2f3-8a54ebbde5b8", item, "7d8020f1-abc1-8818-be10-1f18576cce7a", held, "7628ff30-9c48-8e82-8750-c4b8a9d930f1", mispaid)
	commands := 0
	for _, match := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for _, example := range strings.Split("\n"+match[1], "\n$ daybook ")[1:] {
			command, want, _ := strings.Cut(example, "\n")
			_, p := d.onTerminal(daybook(t)+" "+ids.Replace(command), "y")
			if got, want := plain(p.stdout.String()), plain(ids.Replace(want)); got != want {
				t.Errorf("%s\nprints\n%s\nand the page has\n%s", command, got, want)
			}
			commands++
		}
	}
	if commands != 4 {
		t.Errorf("the page has %d commands", commands)
	}
}

// What is another each time.
var (
	printedTime     = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`)
	printedAge      = regexp.MustCompile(`, \d+ (second|minute)s? ago|  ?\d+ (second|minute)s? |\bnow\b`)
	printedPosition = regexp.MustCompile(`position \d+`)
	printedBlanks   = regexp.MustCompile(`[ \t]+`)
)

// plain returns what is printed without times, ages, positions and the width of columns.
func plain(text string) string {
	text = strings.ReplaceAll(text, "\r", "")
	text = strings.ReplaceAll(text, "[y/N] y", "[y/N] ")
	text = printedPosition.ReplaceAllString(printedAge.ReplaceAllString(printedTime.ReplaceAllString(text, "TIME"), " "), "position N")
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(printedBlanks.ReplaceAllString(line, " ")); line != "" && line != "y" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
