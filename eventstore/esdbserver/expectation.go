package esdbserver

import (
	"fmt"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
)

type sharedUUID = shared.UUID

// expectation is where a writer believes a stream to be: a revision, or one of
// the values below, which are those of EventStoreDB.
type expectation int64

const (
	expectNoStream     expectation = -1
	expectAny          expectation = -2
	expectStreamExists expectation = -4
)

// noStream is the revision of a stream without events.
const noStream = int64(expectNoStream)

// expecting are the options of a request, with the getters that protobuf generates.
type expecting[Empty any] interface {
	GetNoStream() *Empty
	GetAny() *Empty
	GetStreamExists() *Empty
}

// expectationOf reads the expectation of a request. given says that it has one.
func expectationOf[Empty any](o expecting[Empty], given bool, revision uint64) (expectation, error) {
	switch {
	case !given:
		return 0, errNoExpectation
	case o.GetNoStream() != nil:
		return expectNoStream, nil
	case o.GetAny() != nil:
		return expectAny, nil
	case o.GetStreamExists() != nil:
		return expectStreamExists, nil
	case revision >= math.MaxInt64:
		return 0, invalid("revision %d is out of range", revision)
	}
	return expectation(revision), nil
}

var errNoExpectation = invalid("no expected revision is given")

// wrongVersion says that a stream is not where the writer expected it.
type wrongVersion struct {
	stream   string
	expected expectation
	current  int64 // or noStream
}

// Error implements error.
func (w *wrongVersion) Error() string {
	return fmt.Sprintf("Append failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d",
		printable(w.stream), w.expected, w.current)
}

// appendResponse is how an append answers, which is no error there. Clients
// before version 20.6.1 read fields of their own.
func (w *wrongVersion) appendResponse() *streams.AppendResp {
	wrong := &streams.AppendResp_WrongExpectedVersion{}
	if w.current == noStream {
		wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: empty()}
		wrong.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: empty()}
	} else {
		wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(w.current)}
		wrong.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: uint64(w.current)}
	}
	switch w.expected {
	case expectAny:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: empty()}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: empty()}
	case expectStreamExists:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: empty()}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: empty()}
	case expectNoStream:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: empty()}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: math.MaxUint64}
	default:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: uint64(w.expected)}
		wrong.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: uint64(w.expected)}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: wrong}}
}

// failure is how everything else answers.
func (w *wrongVersion) failure() *failure {
	detail := &shared.WrongExpectedVersion{}
	if w.current == noStream {
		detail.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}}
	} else {
		detail.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: uint64(w.current)}
	}
	switch w.expected {
	case expectAny:
		detail.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case expectStreamExists:
		detail.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}}
	case expectNoStream:
		detail.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	default:
		detail.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: uint64(w.expected)}
	}
	return &failure{
		code:    codes.FailedPrecondition,
		message: w.Error(),
		trailer: metadata.Pairs(
			"exception", "wrong-expected-version",
			"stream-name", printable(w.stream),
			"expected-version", fmt.Sprint(int64(w.expected)),
			"actual-version", fmt.Sprint(w.current),
		),
		batchCode: codes.AlreadyExists,
		detail:    detail,
	}
}
