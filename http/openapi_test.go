package httpapi

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
	"daybook/projections/orders"

	stdjson "encoding/json"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/gorilla/mux"
)

// document is openapi.yaml, read once.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(openAPI)
})

func mustDocument(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// templates tells the route of a path, as the server does.
var templates = sync.OnceValue(func() *mux.Router { return tableOfRoutes().router })

func template(r *http.Request) string {
	var match mux.RouteMatch
	if !templates().Match(withEncodedPath(r), &match) || match.Route == nil {
		return ""
	}
	path, _ := match.Route.GetPathTemplate()
	return path
}

// checkAnswer fails the test if an answer is not as openapi.yaml says: its
// status, its headers, its body.
func checkAnswer(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	documented, err := documentedResponse(mustDocument(t), r, a.Status)
	if err == nil {
		err = checkHeaders(documented, a.Header)
	}
	if err == nil && r.Method != http.MethodHead {
		err = checkBody(documented, a)
	}
	if err != nil {
		t.Errorf("%s %s answered %d against openapi.yaml: %v\n%v\n%.2000s", r.Method, template(r), a.Status, err, a.Header, a.Body)
	}
}

func documentedResponse(doc *openapi3.T, r *http.Request, status int) (*openapi3.Response, error) {
	path := template(r)
	if path == "" {
		if status != http.StatusNotFound {
			return nil, fmt.Errorf("there is no such route, which is a 404")
		}
		return doc.Components.Responses["NotFound"].Value, nil
	}
	operations := doc.Paths.Value(path).Operations()
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	operation := operations[method]
	if operation == nil {
		if status != http.StatusMethodNotAllowed {
			return nil, fmt.Errorf("the path has no such method, which is a 405")
		}
		for _, operation = range operations {
		}
	}
	response := operation.Responses.Status(status)
	if response == nil {
		return nil, fmt.Errorf("the status is not documented")
	}
	return response.Value, nil
}

// checkHeaders compares both ways. Content-Type is the key of the content.
func checkHeaders(documented *openapi3.Response, header http.Header) error {
	for name := range header {
		switch name {
		case "Content-Type", "Content-Length", "Date":
			continue
		}
		known := false
		for listed := range documented.Headers {
			known = known || http.CanonicalHeaderKey(listed) == name
		}
		if !known {
			return fmt.Errorf("the header %s is not documented", name)
		}
	}
	for name, listed := range documented.Headers {
		value := header.Get(name)
		if value == "" {
			if listed.Value.Required {
				return fmt.Errorf("the header %s is missing", name)
			}
			continue
		}
		if err := listed.Value.Schema.Value.VisitJSON(value); err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
	}
	return nil
}

func checkBody(documented *openapi3.Response, a answer) error {
	if len(documented.Content) == 0 {
		if len(a.Body) > 0 {
			return fmt.Errorf("a body where none is documented")
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	content := documented.Content[mediaType]
	if content == nil {
		return fmt.Errorf("the media type %s is not documented", mediaType)
	}
	if !strings.HasSuffix(mediaType, "json") {
		return nil
	}
	var value any
	if err := stdjson.Unmarshal(a.Body, &value); err != nil {
		return err
	}
	return content.Schema.Value.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.EnableFormatValidation())
}

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	if err := mustDocument(t).Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestTheDocumentHasTheRoutesOfTheRouterAndNoOthers(t *testing.T) {
	var documented, routed []string
	for path, item := range mustDocument(t).Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	for _, r := range tableOfRoutes().table {
		for method := range r.methods {
			routed = append(routed, method+" "+r.path)
		}
	}
	slices.Sort(documented)
	slices.Sort(routed)
	if !slices.Equal(documented, routed) {
		t.Errorf("documented:\n%s\nrouted:\n%s", strings.Join(documented, "\n"), strings.Join(routed, "\n"))
	}
}

func TestTheDocumentAllowsTheProblemsOfTheTableAndNoOthers(t *testing.T) {
	doc := mustDocument(t)
	var documented, listed, table []string
	for _, name := range doc.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum {
		documented = append(documented, name.(string))
	}
	for line := range strings.Lines(doc.Info.Description) {
		if cells := strings.Split(line, "|"); len(cells) == 5 && strings.HasPrefix(cells[1], " /problems/") {
			listed = append(listed, strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
		}
	}
	for _, k := range problemsByTable {
		table = append(table, "/problems/"+k.name+" "+strconv.Itoa(k.status))
	}
	if !slices.Equal(listed, table) {
		t.Errorf("the description lists\n%s\nthe table is\n%s", strings.Join(listed, "\n"), strings.Join(table, "\n"))
	}
	for i, name := range documented {
		if i >= len(table) || !strings.HasPrefix(table[i], name+" ") {
			t.Errorf("the schema allows %s at place %d, which the table has not", name, i)
		}
	}
}

// openSchemas are those that describe what others decide: events by type, and
// what Coinbase sends.
var openSchemas = map[string]bool{"Callback": true, "Cents": true}

func TestEveryObjectThatIsAnsweredIsClosed(t *testing.T) {
	schemas := mustDocument(t).Components.Schemas
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		schema := schemas[name].Value
		if !schema.Type.Is("object") || openSchemas[name] {
			continue
		}
		if has := schema.AdditionalProperties.Has; has == nil || *has {
			t.Errorf("schema %s allows members that it does not list", name)
		}
	}
}

func TestAnOrderWithEverythingInItIsAsDocumented(t *testing.T) {
	amount, err := money.Parse("USD", "12.53")
	if err != nil {
		t.Fatal(err)
	}
	const item = "6f1e2a40-0000-8000-8000-000000000000"
	at := time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC)
	full := orders.Order{
		ID: order.NewID("coinbase", "A"), Status: orders.Paid, Registered: true, Expired: true, User: "u1", Amount: &amount,
		Payments: []orders.Payment{{
			Payment: "coinbase/order/A", User: "u1", Amount: amount, Status: orders.PaymentRefunded, OccurredAt: at, RecordedAt: at, Decision: item,
			Adjustments: []orders.Adjustment{{
				Type: orders.AdjustmentRefunded, ID: "r1", User: "u1", Amount: amount.Neg(), OccurredAt: at, RecordedAt: at,
			}},
		}},
		Mispayments: []orders.Mispayment{{
			Mispayment: item, Payment: "coinbase/mispayment/M", User: "u1", Amount: amount, Reason: payment.Late, Status: orders.MispaymentRefunding,
			OccurredAt: at, RecordedAt: at, Decision: item, Refunded: &amount,
		}},
		Holds: []orders.Hold{{
			Hold: item, Payment: "coinbase/order/A", User: "u1", Amount: &amount,
			Reason: "contradiction", Arrived: true, Contradiction: true, Refund: true, Posted: true, OccurredAt: at, RecordedAt: at,
		}},
		Decisions: []orders.Decision{{
			ID: item, Item: item, Decision: review.Charge, Payment: "coinbase/order/A", User: "u1", Amount: &amount, Short: &amount, Within: &amount,
			Round: 1, By: "operator:alice", Note: "n", RecordedAt: at, Reversed: &orders.Reversed{By: "operator:bob", Note: "n", RecordedAt: at},
		}},
		Refunds: []orders.Refund{{
			ID: "r1", Item: item, Payment: "coinbase/order/A", Amount: amount, Status: order.RefundSent, Failed: true, By: "operator:alice", Note: "n",
			SentBy: "operator:bob", Reference: "0xab", Report: "checkout/C/refund/R", Hash: "ab", SentAt: at, RecordedAt: at,
		}},
		ReportedStatuses: []string{"expired"}, Revision: 3, Changed: 7, OccurredAt: at, RecordedAt: at, Position: 9,
	}
	full.Decisions[0].Replaces = &orders.Replaced{
		Payment: &full.Payments[0], Mispayment: &full.Mispayments[0], Holds: full.Holds, Order: &orders.Named{User: "u1", Amount: &amount},
	}
	encoded, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := stdjson.Unmarshal(encoded, &value); err != nil {
		t.Fatal(err)
	}
	if err := mustDocument(t).Components.Schemas["Order"].Value.VisitJSON(value, openapi3.EnableFormatValidation()); err != nil {
		t.Errorf("%v\n%s", err, encoded)
	}
}
