package simulate

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

// How often progress is shown. A file of lines is read by people, too.
const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 2 * time.Second
)

// ShowProgress returns a Simulation.Watch that writes to w: a bar on a
// terminal, else a line now and then.
func ShowProgress(w io.Writer, terminal bool, orders int) func(func() Counts) func() {
	return func(progress func() Counts) func() {
		show, interval := lines(w, orders), lineInterval
		if terminal {
			show, interval = bar(w, orders), barInterval
		}
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
					show(progress(), false)
				case <-stop:
					show(progress(), true)
					return
				}
			}
		}()
		return func() {
			close(stop)
			<-stopped
		}
	}
}

func bar(w io.Writer, orders int) func(Counts, bool) {
	b := progressbar.NewOptions64(int64(orders),
		progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("orders"), progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(30), progressbar.OptionUseANSICodes(true))
	var shown string
	return func(c Counts, last bool) {
		if text := remark(c); text != shown {
			shown = text
			b.Describe(text)
		}
		_ = b.Set64(c.Orders) // of the terminal it is written to
		if last {
			_ = b.Exit()
			fmt.Fprintln(w)
		}
	}
}

func lines(w io.Writer, orders int) func(Counts, bool) {
	began := time.Now()
	return func(c Counts, last bool) {
		rate := float64(c.Orders) / time.Since(began).Seconds()
		fmt.Fprintf(w, "%s of %s orders, %s/s  %s\n", humanize.Comma(c.Orders), humanize.Comma(int64(orders)), humanize.Comma(int64(rate)), remark(c))
	}
}

// remark says what somebody who waits would like to know.
func remark(c Counts) string {
	if c.Unusable > 0 {
		return fmt.Sprintf("%s failed, at last because %s", humanize.Comma(c.Unusable), c.LastError)
	}
	return "sending"
}
