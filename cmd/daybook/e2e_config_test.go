package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// configFile writes a configuration file.
func configFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "daybook.toml")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// checked is the report of check-config.
type checked struct {
	Settings []struct {
		Setting, Value, From string
	}
	Mistakes []string
}

func (c checked) setting(t *testing.T, name string) (value, from string) {
	t.Helper()
	for _, s := range c.Settings {
		if s.Setting == name {
			return s.Value, s.From
		}
	}
	t.Fatalf("the report has no %s: %+v", name, c)
	return "", ""
}

func checkConfig(t *testing.T, settings []string, arguments ...string) (int, checked) {
	t.Helper()
	code, p := run(t, settings, append([]string{"check-config", "--format", "json"}, arguments...)...)
	var report checked
	if err := json.Unmarshal([]byte(p.stdout.String()), &report); err != nil {
		t.Fatalf("check-config prints %s%s: %v", p.stdout, p.stderr, err)
	}
	return code, report
}

// TestConfigurationFileMeansTheSameAsFlags gives everything by a file.
func TestConfigurationFileMeansTheSameAsFlags(t *testing.T) {
	embedded(t)
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	config := configFile(t, "\uFEFF# settings", `listen = "127.0.0.1:0"`, fmt.Sprintf("data = %q", data), `callback_from = ["10.0.0.1", "127.0.0.0/8"]`, `unregistered = "hold"`, `dev = false`, `redis = ""`,
		fmt.Sprintf("callback-secrets-file = %q", secretFile(t, callbackSecret)), fmt.Sprintf("tokens_file = %q", secretFile(t, tokensSetting[len("DAYBOOK_TOKENS="):])), `server = "http://127.0.0.1:1"`)
	if code, report := checkConfig(t, nil, "--config", config); code != 0 {
		t.Errorf("check-config ends with %d: %q", code, report.Mistakes)
	}
	p := execute(t, "", nil, daybook(t), "serve", "--config", config)
	s := &server{process: p, client: newClient(t, p.awaitAddress()), data: data}
	s.awaitStatus("/readyz/reads", 200)
	if o := s.record(completedOrder("HOLD", "ann", 100)); o.Outcome != "held" {
		t.Errorf("with unregistered in the file, a callback is %s", o.Outcome)
	}
	for _, line := range [][]string{{"replay", "--config", config, "order-coinbase.HOLD"}, {"--config", config, "replay", "order-coinbase.HOLD"}} {
		if code, replayed := run(t, nil, line...); code != 0 || !strings.Contains(replayed.stdout.String(), "PaymentHeld") {
			t.Errorf("%q ends with %d:\n%s%s", line, code, replayed.stdout, replayed.stderr)
		}
	}
}

// TestFlagsPrecedeTheEnvironmentAndThatPrecedesTheFile takes them away one by one.
func TestFlagsPrecedeTheEnvironmentAndThatPrecedesTheFile(t *testing.T) {
	t.Parallel()
	config := configFile(t, `log-level = "debug"`, `callback-from = ["10.0.0.1"]`, `redis-file = "/nowhere/redis"`, `esdb-insecure = true`, `namespace = ""`)
	environment := []string{"DAYBOOK_CONFIG=" + config, secretsSetting, tokensSetting}
	for _, c := range []struct {
		settings, arguments []string
		name, value, from   string
	}{
		{[]string{"DAYBOOK_LOG_LEVEL=warn"}, []string{"--log-level", "error"}, "log-level", "error", "flag --log-level"},
		{[]string{"DAYBOOK_LOG_LEVEL=warn"}, nil, "log-level", "warn", "environment DAYBOOK_LOG_LEVEL"},
		{[]string{"DAYBOOK_LOG_LEVEL= "}, nil, "log-level", "debug", "file " + config},
		{nil, []string{"--config", configFile(t, `log-level = ""`)}, "log-level", "info", "default"},
		{nil, []string{"--callback-from", "10.0.0.3,10.0.0.4"}, "callback-from", "10.0.0.3,10.0.0.4", "flag --callback-from"},
		{[]string{"DAYBOOK_CALLBACK_FROM=10.0.0.2"}, nil, "callback-from", "10.0.0.2", "environment DAYBOOK_CALLBACK_FROM"},
		{nil, nil, "callback-from", "10.0.0.1", "file " + config},
		{[]string{"DAYBOOK_REDIS=redis://h"}, nil, "redis", "redis://h", "environment DAYBOOK_REDIS"},
		{[]string{"DAYBOOK_REDIS_FILE=/nowhere/other"}, []string{"--redis", "redis://flag"}, "redis", "redis://flag", "flag --redis"},
		{[]string{"DAYBOOK_REDIS_FILE=" + secretFile(t, "redis://f")}, nil, "redis", "redis://f", "(DAYBOOK_REDIS_FILE)"},
		{[]string{"DAYBOOK_ESDB_INSECURE=false"}, nil, "esdb-insecure", "false", "environment DAYBOOK_ESDB_INSECURE"},
		{nil, nil, "esdb-insecure", "true", "file " + config},
		{nil, nil, "namespace", "daybook", "default"},
	} {
		_, report := checkConfig(t, append(slices.Clone(environment), c.settings...), c.arguments...)
		if value, from := report.setting(t, c.name); value != c.value || !strings.HasSuffix(from, c.from) {
			t.Errorf("with %q and %q, %s is %q from %s, not %q from %s", c.settings, c.arguments, c.name, value, from, c.value, c.from)
		}
	}
}

