package verify

import (
	"strings"

	"daybook/eventstore"
)

// bitcoin is a member of an event's data.
const bitcoin = `"amount":{"currency":"BTC","amount":"` + one + `"}`

// cutType cuts an event's type off what is before its data.
func cutType(event string) (eventType, data string) {
	eventType, data, _ = strings.Cut(event, ":")
	return eventType, data
}

func replace(text, from, to string) string { return strings.ReplaceAll(text, from, to) }

func halved(event string) string   { return replace(event, one, "0.50000000") }
func othersOf(event string) string { return replace(event, `"u1"`, `"u2"`) }

func metadataOf(e *eventstore.Evidence) []byte {
	metadata, err := eventstore.Metadata{CommandID: "earlier", Actor: "callback:coinbase", Evidence: e}.Encode()
	if err != nil {
		panic(err)
	}
	return metadata
}
