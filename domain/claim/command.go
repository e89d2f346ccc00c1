package claim

import "daybook/domain/ident"

// Claim is the command to claim a payment for a stream.
type Claim struct {
	Payment ident.Payment
	Owner   string
}