// TestMistakesInTheConfigurationFileAreNamed for every command, all at once, without
// a value that may be a secret.
func TestMistakesInTheConfigurationFileAreNamed(t *testing.T) {
	anyLog(t)
	t.Parallel()
	const hidden = "hidden"
	all := []struct{ line, says string }{
		{`lisen = "127.0.0.1:1"`, `"lisen" (listen?) is no setting`},
		{`Listen = "127.0.0.1:1"`, `"Listen" (listen?) is no setting`},
		{`weather = "hidden"`, `"weather" is no setting`},
		{`config = "x"`, `"config" is no setting`},
		{`orders = 3`, `"orders" is no setting`},
		{`listen = 8080`, "listen must be a text in quotation marks, and is a number"},
		{`data = ["hidden"]`, "data must be a text in quotation marks, and is a list of texts"},
		{`unregistered = false`, "unregistered must be a text in quotation marks, and is true or false"},
		{`namespace = 2026-01-01`, "namespace must be a text in quotation marks, and is a date, a time or a table"},
		{`dev = "hidden"`, "dev must be true or false, and is a text in quotation marks"},
		{`callback-from = ["10.0.0.1", 3]`, "callback-from must be a list of texts, and entry 2 is none"},
		{`trusted-proxy = 3`, `trusted-proxy must be a list of texts, and is a number`},
		{`redis-prefix = "hid\"den"`, "redis-prefix has quotation marks"},
		{`reads = "hid\tden"`, "reads has a line break, a tab"},
		{`tokens = "website:shop:hidden"`, "tokens is a secret, which others could read in this file: set DAYBOOK_TOKENS, or tokens-file to a file that has it"},
		{`callback-secrets = ["hidden"]`, "callback-secrets is a secret"},
		{`token = "hidden"`, "token is a secret"},
		{`redis = "redis://u:hidden@h"`, "redis takes a URL such as redis://host:6379/0 without a password, which others could read in this file: for one with a password set DAYBOOK_REDIS, or redis-file to a file that has it"},
		{`eventstore = "esdb://u:hidden@h"`, "eventstore takes a URL such as esdb://host:2113 without a password"},
		{`to = "esdb://u:hidden@h"`, "to takes a URL such as esdb://host:2113 without a password"},
		{`[serve]`, `"serve" is a table: settings are at the top`},
	}
	var lines []string
	for _, c := range all {
		lines = append(lines, c.line)
	}
	together := configFile(t, lines...)
	for i, command := range [][]string{{"serve"}, {"verify"}, {"replay"}, {"balance", "ann"}, {"health"}, {"check-config"}} {
		code, p := run(t, []string{"DAYBOOK_CONFIG=" + together}, command...)
		said := p.stderr.String()
		if want := []int{2, 1}[i/5]; code != want {
			t.Errorf("%s ends with %d, not %d", command, code, want)
		}
		for _, c := range all {
			if !strings.Contains(said, together+": "+c.says) {
				t.Errorf("%s says nothing of %s:\n%s", command, c.line, said)
			}
		}
		if strings.Contains(said+p.stdout.String(), hidden) {
			t.Errorf("%s repeats a value:\n%s%s", command, p.stdout, said)
		}
	}
	for _, c := range []struct{ content, says string }{
		{"tokens = hidden:shop", "line 1 is not TOML"},
		{"# settings\n" + `data = "a" "hidden"`, "line 2 is not TOML"},
		{"data = 'a'\ndata = 'b'", "line 2 is not TOML: Key 'data' has already been defined"},
		{"callback-from = 'a'\ncallback_from = 'b'", "callback-from is there twice"},
		{"\xff\xfed\x00", "is not TOML"},
		{`esdb-cert = "/nowhere/certificate"`, "esdb-cert: stat /nowhere/certificate"},
		{`log-level = "loud"`, "log-level: must be one of debug, info, warn, error"},
		{"redis = 'redis://h'\nredis-file = '/nowhere'", "redis and "},
		{strings.Repeat("#", 70_000), "has more than"},
	} {
		path := configFile(t, c.content)
		code, p := run(t, nil, "serve", "--config", path)
		if said := p.stderr.String(); code != 2 || !strings.Contains(said, path) || !strings.Contains(said, c.says) || strings.Contains(said, hidden) {
			t.Errorf("with %.40q serve ends with %d:\n%s", c.content, code, said)
		}
	}
	if code, p := run(t, nil, "serve", "--config", "/nowhere/daybook.toml"); code != 2 || !strings.Contains(p.stderr.String(), "--config: open /nowhere/daybook.toml") {
		t.Errorf("with a file that is missing, serve ends with %d:\n%s", code, p.stderr)
	}
}

