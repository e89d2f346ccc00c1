package simulate

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
)

// Write writes the report for people.
func (r Report) Write(w io.Writer) error {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(table, name+"\t"+format+"\n", args...) }
	c := r.Counts
	if v := r.Checkouts; v != nil && v.Order != "" {
		row("order", "%s", v.Order)
	}
	row("orders", "%s in %s: %s/s", humanize.Comma(c.Orders), r.Took.Round(time.Millisecond), rate(c.Orders, r.Took))
	row("callbacks", "%s acknowledged: %s/s", humanize.Comma(c.Callbacks), rate(c.Callbacks, r.Took))
	row("outcomes", "%s", r.outcomes())
	row("answers", "%s thrown away and %s cut off on purpose; %s failed", humanize.Comma(c.Thrown), humanize.Comma(c.Cut), humanize.Comma(c.Unusable))
	row("latency", "%s", r.latency())
	row("paid", "%s", r.paid())
	row("balances", "%s", r.balances())
	if v := r.Checkouts; v != nil {
		row("review", "%s", v.review())
		row("coinbase", "%s", v.coinbase())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range r.remarks() {
		fmt.Fprintf(&text, "  %s\n", line)
	}
	_, err := w.Write(text.Bytes())
	return err
}

func rate(n int64, took time.Duration) string {
	return humanize.Comma(int64(float64(n) / max(took, time.Millisecond).Seconds()))
}

func (r Report) outcomes() string {
	var parts []string
	for _, name := range currencies(r.Counts.Outcomes) {
		parts = append(parts, name+" "+humanize.Comma(r.Counts.Outcomes[name]))
	}
	slices.SortStableFunc(parts, func(a, b string) int { return outcomeRank(a) - outcomeRank(b) })
	return list(parts)
}

// outcomeRank puts the commonest first.
func outcomeRank(part string) int {
	name, _, _ := strings.Cut(part, " ")
	return (slices.Index([]string{"recorded", "duplicate", "held"}, name) + 4) % 4
}

func (r Report) latency() string {
	if r.Latencies.Count() == 0 {
		return "nothing was answered"
	}
	var parts []string
	for _, percent := range []float64{50, 90, 99, 99.9, 100} {
		name := fmt.Sprintf("p%v", percent)
		if percent == 100 {
			name = "max"
		}
		parts = append(parts, fmt.Sprintf("%s %.2f", name, r.Latencies.Percentile(percent).Seconds()*1000))
	}
	return list(parts) + " ms"
}

func (r Report) paid() string {
	var parts []string
	for _, currency := range currencies(r.Paid) {
		parts = append(parts, r.Paid[currency].String()+" "+currency)
	}
	return list(parts)
}

func (r Report) balances() string {
	switch {
	case r.Judgement == nil:
		return "not judged"
	case r.Judgement.Different > 0:
		return fmt.Sprintf("WRONG: %d of %s users do not have what was paid, at position %d", r.Judgement.Different, humanize.Comma(int64(r.Judgement.Users)), r.Judgement.Position)
	}
	return fmt.Sprintf("exact: each of %s users has what was paid, at position %d", humanize.Comma(int64(r.Judgement.Users)), r.Judgement.Position)
}

// remarks list what is wrong and what may be the reason.
func (r Report) remarks() []string {
	var remarks []string
	if r.Judgement != nil {
		remarks = append(remarks, r.Judgement.Differences...)
		if len(r.Judgement.Differences) >= maxListed {
			remarks = append(remarks, "and others")
		}
		if r.Checkouts == nil && r.Judgement.Different > 0 && r.Counts.Outcomes["recorded"] == 0 && r.Counts.Outcomes["held"] > 0 {
			remarks = append(remarks, "Everything was held: does the server run with --unregistered hold? Simulated orders are not registered.")
		}
	}
	if r.Checkouts != nil {
		remarks = append(remarks, r.Checkouts.Differences...)
	}
	remarks = append(remarks, r.Surprises...)
	if n := r.Counts.Outcomes[NoOutcome]; n > 0 {
		remarks = append(remarks, humanize.Comma(n)+" acknowledgements were not daybook's own: does something in between answer for it?")
	}
	return remarks
}

func list(parts []string) string {
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
