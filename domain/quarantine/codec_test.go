package quarantine_test

import (
	"testing"
	"time"

	"daybook/domain/codec/codectest"
	"daybook/domain/quarantine"
)

func TestCodec(t *testing.T) {
	codectest.Run(t, quarantine.Codec, []quarantine.Event{
		quarantine.CallbackQuarantined{
			Format: "coinbase-v1", Reason: quarantine.NotJSON, Length: 17,
			Digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		},
		quarantine.CallbackRedriven{Outcome: "recorded", Stream: "order-coinbase.5RTQNACF", OccurredAt: time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC)},
	})
}
