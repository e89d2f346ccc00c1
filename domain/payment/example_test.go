package payment_test

import (
	"fmt"
	"log"

	"daybook/domain/money"
	"daybook/domain/payment"
)

func ExampleStanding_Judge() {
	parse := func(decimal string) money.Amount {
		amount, err := money.Parse("USD", decimal)
		if err != nil {
			log.Fatal(err)
		}
		return amount
	}
	report := payment.Claim{User: "u1", Amount: parse("10.00")}
	verified := payment.Claim{User: "u1", Amount: parse("10.00"), Sufficient: true}
	other := payment.Claim{User: "u1", Amount: parse("11.00"), Sufficient: true}

	var standing payment.Standing // nothing is known of the payment
	fmt.Println("a report is received:", standing.Judge(report).Action == payment.Receive)
	standing = standing.Receive("u1", parse("10.00"))

	fmt.Println("sufficient evidence verifies it:", standing.Judge(verified).Action == payment.Verify)
	standing = standing.Credit("u1", parse("10.00"))

	fmt.Println("a repetition is known:", standing.Judge(verified).Action == payment.Ignore)
	verdict := standing.Judge(other)
	fmt.Println("another amount is held:", verdict.Action == payment.Hold, verdict.Reason)
	// Output:
	// a report is received: true
	// sufficient evidence verifies it: true
	// a repetition is known: true
	// another amount is held: true contradiction
}