// TestCheckConfigListsAllMistakes that serve would refuse to start for.
func TestCheckConfigListsAllMistakes(t *testing.T) {
	anyLog(t)
	t.Parallel()
	config := configFile(t, `esdb-listen = "127.0.0.1:99999"`, `log-level = "loud"`)
	settings := []string{"DAYBOOK_CONFIG=" + config, "DAYBOOK_CALLBACK_FROM=coinbase.com", "DAYBOOK_TRUSTED_PROXY=proxy", "DAYBOOK_DEV=perhaps", "DAYBOOK_UNREGISTERED=guess",
		"DAYBOOK_TOKENS=website:shop:short,auditor:books:short-too", "DAYBOOK_CALLBACK_SECRETS_FILE=/nowhere/secrets", "DAYBOOK_REDIS=127.0.0.1:6379"}
	code, p := run(t, settings, "check-config", "--listen", "127.0.0.1:99998")
	if code != 1 {
		t.Errorf("check-config ends with %d", code)
	}
	for _, part := range []string{"--esdb-listen", "--esdb-cert and --esdb-key", "99999", config + ": log-level: must be one of", `--callback-from: "coinbase.com"`, `--trusted-proxy: "proxy"`, "DAYBOOK_DEV: ", "DAYBOOK_UNREGISTERED: must be one of credit, hold",
		"DAYBOOK_CALLBACK_SECRETS_FILE: open /nowhere/secrets", "--redis: ", "--listen: ", "99998"} {
		if said := p.stderr.String(); !strings.Contains(said, part) {
			t.Errorf("check-config says nothing of %s:\n%s", part, said)
		}
	}
	_, report := checkConfig(t, settings)
	for _, name := range []string{"log-level", "dev", "unregistered"} {
		if _, from := report.setting(t, name); from != "default" {
			t.Errorf("%s, which is refused, holds from %s", name, from)
		}
	}
	_, p = run(t, []string{"DAYBOOK_TOKENS=website:shop:short,auditor:books:short-too", "DAYBOOK_CALLBACK_SECRETS=" + strings.Repeat("s", 15)}, "check-config")
	for _, part := range []string{"callback secret 1 of", "token 1 of", "token 2 of"} {
		if said := p.stderr.String(); !strings.Contains(said, part) {
			t.Errorf("check-config says nothing of %s:\n%s", part, said)
		}
	}
	for _, c := range []struct {
		settings, arguments []string
		code                int
	}{
		{[]string{secretsSetting, tokensSetting}, nil, 0},
		{nil, []string{"--dev", "--data", filepath.Join(t.TempDir(), "data")}, 0},
		{nil, []string{"--esdb-writable", "--esdb-insecure", "--esdb-listen", "127.0.0.1:0"}, 0},
		{nil, []string{"--esdb-writable", "--esdb-listen", "127.0.0.1:0"}, 1},
		{[]string{secretsSetting, tokensSetting}, []string{"--eventstore", "esdb://localhost?tsl=false"}, 1},
		{[]string{secretsSetting, tokensSetting}, []string{"--no-such-flag"}, 2},
	} {
		if code, p := run(t, c.settings, append([]string{"check-config"}, c.arguments...)...); code != c.code {
			t.Errorf("check-config %q ends with %d:\n%s", c.arguments, code, p.stderr)
		}
		if i := slices.Index(c.arguments, "--data"); i >= 0 {
			if _, err := os.Stat(c.arguments[i+1]); err == nil {
				t.Errorf("check-config %q makes the directory", c.arguments)
			}
		}
	}
}

