package quarantine_test

import (
	"testing"

	"daybook/domain/codec/codectest"
	"daybook/domain/quarantine"
)

func TestCodec(t *testing.T) {
	codectest.Run(t, quarantine.Codec, []quarantine.Event{
		quarantine.CallbackQuarantined{
			Format: "coinbase-v1", Reason: quarantine.NotJSON, Length: 17,
			Digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			Reader: 1, Authenticity: &quarantine.Authenticity{Method: "secret", Source: "54.175.255.207"},
		},
		quarantine.CallbackRedriven{
			Task: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Reader: 2, Outcome: "held",
			Reason: quarantine.Incomplete, Stream: "order-coinbase.5RTQNACF",
		},
	})
}
