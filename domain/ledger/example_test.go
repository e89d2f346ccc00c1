package ledger_test

import (
	"fmt"
	"log"

	"daybook/domain/codec"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
)

// A payment is pending when it is received. Once verified it is the user's, in lines
// that add up to zero.
func ExamplePost() {
	amount, err := money.Parse("USD", "12.53")
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range []codec.Event{
		order.PaymentReceived{Payment: "coinbase/order/5RTQNACF", User: "u1", Amount: amount},
		order.PaymentVerified{Payment: "coinbase/order/5RTQNACF", User: "u1", Amount: amount},
	} {
		entry, err := ledger.Post(event)
		if err != nil {
			log.Fatal(err) // an event without a posting
		}
		fmt.Printf("%s: pending changes by %s\n", event.EventType(), entry.Pending)
		for _, line := range entry.Lines {
			fmt.Printf("  %-20s %s\n", line.Account, line.Amount)
		}
	}
	// Output:
	// PaymentReceived: pending changes by 12.53 USD
	// PaymentVerified: pending changes by -12.53 USD
	//   assets:coinbase      12.53 USD
	//   liabilities:users:u1 -12.53 USD
}
