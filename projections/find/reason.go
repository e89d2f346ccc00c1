package find

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/quarantine"
	"daybook/projections/local"
)

// waits says since when an item waits, why and where.
func waits(subject, list string, item local.Item) string {
	what := "a payment"
	reason := why(item.Reason)
	var details struct {
		Amount *money.Amount `json:"amount"`
		Posted *bool         `json:"posted"` // of a refund alone
	}
	if err := json.Unmarshal(item.Details, &details); err != nil {
		details.Amount, details.Posted = nil, nil
	}
	if details.Posted != nil {
		what = "a refund"
	}
	if details.Posted != nil && item.Reason == string(payment.OtherCurrency) {
		reason = "it was sent back in another currency than had come (" + item.Reason + ")"
	}
	if details.Amount != nil {
		what += " of " + details.Amount.String()
	}
	if item.User != "" {
		what += " of user " + item.User
	}
	if list == local.Quarantine.Name {
		what = "it"
	}
	again := ""
	if item.Again > 0 {
		again = fmt.Sprintf(" It came again, the last time on %s.", day(item.AgainAt))
	}
	return fmt.Sprintf("%s: %s is held since %s (position %s) because %s: it waits in %s as %s.%s",
		subject, what, day(item.OpenedAt), item.Position, reason, list, item.Key, again)
}

// why says a reason in words.
func why(reason string) string {
	if words, known := reasons[reason]; known {
		return words + " (" + reason + ")"
	}
	return "of " + reason
}

var reasons = map[string]string{
	string(payment.NoUser):                "no payer is named",
	string(payment.UnusableUser):          "the payer's name cannot be that of a user",
	string(payment.Unregistered):          "the order was not registered",
	string(payment.UnreadableAmount):      "its amount cannot be read",
	string(payment.Contradiction):         "an earlier report says otherwise",
	string(payment.StatusDisagrees):       "status and event of the report disagree",
	string(payment.UnknownEvent):          "the report is about an unknown event",
	string(payment.UnknownStatus):         "its status is an unknown word",
	string(payment.MispaymentNoID):        "the wrong payment has no id",
	string(payment.MispaymentNoAmount):    "the wrong payment's amount cannot be read",
	string(payment.MispaymentMissing):     "a wrong payment was announced and not described",
	string(payment.ClaimedElsewhere):      "the same wrong payment belongs to another order",
	string(payment.NoHash):                "it has no transaction hash",
	string(payment.AnotherOutput):         "it is another output of a known transaction",
	string(payment.Redriven):              "a process has read it again from quarantine, and what would credit by that is for a person to decide",
	string(payment.UnreadableSettlement):  "what reaches the merchant's account cannot be read",
	string(payment.SettlementDisagrees):   "what reaches the merchant's account does not add up to what was paid",
	string(payment.AnotherTransfer):       "it is another transaction to what is paid once",
	string(payment.TransactionElsewhere):  "another order has the same transaction",
	string(payment.ProviderDisagrees):     "the provider shows something else than its callback said",
	string(payment.Unverified):            "the provider has not answered about it in time",
	string(payment.Late):                  "it was paid after the order had expired",
	string(payment.RefundMissing):         "a refund was announced and not described",
	string(payment.RefundNoID):            "a refund has no id",
	string(payment.RefundOfAnother):       "a refund is one of another checkout",
	string(payment.RefundContradictsSelf): "the report describes one refund in two ways",
	string(payment.RefundAbove):           "more was sent back than had come",
	string(payment.RefundSame):            "it is as much as a person says was sent back before",
	string(payment.Underpaid):             "less was paid than the order asked for",
	string(payment.OtherCurrency):         "it was paid in another currency than the order asked for",
	string(payment.Second):                "the order was paid before",
	local.Mispaid:                         "the amount or the time was wrong",
	string(quarantine.NotJSON):            "it is not strict JSON",
	string(quarantine.UnknownDocument):    "it is none of the documents that are known",
	string(quarantine.Incomplete):         "it lacks what identifies it",
	string(quarantine.NotBitcoin):         "it is about another currency or network",
	string(quarantine.TooLarge):           "it was too large to be kept",
	string(quarantine.TooMany):            "it names more payments than one stream can hold",
}
