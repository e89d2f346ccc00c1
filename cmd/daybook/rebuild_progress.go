package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// lineEvery is the time between two lines where there is no terminal.
const lineEvery = 5 * time.Second

// progress shows how far a command has come: a bar with rate and time left on
// a terminal, a line now and then otherwise. It may be told by any number of
// goroutines.
type progress struct {
	w        io.Writer
	terminal bool

	mu      sync.Mutex // guards what follows
	doing   string
	bar     *progressbar.ProgressBar
	started time.Time
	first   uint64 // done when it began
	printed time.Time
}

func newProgress(w io.Writer) *progress { return &progress{w: w, terminal: isTerminal(w)} }

// quietly is told of work that is worth a bar, and no line.
func (p *progress) quietly(text string, done, total uint64) {
	if p.terminal {
		p.told(text, done, total)
	}
}

// told shows that so much of something is done. Total 0 is not known.
func (p *progress) told(text string, done, total uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text == "" {
		return
	}
	if text != p.doing {
		p.begin(text, done, total)
	}
	switch {
	case p.bar != nil:
		if int64(total) > p.bar.GetMax64() {
			p.bar.ChangeMax64(int64(total))
		}
		_ = p.bar.Set64(int64(done))
	case time.Since(p.printed) >= lineEvery:
		p.printed = time.Now()
		p.line(done, total)
	}
}

func (p *progress) begin(text string, done, total uint64) {
	p.finish()
	p.doing, p.started, p.first, p.printed = text, time.Now(), done, time.Now()
	if !p.terminal {
		fmt.Fprintf(p.w, "%s\n", text)
		return
	}
	size := int64(total)
	if size == 0 {
		size = -1
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(text), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetSpinnerChangeInterval(0), // what turns it by itself goes on behind Exit
	}
	if size > 0 {
		options = append(options, progressbar.OptionShowIts())
	}
	p.bar = progressbar.NewOptions64(size, options...)
	_ = p.bar.Set64(int64(done))
}

func (p *progress) line(done, total uint64) {
	took := time.Since(p.started).Seconds()
	rate := float64(done-min(done, p.first)) / took
	if total <= done || rate == 0 {
		fmt.Fprintf(p.w, "%s: %s, %s a second\n", p.doing, count(done), count(uint64(rate)))
		return
	}
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(p.w, "%s: %s of %s, %s a second, %s left\n", p.doing, count(done), count(total), count(uint64(rate)), left)
}

// end leaves the cursor at the beginning of a line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.w)
		p.bar = nil
	}
}
