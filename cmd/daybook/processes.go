package main

import (
	"context"
	"errors"
	"math"
	"time"

	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/http/callback"
	"daybook/http/coinbase"
	"daybook/projections/follow"
	"daybook/projections/process"
	"daybook/projections/process/linker"
	"daybook/projections/process/redrive"
	"daybook/projections/process/verifier"

	"github.com/prometheus/client_golang/prometheus"
)

// processes are what acts because of the log.
type processes []*process.Runner

// newProcesses makes the processes. They wait while the lists are folded.
func newProcesses(log eventstore.Reader, service *recorder.Recorder, w waiting, client *coinbase.Client, options follow.Options) processes {
	run := process.Options{
		Logger: options.Logger,
		Ready:  func() error { return w.projection.Ready(math.MaxInt64) },
	}
	soon := run
	soon.Every = time.Second // a customer waits for it
	all := processes{
		process.New(redrive.Redrive{Log: log, Formats: keptFormats{service}, Ledger: service, Now: time.Now}.Process(), w.model, run),
		process.New(linker.Linker{Log: log, Lookup: w.model, Ledger: service, Now: time.Now}.Process(), w.model, soon),
	}
	verify := verifier.Verifier{Provider: noAnswers{}, Ledger: service, Now: time.Now}
	if client != nil {
		verify.Provider = coinbaseAnswers{client, time.Now}
	}
	return append(all, process.New(verify.Process(), w.model, soon))
}

// keptFormats are the formats of callbacks, for what was kept.
type keptFormats struct{ service *recorder.Recorder }

func (keptFormats) find(name string) *callback.Format {
	for _, f := range formats(inbound{}) {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Reader implements redrive.Formats.
func (k keptFormats) Reader(format string) int {
	if f := k.find(format); f != nil {
		return f.Reader
	}
	return 0
}

// Record implements redrive.Formats.
func (k keptFormats) Record(ctx context.Context, d recorder.Delivery) (recorder.Result, error) {
	report, err := k.find(d.Format).Parse(d.Body)
	var refusal *callback.Refusal
	switch {
	case errors.As(err, &refusal):
		return recorder.Result{}, redrive.Refusal{Reason: refusal.Reason}
	case err != nil:
		return recorder.Result{}, err
	case report.Test:
		return recorder.Result{Outcome: callback.Test}, nil
	}
	return k.service.Record(ctx, report, d)
}

// The metrics of a process.
var (
	processDue     = processDesc("due_tasks", "Tasks that were due when a process last read its list.")
	processOldest  = processDesc("oldest_due_age_seconds", "Age of the oldest task that is due; 0 if there is none.")
	processRunning = processDesc("running_tasks", "Tasks that run.")
	processDone    = processDesc("tries_done_total", "Tries of tasks that have succeeded since the start.")
	processFailed  = processDesc("tries_failed_total", "Tries of tasks that have failed since the start. They are tried again.")
)

func processDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("daybook_process_"+name, help, []string{"process"}, nil)
}

// Describe implements prometheus.Collector.
func (processes) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{processDue, processOldest, processRunning, processDone, processFailed} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (all processes) Collect(collected chan<- prometheus.Metric) {
	for _, p := range all {
		status := p.Status()
		send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64) {
			collected <- prometheus.MustNewConstMetric(d, kind, value, status.Name)
		}
		oldest := 0.0
		if !status.Oldest.IsZero() {
			oldest = time.Since(status.Oldest).Seconds()
		}
		send(processDue, prometheus.GaugeValue, float64(status.Due))
		send(processOldest, prometheus.GaugeValue, oldest)
		send(processRunning, prometheus.GaugeValue, float64(status.Running))
		send(processDone, prometheus.CounterValue, float64(status.Done))
		send(processFailed, prometheus.CounterValue, float64(status.Failed))
	}
}
