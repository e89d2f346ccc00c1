package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"daybook/eventstore"
	httpapi "daybook/http"

	"github.com/go-json-experiment/json"
)

type replayCommand struct {
	logFlag `embed:""`
	Stream  string `arg:"" optional:"" help:"Stream to print, such as order-coinbase.5RTQNACF; the whole log if left out."`
	Format  string `help:"text: a line for people; jsonl: an object a line with everything that is recorded, evidence included." enum:"text,jsonl" default:"text" env:"-"`
}

// Run prints events in the order of the log.
func (c *replayCommand) Run(ctx context.Context, out output) error {
	reader, err := c.openLog(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := warnOfLosses(ctx, reader, out.stderr); err != nil {
		return err
	}
	events, err := c.events(ctx, reader)
	if err != nil {
		return err
	}
	write := printText
	if c.Format == "jsonl" {
		write = printJSON
	}
	w := bufio.NewWriter(out.stdout)
	count := 0
	for event, err := range events {
		if err != nil {
			return errors.Join(err, w.Flush())
		}
		if err := write(w, event); err != nil {
			return err
		}
		count++
	}
	if count == 0 {
		return fmt.Errorf("no event has been recorded in stream %s", c.Stream)
	}
	return w.Flush()
}

func (c *replayCommand) events(ctx context.Context, reader eventstore.Reader) (iter.Seq2[eventstore.Recorded, error], error) {
	var include []eventstore.Include
	if c.Format == "jsonl" {
		include = append(include, eventstore.WithMetadata)
	}
	if c.Stream == "" {
		return reader.ReadAll(ctx, 0, include...), nil
	}
	stream, err := eventstore.ParseStreamName(c.Stream)
	if err != nil {
		return nil, err
	}
	return reader.Read(ctx, stream, 0, include...), nil
}

func printText(w io.Writer, e eventstore.Recorded) error {
	_, err := fmt.Fprintf(w, "%s  %s  %s@%d  %s\n    %s\n", e.Position, eventstore.FormatTime(e.RecordedAt), e.Stream, e.Revision, e.Type, e.Data)
	return err
}

// replayedEvent is an event as jsonl has it: as in GET /streams, behind the
// name of its stream.
type replayedEvent struct {
	Stream        eventstore.StreamName `json:"stream"`
	httpapi.Event `json:",embed"`
}

func printJSON(w io.Writer, e eventstore.Recorded) error {
	line, err := json.Marshal(replayedEvent{e.Stream, httpapi.NewEvent(e)})
	if err != nil {
		return fmt.Errorf("encode event at position %s: %w", e.Position, err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
