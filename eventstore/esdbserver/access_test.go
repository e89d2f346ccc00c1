package esdbserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
)

func encryption(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

func roles(user, password string) esdbserver.Access {
	switch user + ":" + password {
	case "auditor:kpmg-secret":
		return esdbserver.Reading
	case "tool:wrench":
		return esdbserver.Writing
	}
	return esdbserver.Denied
}

func TestCredentials(t *testing.T) {
	s := serveScratch(t, func(o *esdbserver.Options) {
		o.AllowAnonymous, o.Credentials, o.TLS = false, roles, encryption(t)
	})
	as := func(user string) *esdb.Client {
		return s.connect(t, fmt.Sprintf("esdb://%s%s?tlsVerifyCert=false", user, s.address))
	}
	tool, auditor := as("tool:wrench@"), as("auditor:kpmg-secret@")
	s.write(t, tool, "order-1", esdb.NoStream{}, makeEvents(2)...)
	wantEqual(t, "read by the auditor", len(s.readOf(t, auditor, "order-1")), 2)
	subscription := s.followAll(t, auditor, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if e := next(subscription); e.EventAppeared == nil {
		t.Errorf("the auditor's subscription gets %+v", e)
	}
	if _, err := auditor.GetServerVersion(); err != nil {
		t.Error(err)
	}
	calls := func(client *esdb.Client) map[string]error {
		_, write := client.AppendToStream(s.ctx, "order-1", esdb.AppendToStreamOptions{}, makeEvents(1)...)
		_, remove := client.DeleteStream(s.ctx, "order-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
		_, tombstone := client.TombstoneStream(s.ctx, "order-1", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
		return map[string]error{"append": write, "delete": remove, "tombstone": tombstone}
	}
	for what, err := range calls(auditor) {
		wantCode(t, "the auditor's "+what, err, esdb.ErrorCodeAccessDenied)
	}
	for _, user := range []string{"", "auditor:wrong@", "tool:@", "other:x@"} {
		client := as(user)
		for what, err := range calls(client) {
			wantCode(t, user+what, err, esdb.ErrorCodeUnauthenticated)
		}
		_, err := read(client.ReadAll(s.ctx, esdb.ReadAllOptions{}, 1))
		if codeOf(err) != esdb.ErrorCodeUnauthenticated && status.Code(err) != codes.Unauthenticated {
			t.Errorf("%q reads: %v", user, err)
		}
	}
	wantEqual(t, "the stream afterwards", len(s.readOf(t, auditor, "order-1")), 2)
}

// Credentials may be taken from somebody whose subscription goes on.
func TestRevokedCredentialsEndSubscriptions(t *testing.T) {
	var revoked atomic.Bool
	s := serveScratch(t, func(o *esdbserver.Options) {
		o.AllowAnonymous, o.TLS = false, encryption(t)
		o.Credentials = func(user, password string) esdbserver.Access {
			if revoked.Load() && user == "auditor" {
				return esdbserver.Denied
			}
			return roles(user, password)
		}
	})
	as := func(user string) *esdb.Client {
		return s.connect(t, fmt.Sprintf("esdb://%s@%s?tlsVerifyCert=false", user, s.address))
	}
	tool, auditor := as("tool:wrench"), as("auditor:kpmg-secret")
	stays := s.followAll(t, tool, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	all := s.followAll(t, auditor, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	stream := s.followStream(t, auditor, "order-1", esdb.Start{})
	for _, subscription := range []*esdb.Subscription{stays, all, stream} {
		wantCaughtUp(t, next(subscription))
	}
	s.server.Recheck() // nothing has changed
	written := makeEvents(1)
	s.write(t, tool, "order-1", esdb.NoStream{}, written...)
	for _, subscription := range []*esdb.Subscription{stays, all, stream} {
		wantEvent(t, next(subscription), written[0].EventID)
	}
	revoked.Store(true)
	s.server.Recheck()
	more := makeEvents(1)
	s.write(t, tool, "order-1", esdb.Any{}, more...)
	for _, subscription := range []*esdb.Subscription{all, stream} {
		e := next(subscription)
		if e.SubscriptionDropped == nil || codeOf(e.SubscriptionDropped.Error) != esdb.ErrorCodeUnauthenticated && status.Code(e.SubscriptionDropped.Error) != codes.Unauthenticated {
			t.Errorf("after its credentials were taken a subscription gets %+v", e)
		}
	}
	wantEvent(t, next(stays), more[0].EventID)
}

func TestOptionsThatAreRefused(t *testing.T) {
	store := openStore(t, t.TempDir())
	for name, options := range map[string]esdbserver.Options{
		"nobody is asked":     {},
		"both":                {AllowAnonymous: true, Credentials: roles},
		"too large":           {AllowAnonymous: true, MaxAppendBytes: 2 << 20},
		"writing a real log":  {AllowAnonymous: true, Writable: true},
		"writing, with roles": {Credentials: roles, Writable: true},
	} {
		if _, err := esdbserver.New(t.Context(), store, options); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A log that has events never becomes a scratch log; one that is none is never
// taken for it.
func TestScratchLogs(t *testing.T) {
	real := openStore(t, t.TempDir())
	if _, err := real.Append(t.Context(), "order-1", eventstore.NoStream, callback("order-1")); err != nil {
		t.Fatal(err)
	}
	if err := esdbserver.CreateScratch(t.Context(), real); !errors.Is(err, esdbserver.ErrNotScratch) {
		t.Errorf("a real log becomes a scratch log: %v", err)
	}
	if scratch, err := esdbserver.IsScratch(t.Context(), real); scratch || err != nil {
		t.Errorf("a real log is a scratch log: %v", err)
	}
	if _, err := esdbserver.New(t.Context(), real, esdbserver.Options{AllowAnonymous: true, Writable: true}); !errors.Is(err, esdbserver.ErrNotScratch) {
		t.Errorf("a real log is written: %v", err)
	}
	fresh := openStore(t, t.TempDir())
	for range 2 {
		if err := esdbserver.CreateScratch(t.Context(), fresh); err != nil {
			t.Errorf("a fresh log does not become a scratch log, or not twice: %v", err)
		}
	}
	if scratch, err := esdbserver.IsScratch(t.Context(), fresh); !scratch || err != nil {
		t.Errorf("a scratch log is none: %v", err)
	}
}

// A real log is served as it is stored, and every write is refused.
func TestRealLog(t *testing.T) {
	store := openStore(t, t.TempDir())
	e := callback("order-coinbase.5RT")
	appended, err := store.Append(t.Context(), "order-coinbase.5RT", eventstore.NoStream, e)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, store, esdbserver.Options{AllowAnonymous: true})
	client := s.client(t)
	got := s.readOf(t, client, "order-coinbase.5RT")
	wantEqual(t, "id", got[0].EventID.String(), e.ID.String())
	wantEqual(t, "data", string(got[0].Data), string(e.Data))
	wantEqual(t, "type", got[0].EventType, "PaymentReceived")
	wantEqual(t, "content type", got[0].ContentType, "application/json")
	wantEqual(t, "position", got[0].Position, esdb.Position{Commit: uint64(appended.Position), Prepare: uint64(appended.Position)})
	for recorded, err := range store.Read(s.ctx, "order-coinbase.5RT", 0, eventstore.WithMetadata) {
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "metadata", string(got[0].UserMetadata), string(recorded.Metadata))
		wantEqual(t, "created", got[0].CreatedDate, recorded.RecordedAt)
	}
	all, err := read(client.ReadAll(s.ctx, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64))
	if err != nil || len(all) != 2 || all[0].StreamID != string(eventstore.LogStream) {
		t.Errorf("the log is %v: %v", all, err)
	}
	for _, stream := range []string{"order-coinbase.5RT", "order-new", "$$order-coinbase.5RT", "not a daybook name", "$all"} {
		large := makeEvents(1)
		large[0].Data = make([]byte, 100_000)
		_, err := client.AppendToStream(s.ctx, stream, esdb.AppendToStreamOptions{}, large...)
		wantCode(t, "append to "+stream, err, esdb.ErrorCodeAccessDenied)
		_, err = client.DeleteStream(s.ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}})
		wantCode(t, "delete "+stream, err, esdb.ErrorCodeAccessDenied)
		_, err = client.TombstoneStream(s.ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
		wantCode(t, "tombstone "+stream, err, esdb.ErrorCodeAccessDenied)
	}
	_, err = client.GetStreamMetadata(s.ctx, "order-coinbase.5RT", esdb.ReadStreamOptions{})
	wantCode(t, "metadata", err, esdb.ErrorCodeResourceNotFound)
	if last, _ := store.Tail(); last != appended.Position {
		t.Errorf("the log has grown to %s", last)
	}
}

// What clients tell errors apart by: the trailers.
func TestTrailers(t *testing.T) {
	s := serveScratch(t)
	s.write(t, s.client(t), "order-é", esdb.NoStream{}, makeEvents(2)...)
	stubs := s.stubs(t)
	var got metadata.MD
	identifier := &shared.StreamIdentifier{StreamName: []byte("order-é")}
	_, err := stubs.Delete(s.ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier: identifier, ExpectedStreamRevision: &streams.DeleteReq_Options_NoStream{},
	}}, grpc.Trailer(&got))
	wantEqual(t, "code", status.Code(err), codes.FailedPrecondition)
	wantTrailers(t, got, map[string]string{"exception": "wrong-expected-version", "stream-name": "order-%C3%A9", "expected-version": "-1", "actual-version": "1"})
	if _, err := stubs.Tombstone(s.ctx, &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
		StreamIdentifier: identifier, ExpectedStreamRevision: &streams.TombstoneReq_Options_Revision{Revision: 1},
	}}); err != nil {
		t.Fatal(err)
	}
	_, err = stubs.Delete(s.ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier: identifier, ExpectedStreamRevision: &streams.DeleteReq_Options_Any{},
	}}, grpc.Trailer(&got))
	wantEqual(t, "code", status.Code(err), codes.FailedPrecondition)
	wantTrailers(t, got, map[string]string{"exception": "stream-deleted", "stream-name": "order-%C3%A9"})
}

