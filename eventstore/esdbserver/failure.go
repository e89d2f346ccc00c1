package esdbserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"daybook/eventstore"
)

// failure is an error as clients tell them apart: by the code and by the
// trailer "exception", whose further trailers have the details.
type failure struct {
	code    codes.Code
	message string
	trailer metadata.MD

	// What stands for it in the answer to one write of a BatchAppend.
	batchCode codes.Code
	detail    proto.Message
}

// Error implements error.
func (f *failure) Error() string { return f.message }

// GRPCStatus is how gRPC asks for the code.
func (f *failure) GRPCStatus() *status.Status { return status.New(f.code, f.message) }

// answer turns the error of a call into what is sent: trailers and a status.
func answer(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	f := failureOf(err)
	if len(f.trailer) > 0 {
		_ = grpc.SetTrailer(ctx, f.trailer) // fails outside of a call only
	}
	return f.GRPCStatus().Err()
}

// failureOf maps errors of the store and of gRPC.
func failureOf(err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled):
		return &failure{code: codes.Canceled, message: "call cancelled"}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{code: codes.DeadlineExceeded, message: "deadline exceeded"}
	case errors.Is(err, eventstore.ErrUnavailable):
		return &failure{code: codes.Unavailable, message: "the log is not available"}
	case errors.Is(err, eventstore.ErrInvalid):
		return &failure{code: codes.InvalidArgument, message: err.Error(), batchCode: codes.InvalidArgument, detail: &shared.BadRequest{Message: err.Error()}}
	}
	if s, ok := status.FromError(err); ok {
		return &failure{code: s.Code(), message: s.Message()}
	}
	return &failure{code: codes.Unknown, message: "internal error"}
}

func invalid(format string, args ...any) *failure {
	message := fmt.Sprintf(format, args...)
	return &failure{code: codes.InvalidArgument, message: message, batchCode: codes.InvalidArgument, detail: &shared.BadRequest{Message: message}}
}

func accessDenied() *failure {
	return &failure{
		code:      codes.PermissionDenied,
		message:   "Access Denied",
		trailer:   metadata.Pairs("exception", "access-denied"),
		batchCode: codes.PermissionDenied,
		detail:    &shared.AccessDenied{},
	}
}

func streamDeleted(stream string) *failure {
	return &failure{
		code:      codes.FailedPrecondition,
		message:   fmt.Sprintf("Event stream '%s' is deleted.", printable(stream)),
		trailer:   metadata.Pairs("exception", "stream-deleted", "stream-name", printable(stream)),
		batchCode: codes.NotFound,
		detail:    &shared.StreamDeleted{StreamIdentifier: identifier(stream)},
	}
}

func appendTooLarge(most int) *failure {
	return &failure{
		code:      codes.InvalidArgument,
		message:   fmt.Sprintf("Maximum Append Size of %d Exceeded.", most),
		trailer:   metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(most)),
		batchCode: codes.InvalidArgument,
		detail:    &shared.MaximumAppendSizeExceeded{MaxAppendSize: uint32(most)},
	}
}

func missingMetadata(property string) *failure {
	message := fmt.Sprintf("Required Metadata Property '%s' is missing.", property)
	return &failure{
		code:      codes.InvalidArgument,
		message:   message,
		trailer:   metadata.Pairs("exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"),
		batchCode: codes.InvalidArgument,
		detail:    &shared.BadRequest{Message: message},
	}
}

func serverTimeout() *failure {
	return &failure{
		code:      codes.Aborted,
		message:   "Operation timed out: the write was not committed in time.",
		batchCode: codes.DeadlineExceeded,
		detail:    &shared.Timeout{},
	}
}

func notLeader(address string) *failure {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, "2113"
	}
	return &failure{
		code:    codes.NotFound,
		message: "Leader info available",
		trailer: metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port),
	}
}

func shuttingDown() *failure {
	return &failure{code: codes.Unavailable, message: "Server is shutting down"}
}

// printable makes a name fit for a trailer, which is ASCII.
func printable(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func identifier(stream string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}
