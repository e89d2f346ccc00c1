package main_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// ruleFile has the members of monitoring/alerts.yml; any other is a mistake.
type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []alert
	}
}

type alert struct {
	Alert       string
	Expr        string
	For         string
	Labels      struct{ Severity string }
	Annotations struct{ Summary, Description string }
}

func alerts(t *testing.T) []alert {
	t.Helper()
	content, err := os.ReadFile("../../monitoring/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var file ruleFile
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// dashboard has the members of monitoring/grafana-dashboard.json that the tests
// look at.
type dashboard struct {
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Panels        []panel
	Templating    struct {
		List []struct{ Name, Type string }
	}
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int } `json:"gridPos"`
	Datasource               struct{ UID string }
	Targets                  []struct {
		Expr         string
		LegendFormat string `json:"legendFormat"`
		RefID        string `json:"refId"`
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	content, err := os.ReadFile("../../monitoring/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(content, &d, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return d
}

// expression is one of PromQL, with the text around it that names its labels.
type expression struct {
	where string
	text  string
	prose string
}

// expressions are all of both files.
func expressions(t *testing.T) []expression {
	t.Helper()
	var all []expression
	for _, a := range alerts(t) {
		all = append(all, expression{a.Alert, a.Expr, a.Annotations.Summary + a.Annotations.Description})
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*")
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			all = append(all, expression{p.Title, variables.Replace(target.Expr), target.LegendFormat})
		}
	}
	return all
}

func TestAlertsSayWhatToDo(t *testing.T) {
	inTree(t)
	t.Parallel()
	seen := map[string]bool{}
	for _, a := range alerts(t) {
		if a.Alert == "" || seen[a.Alert] {
			t.Errorf("alert %q has no name of its own", a.Alert)
		}
		seen[a.Alert] = true
		if a.Labels.Severity != "page" && a.Labels.Severity != "ticket" {
			t.Errorf("%s: severity %q", a.Alert, a.Labels.Severity)
		}
		if a.Annotations.Summary == "" || len(a.Annotations.Description) < 80 {
			t.Errorf("%s does not say what has happened and what to do", a.Alert)
		}
	}
}

func TestDashboardIsOne(t *testing.T) {
	inTree(t)
	t.Parallel()
	d := readDashboard(t)
	if d.SchemaVersion != 39 || d.UID == "" {
		t.Errorf("schema %d, uid %q", d.SchemaVersion, d.UID)
	}
	if list := d.Templating.List; len(list) != 2 || list[0].Name != "datasource" || list[1].Name != "instance" {
		t.Errorf("variables %v", list)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	var rows []string
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q: the id is taken, or there is no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			rows = append(rows, p.Title)
		} else if len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" || p.Description == "" {
			t.Errorf("%s: shows nothing, of another data source, or does not say what", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s is outside, or on top of %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	if want := []string{"Attention", "Ingest", "Store", "Projections", "Process"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q", rows)
	}
}

// TestMonitoringAsksForWhatThereIs holds the files, and README's table, against
// what a server answers that has done some of everything.
func TestMonitoringAsksForWhatThereIs(t *testing.T) {
	inTree(t)
	embedded(t)
	t.Parallel()
	s := start(t, options{settings: append(newProvider(t).settings, secretsSetting)}) // with a key there is a verifier
	doSomeOfEverything(s)
	exposed := s.series()
	isFolded := func(l labels.Labels) bool { return l.Get(labels.MetricName) == "daybook_worklist_items" }
	for until := time.Now().Add(patience); !slices.ContainsFunc(exposed, isFolded) && time.Now().Before(until); {
		exposed = s.series() // a worklist may come a little later
	}
	for _, e := range expressions(t) {
		parsed, err := parser.ParseExpr(e.text)
		if err != nil {
			t.Errorf("%s: %v", e.where, err)
			continue
		}
		known := []string{"instance", "job"} // Prometheus adds them
		var asked []string
		parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
			switch node := node.(type) {
			case *parser.VectorSelector:
				found := checkSelector(t, e.where, node, exposed)
				known = append(known, found...)
			case *parser.AggregateExpr:
				asked = append(asked, node.Grouping...)
			}
			return nil
		})
		for _, match := range regexp.MustCompile(`{{ *(?:\$labels\.)?(\w+) *[|}]`).FindAllStringSubmatch(e.prose, -1) {
			asked = append(asked, match[1])
		}
		for _, label := range asked {
			if !slices.Contains(known, label) {
				t.Errorf("%s: nothing has the label %s", e.where, label)
			}
		}
	}
	checkMetricsTable(t, exposed)
	checkKeptAndHeldAreFound(t, s)
}

// doSomeOfEverything has callbacks answered in every way.
func doSomeOfEverything(s *server) {
	s.t.Helper()
	var outcomes []outcome
	for _, body := range []string{
		completedOrder("A", "ann", 100), completedOrder("A", "ann", 100), completedOrder("A", "ann", 200),
		`{"something":"else"}`, `{"order":{"id":null,"status":"completed","custom":"123456789"}}`,
	} {
		outcomes = append(outcomes, s.record(body))
	}
	s.post("{")
	s.request("POST", "/callbacks/coinbase?secret=wrong", "", "{}")
	s.request("PUT", "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", websiteSecret, `{"user":"ann"}`)
	s.balances("ann", last(outcomes))
	s.request("GET", "/nowhere", "", "")
}

// series returns what the server exposes.
func (c client) series() []labels.Labels {
	c.test.Helper()
	var all []labels.Labels
	for line := range strings.Lines(c.request("GET", "/metrics", "", "").body) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		text := line[:strings.LastIndex(line, " ")]
		metric, err := parser.ParseMetric(text)
		if err != nil {
			c.test.Fatalf("%s: %v", text, err)
		}
		all = append(all, metric)
	}
	return all
}