func wantTrailers(t *testing.T, got metadata.MD, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if values := got.Get(key); len(values) != 1 || values[0] != value {
			t.Errorf("trailer %s is %q, want %q", key, values, value)
		}
	}
}

// A node that is not the leader says who is to those who ask for the leader.
func TestNotLeader(t *testing.T) {
	var leader atomic.Pointer[string]
	here, elsewhere := "", "10.0.0.7:2113"
	leader.Store(&here)
	s := serveScratch(t, func(o *esdbserver.Options) {
		o.Leader = func() string { return *leader.Load() }
	})
	stubs := s.stubs(t)
	conn := s.dial(t)
	leader.Store(&elsewhere)
	request := &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("order-1")}, ExpectedStreamRevision: &streams.DeleteReq_Options_Any{},
	}}
	var trailer metadata.MD
	_, err := stubs.Delete(metadata.AppendToOutgoingContext(s.ctx, "requires-leader", "true"), request, grpc.Trailer(&trailer))
	wantEqual(t, "code", status.Code(err), codes.NotFound)
	wantTrailers(t, trailer, map[string]string{"exception": "not-leader", "leader-endpoint-host": "10.0.0.7", "leader-endpoint-port": "2113"})
	call, err := stubs.Append(metadata.AppendToOutgoingContext(s.ctx, "requires-leader", "true"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = call.CloseAndRecv()
	wantEqual(t, "code of append", status.Code(err), codes.NotFound)
	if _, err := stubs.Delete(s.ctx, request); status.Code(err) == codes.NotFound {
		t.Errorf("who does not ask for the leader gets %v", err)
	}
	for _, want := range []gossip.MemberInfo_VNodeState{gossip.MemberInfo_Follower, gossip.MemberInfo_Leader} {
		info, err := gossip.NewGossipClient(conn).Read(s.ctx, &shared.Empty{})
		if err != nil || len(info.GetMembers()) != 1 {
			t.Fatalf("%v %v", info, err)
		}
		member := info.GetMembers()[0]
		endpoint := member.GetHttpEndPoint()
		wantEqual(t, "address", net.JoinHostPort(endpoint.GetAddress(), fmt.Sprint(endpoint.GetPort())), s.address)
		wantEqual(t, "state", member.GetState(), want)
		wantEqual(t, "alive", member.GetIsAlive() && member.GetInstanceId().GetString_() != "", true)
		leader.Store(&here)
	}
}
