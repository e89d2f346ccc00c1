package esdbserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"daybook/eventstore"
)

// EventStoreDB takes 1 MiB in one append, and the contract of the store less.
// What is too much for the store is kept apart: in a stream that is named by
// the SHA-256 of the text, cut into pieces, written before the events that
// refer to it. Writing it again changes nothing.
const (
	apartCategory = "esdbpart"
	pieceBytes    = 512 << 10
	apartStart    = `{"sha256":"`
	apartEnd      = `"}`
)

// putApart makes events fit into one append, the largest parts first.
func putApart(ctx context.Context, store eventstore.Store, events []eventstore.Event) error {
	for {
		size := 0
		var largest *eventstore.Event
		var text *[]byte
		var flag flags
		consider := func(e *eventstore.Event, part *[]byte, apart flags) {
			if text == nil || len(*part) > len(*text) {
				largest, text, flag = e, part, apart
			}
		}
		for i := range events {
			e := &events[i]
			size += len(e.Type) + len(e.Data) + len(e.Metadata)
			consider(e, &e.Data, dataApart)
			consider(e, &e.Metadata, metadataApart)
		}
		if size <= eventstore.MaxAppendBytes || len(*text) < 1<<10 {
			return nil // or the store says that it is too large
		}
		reference, err := writeApart(ctx, store, *text)
		if err != nil {
			return err
		}
		*text = reference
		largest.Schema = 1 + int(flags(largest.Schema-1)|flag)
	}
}

func writeApart(ctx context.Context, store eventstore.Store, text []byte) (reference []byte, err error) {
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	stream := eventstore.StreamName(apartCategory + "-" + digest)
	expected := eventstore.NoStream
	for piece := range piecesOf(text) {
		e := eventstore.Event{
			ID:       eventstore.DeriveID(stream, "", expected.Next()),
			Type:     "Piece",
			Schema:   1,
			Data:     wrap(piece),
			Metadata: []byte("{}"),
		}
		appended, err := store.Append(ctx, stream, expected, e)
		if err != nil {
			return nil, fmt.Errorf("keep a large event: %w", err)
		}
		expected = eventstore.At(appended.Revision)
	}
	return []byte(apartStart + digest + apartEnd), nil
}

func piecesOf(text []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			n := min(len(text), pieceBytes)
			if !yield(text[:n]) {
				return
			}
			text = text[n:]
		}
	}
}

// fetch returns the text that a reference stands for.
func (v asScratch) fetch(ctx context.Context, reference []byte) ([]byte, error) {
	digest, ok := bytes.CutPrefix(reference, []byte(apartStart))
	digest, ended := bytes.CutSuffix(digest, []byte(apartEnd))
	if !ok || !ended {
		return nil, errEnvelope
	}
	var text []byte
	for e, err := range v.store.Read(ctx, eventstore.StreamName(apartCategory+"-"+string(digest)), 0) {
		if err != nil {
			return nil, err
		}
		piece, err := unwrap(e.Data)
		if err != nil {
			return nil, err
		}
		text = append(text, piece...)
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != string(digest) {
		return nil, errEnvelope
	}
	return text, nil
}
