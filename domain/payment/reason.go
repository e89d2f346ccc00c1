package payment

// Reason says why a payment is held or mispaid. Reasons are written into events: they
// are for ever.
type Reason string

// The reasons for a hold.
const (
	NoUser             Reason = "no-user"                   // nobody is named as the payer
	UnusableUser       Reason = "unusable-user"             // the name cannot be an identifier
	Unregistered       Reason = "unregistered"              // the order or address is not registered, and must be
	UnreadableAmount   Reason = "unreadable-amount"         // missing, malformed, negative, or in units that are not documented
	Contradiction      Reason = "contradiction"             // an earlier report of the same payment says otherwise
	StatusDisagrees    Reason = "status-and-event-disagree" // one says paid, the other does not
	UnknownEvent       Reason = "unknown-event"             // paid, but the report is about something unknown
	UnknownStatus      Reason = "unknown-status"            // a word that nobody documented
	MispaymentNoID     Reason = "mispayment-without-id"     // cannot be told from another
	MispaymentNoAmount Reason = "mispayment-without-amount" // its own native amount is missing or unreadable
	MispaymentMissing  Reason = "mispayment-missing"        // announced, but not in the report
	ClaimedElsewhere   Reason = "claimed-elsewhere"         // the same mispayment belongs to another order
	NoHash             Reason = "no-transaction-hash"       // cannot be told from another
	AnotherOutput      Reason = "another-output"            // of the same transaction to the same address, by its amount
	Redriven           Reason = "redriven"                  // it would be credited, but for having been read again from quarantine

	UnreadableSettlement Reason = "unreadable-settlement" // total, fee or net is missing or malformed
	SettlementDisagrees  Reason = "settlement-disagrees"  // with the amount, or with itself
	AnotherTransfer      Reason = "another-transfer"      // another transaction to what is paid once
	TransactionElsewhere Reason = "transaction-elsewhere" // another order has the same transaction
	ProviderDisagrees    Reason = "provider-disagrees"    // its answer is not what the callback said
	Unverified           Reason = "unverified"            // the provider has not answered in time
)

// The doubts about a refund.
const (
	RefundMissing         Reason = "refund-missing"          // announced, but not in the report
	RefundNoID            Reason = "refund-without-id"       // cannot be told from another
	RefundOfAnother       Reason = "refund-of-another"       // its checkoutId is another checkout's
	RefundContradictsSelf Reason = "refund-contradicts-self" // the report has it twice, and differently
	RefundAbove           Reason = "refund-above-payment"    // more went back than had come
	RefundSame            Reason = "refund-as-sent"          // of the amount that a person says was sent elsewhere
)

// The reasons for a mispayment by the terms of a registered order.
const (
	Underpaid     Reason = "underpaid"      // less than was asked for
	OtherCurrency Reason = "other-currency" // than was asked for
	Second        Reason = "second"         // the order was paid before
	Late          Reason = "late"           // paid after the order had expired
)
