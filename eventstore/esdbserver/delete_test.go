package esdbserver_test

import (
	"math"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func TestDelete(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	_, err := client.DeleteStream(s.ctx, "order-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
	if err == nil {
		t.Error("a stream that does not exist is deleted")
	}
	s.write(t, client, "order-1", esdb.NoStream{}, makeEvents(3)...)
	if _, err := client.DeleteStream(s.ctx, "order-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(1)}); err == nil {
		t.Error("a stream that has moved on is deleted")
	}
	if _, err := client.DeleteStream(s.ctx, "order-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)}); err != nil {
		t.Fatal(err)
	}
	_, err = read(client.ReadStream(s.ctx, "order-1", esdb.ReadStreamOptions{}, 10))
	wantCode(t, "read", err, esdb.ErrorCodeResourceNotFound)
	_, err = client.AppendToStream(s.ctx, "order-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.StreamExists{}}, makeEvents(1)...)
	wantCode(t, "append to a deleted stream that is to exist", err, esdb.ErrorCodeStreamDeleted)

	// It begins anew where it has ended.
	events := makeEvents(2)
	if result := s.write(t, client, "order-1", esdb.NoStream{}, events...); result.NextExpectedVersion != 4 {
		t.Errorf("got %v", result)
	}
	got := s.readOf(t, client, "order-1")
	wantEqual(t, "ids", idsOf(got), proposedIDs(events))
	wantEqual(t, "first revision", got[0].EventNumber, 3)
	backwards, err := read(client.ReadStream(s.ctx, "order-1", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 10))
	if err != nil || len(backwards) != 2 {
		t.Errorf("backwards: %v %v", backwards, err)
	}
	all, err := read(client.ReadAll(s.ctx, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64))
	if err != nil || len(all) != 3+1+2+1 {
		t.Errorf("the log has %d events, want those and two of metadata: %v", len(all), err)
	}
}

func TestTombstone(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	s.write(t, client, "order-1", esdb.NoStream{}, makeEvents(2)...)
	subscription, err := client.SubscribeToStream(s.ctx, "order-1", esdb.SubscribeToStreamOptions{From: esdb.End{}})
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	if e := subscription.Recv(); e.CaughtUp == nil {
		t.Fatalf("got %+v", e)
	}
	for _, stream := range []string{"order-1", "order-never-written"} {
		if _, err := client.TombstoneStream(s.ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}}); err != nil {
			t.Fatal(err)
		}
		_, err := read(client.ReadStream(s.ctx, stream, esdb.ReadStreamOptions{}, 10))
		wantCode(t, "read", err, esdb.ErrorCodeStreamDeleted)
		for _, expected := range []esdb.ExpectedRevision{esdb.Any{}, esdb.NoStream{}, esdb.StreamExists{}, esdb.Revision(1), esdb.Revision(2)} {
			_, err := client.AppendToStream(s.ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, makeEvents(1)...)
			wantCode(t, "append", err, esdb.ErrorCodeStreamDeleted)
		}
		_, err = client.DeleteStream(s.ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
		wantCode(t, "delete", err, esdb.ErrorCodeStreamDeleted)
		_, err = client.SubscribeToStream(s.ctx, stream, esdb.SubscribeToStreamOptions{})
		wantCode(t, "subscribe", err, esdb.ErrorCodeStreamDeleted)
	}
	if e := subscription.Recv(); e.SubscriptionDropped == nil {
		t.Errorf("the subscriber of the stream gets %+v", e)
	}
	all, err := read(client.ReadAll(s.ctx, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, 2))
	if err != nil || all[0].EventType != "$streamDeleted" || all[1].StreamID != "order-1" || all[1].EventNumber != math.MaxInt64 {
		t.Errorf("the log ends with %v: %v", all, err)
	}
}

func TestMetadataStreams(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	_, err := client.GetStreamMetadata(s.ctx, "order-1", esdb.ReadStreamOptions{})
	wantCode(t, "metadata of nothing", err, esdb.ErrorCodeResourceNotFound)
	s.write(t, client, "order-1", esdb.NoStream{}, makeEvents(10)...)
	for _, count := range []uint64{5, 3} {
		var metadata esdb.StreamMetadata
		metadata.SetMaxCount(count)
		if _, err := client.SetStreamMetadata(s.ctx, "order-1", esdb.AppendToStreamOptions{}, metadata); err != nil {
			t.Fatal(err)
		}
		got, err := client.GetStreamMetadata(s.ctx, "order-1", esdb.ReadStreamOptions{})
		if err != nil || got.MaxCount() == nil || *got.MaxCount() != count {
			t.Errorf("got %v, %v", got, err)
		}
		events := s.readOf(t, client, "order-1")
		wantEqual(t, "length", uint64(len(events)), count)
		wantEqual(t, "last", events[count-1].EventNumber, 9)
	}
	s.write(t, client, "$$order-1", esdb.Any{}, esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(`{"$tb":8,"more":[1]}`)})
	wantEqual(t, "length behind what is truncated", len(s.readOf(t, client, "order-1")), 2)
	if stored := s.readOf(t, client, "$$order-1"); len(stored) != 1 || stored[0].EventNumber != 2 {
		t.Errorf("of a metadata stream the last event is shown: got %v", stored)
	}
	if _, err := client.DeleteStream(s.ctx, "$$order-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}}); codeOf(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("delete metadata: %v", err)
	}
}