// TestCheckConfigMasksSecrets in both formats, wherever they come from.
func TestCheckConfigMasksSecrets(t *testing.T) {
	anyLog(t)
	t.Parallel()
	const hidden = "hidden-secret-of-somebody"
	for _, settings := range [][]string{
		{"DAYBOOK_TOKENS=website:shop:" + hidden + ",auditor:books:" + hidden + "2", "DAYBOOK_CALLBACK_SECRETS=" + hidden + "," + hidden + "2", "DAYBOOK_TOKEN=" + hidden,
			"DAYBOOK_REDIS=redis://u:" + hidden + "@h:6379/0", "DAYBOOK_EVENTSTORE=esdb://u:" + hidden + "@a:2113,b:2113?tls=false", "DAYBOOK_TO=esdb://u:" + hidden + "@h"},
		{"DAYBOOK_TOKENS_FILE=" + secretFile(t, "website:"+hidden), "DAYBOOK_CALLBACK_SECRETS_FILE=" + secretFile(t, hidden), "DAYBOOK_TOKEN_FILE=" + secretFile(t, hidden),
			"DAYBOOK_REDIS_FILE=" + secretFile(t, "redis://h?password="+hidden), "DAYBOOK_EVENTSTORE_FILE=" + secretFile(t, "esdb://u:"+hidden+"@h"), "DAYBOOK_TO_FILE=" + secretFile(t, hidden)},
		{"DAYBOOK_REDIS=redis://" + hidden + "@h:x/%zz"}, {"DAYBOOK_REDIS=redis://h:x" + hidden}, {"DAYBOOK_REDIS=redis:///" + hidden},
	} {
		for _, format := range []string{"text", "json"} {
			_, p := run(t, settings, "check-config", "--format", format)
			if text := p.stdout.String() + p.stderr.String(); strings.Contains(text, hidden) || !strings.Contains(text, "********") {
				t.Errorf("with %q check-config prints\n%s", settings, text)
			}
		}
	}
	_, p := run(t, []string{secretsSetting + ",another-secret-of-callbacks", tokensSetting, "DAYBOOK_REDIS=redis://u:x@h:6379/0"}, "check-config")
	for _, part := range []string{"********,********  ", "environment DAYBOOK_CALLBACK_SECRETS", "website:shop:********,auditor:books:********,operator:alice:********", "redis://********@h:6379/0"} {
		if !strings.Contains(p.stdout.String(), part) {
			t.Errorf("check-config does not print %s:\n%s", part, p.stdout)
		}
	}
}

// TestTheConfigurationFileOfREADMEIsValid checks it as it stands there.
func TestTheConfigurationFileOfREADMEIsValid(t *testing.T) {
	inTree(t)
	anyLog(t)
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```toml\n")
	content, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README has no configuration file")
	}
	secrets, tokens := secretFile(t, callbackSecret), secretFile(t, tokensSetting[len("DAYBOOK_TOKENS="):])
	content = strings.NewReplacer("/etc/daybook/callback-secrets", secrets, "/etc/daybook/tokens", tokens).Replace(content)
	if code, report := checkConfig(t, nil, "--config", configFile(t, content)); code != 0 {
		t.Errorf("check-config ends with %d: %q", code, report.Mistakes)
	}
}