// checkSelector checks that there is a series for a selector, and returns the
// labels of all that have its name. A healthy server has answered no status that
// is asked for, and Prometheus has metrics and labels of its own.
func checkSelector(t *testing.T, where string, selector *parser.VectorSelector, exposed []labels.Labels) (known []string) {
	t.Helper()
	if selector.Name == "up" || strings.HasPrefix(selector.Name, "node_filesystem_") {
		return nil
	}
	matched := false
	for _, metric := range exposed {
		if metric.Get(labels.MetricName) != selector.Name {
			continue
		}
		metric.Range(func(l labels.Label) { known = append(known, l.Name) })
		matched = matched || !slices.ContainsFunc(selector.LabelMatchers, func(m *labels.Matcher) bool {
			switch m.Name {
			case "instance", "job":
				return false
			case "status":
				return !metric.Has("status")
			}
			return !m.Matches(metric.Get(m.Name))
		})
	}
	if !matched {
		t.Errorf("%s: nothing is %s", where, selector)
	}
	return known
}

// checkMetricsTable checks that README explains every metric of ours, and no
// other.
func checkMetricsTable(t *testing.T, exposed []labels.Labels) {
	t.Helper()
	section := readmeSection(t, "### Metrics")
	explained := map[string]bool{}
	for _, match := range regexp.MustCompile("`(daybook_\\w+)`").FindAllStringSubmatch(section, -1) {
		explained[match[1]] = true
	}
	there := map[string]bool{}
	for _, metric := range exposed {
		name := metric.Get(labels.MetricName)
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if strings.HasPrefix(name, "daybook_") {
			there[name] = true
		}
	}
	for name := range there {
		if !explained[name] {
			t.Errorf("README does not explain %s", name)
		}
	}
	for name := range explained {
		if !there[name] {
			t.Errorf("README explains %s, which is not there", name)
		}
	}
}

// checkKeptAndHeldAreFound types what the alerts tell the operator to type.
func checkKeptAndHeldAreFound(t *testing.T, s *server) {
	t.Helper()
	waitForItems(t, s.data, 3)
	typed := map[string]string{}
	for _, a := range alerts(t) {
		for _, match := range regexp.MustCompile("`daybook ([a-z]+)`").FindAllStringSubmatch(a.Annotations.Description, -1) {
			typed[a.Alert] = match[1]
		}
	}
	for name, items := range map[string]int{"DaybookQuarantined": 2, "DaybookPaymentsHeld": 1} {
		code, p := run(t, []string{"DAYBOOK_TOKEN=" + auditorSecret, "DAYBOOK_SERVER=http://" + s.address}, typed[name])
		if lines := strings.Count(p.stdout.String(), "\n"); code != 0 || lines != items+2 { // with a head and a sum
			t.Errorf("%s: %s ends with %d:\n%s%s", name, typed[name], code, p.stdout, p.stderr)
		}
	}
}

// TestMetricsFollowTheLog compares what is counted in several places.
func TestMetricsFollowTheLog(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{})
	s.balances("ann", last(s.postEach(8, []string{completedOrder("A", "ann", 1), completedOrder("B", "ann", 2), completedOrder("C", "ann", 3)})))
	appended := s.metric("daybook_store_events_appended_total")
	if end := s.metric("daybook_store_end_position"); appended != 6 || end != 7 { // the first event names the log
		t.Errorf("%v events were appended, and the log has %v", appended, end)
	}
	if sum := s.metric("daybook_store_commit_events_sum"); sum != appended {
		t.Errorf("commits had %v events of %v", sum, appended)
	}
	if n := s.metric("daybook_store_commit_duration_seconds_count"); n < 1 || n > 3 || n != s.metric("daybook_store_commit_events_count") {
		t.Errorf("there were %v commits", n)
	}
	if s.metric("daybook_store_ready") != 1 {
		t.Error("the log is ready, and its metric says otherwise")
	}
	for _, projection := range []string{"balances", "local"} {
		for name, want := range map[string]float64{"lag_events": 0, "position": 7, "caught_up": 1, "applied_total": 7} {
			metric := fmt.Sprintf("daybook_projection_%s{projection=%q}", name, projection)
			for got := -1.0; got != want; { // the other projection may come a little later
				if got = s.metric(metric); got > want {
					t.Fatalf("%s is %v, not %v", metric, got, want)
				}
			}
		}
	}
}

// TestTheFirstLineSaysWhatRunsOnWhat reads what an operator sees at the start.
func TestTheFirstLineSaysWhatRunsOnWhat(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{arguments: []string{"--unregistered", "hold"}})
	line, _ := s.stderr.await(patience, `"msg":"daybook is listening"`)
	var said map[string]any
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]string{
		"address": s.address, "store": "sqlite in " + s.data, "journal": s.data + "/daybook.journal", "read_model": "memory",
		"unregistered": "hold", "position": "1", "callback_from": "[127.0.0.0/8]", "trusted_proxy": "[]",
	} {
		if said[member] != want {
			t.Errorf("%s is %v, not %s", member, said[member], want)
		}
	}
	for _, member := range []string{"version", "log"} {
		if said[member] == nil || said[member] == "" {
			t.Errorf("no %s in %s", member, line)
		}
	}
}
