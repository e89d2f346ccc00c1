package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	daybookmain "daybook/cmd/daybook"
)

// TestCleanSettings holds what a value means, alone and in a list.
func TestCleanSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		list bool
		want string // an error if it begins with "!"
	}{
		{"/data", false, "/data"}, {" /data\t", false, "/data"}, {"/data\r", false, "/data"}, {"/data\r\n", false, "/data"},
		{"\uFEFF/data\n", false, "/data"}, {"\u00A0/data\u200B", false, "/data"}, {"", false, ""}, {" \r\n", false, ""}, {"\uFEFF", false, ""},
		{"/my data", false, "/my data"}, {"/o'brien", false, "/o'brien"}, {"{daybook}", false, "{daybook}"},
		{`"/data"`, false, "!quotation"}, {`'/data'`, false, "!quotation"}, {`/data"`, false, "!quotation"}, {"“/data”", false, "!quotation"}, {`a"b`, false, "!quotation"},
		{"/da\rta", false, "!invisible"}, {"/da\nta", false, "!invisible"}, {"/da\tta", false, "!invisible"}, {"/da\x00ta", false, "!invisible"}, {"/da\uFEFFta", false, "!invisible"},
		{"\xff\xfe/\x00d\x00", false, "!UTF-8"},
		{"a,b", true, "a,b"}, {" a , b\r\n", true, "a,b"}, {"a\nb\n", true, "a,b"}, {"a\r\nb\r\n", true, "a,b"}, {"a,\nb", true, "a,b"}, {"\uFEFFa\n\n b,c ", true, "a,b,c"},
		{"", true, ""}, {",", true, ""}, {" ,\n", true, ""}, {"a,,b", true, "a,,b"},
		{`"a","b"`, true, "!quotation"}, {"a,'b'", true, "!entry 2"}, {"a,b\tc", true, "!entry 2"},
	} {
		got, err := daybookmain.CleanSetting(c.text, c.list)
		if part, refused := strings.CutPrefix(c.want, "!"); refused {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q is %q and not refused with %q: %v", c.text, got, part, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%q is %q, not %q: %v", c.text, got, c.want, err)
		}
	}
}

// everySetting returns the variables of the model, and leaves out none that a test
// of one by name would miss.
func everySetting(t *testing.T) (names []string, lists map[string]bool) {
	t.Helper()
	lists, err := daybookmain.Settings()
	if err != nil {
		t.Fatal(err)
	}
	for name := range lists {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range []string{"DAYBOOK_LISTEN", "DAYBOOK_TOKENS_FILE", "DAYBOOK_REDIS_FILE", "DAYBOOK_EVENTSTORE_FILE", "DAYBOOK_TO_FILE", "DAYBOOK_TO", "DAYBOOK_SERVER", "DAYBOOK_CALLBACK_FROM"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is no setting", name)
		}
	}
	return names, lists
}

// TestEveryVariableThatIsEmptyIsUnset sets all of them to nothing, and to what looks
// like nothing.
func TestEveryVariableThatIsEmptyIsUnset(t *testing.T) {
	t.Parallel()
	embedded(t)
	names, _ := everySetting(t)
	for _, nothing := range []string{"", " \t", "\r", "\uFEFF", "\r\n"} {
		var settings []string
		for _, name := range names {
			settings = append(settings, name+"="+nothing)
		}
		// A variable that comes twice has its last value.
		settings = append(settings, secretsSetting, tokensSetting, "DAYBOOK_CALLBACK_FROM="+nothing)
		data := filepath.Join(t.TempDir(), "data")
		s := &server{process: execute(t, "", settings, daybook(t), "serve", "--listen", "127.0.0.1:0", "--data", data), data: data}
		line, ok := s.stderr.await(patience, "daybook is listening")
		if !ok || !strings.Contains(line, "54.175.255.192/27") || !strings.Contains(line, `"read_model":"memory"`) || strings.Contains(s.stderr.String(), "WARN") {
			t.Fatalf("with %q for everything:\n%s", nothing, s.stderr)
		}
		s.process.terminate()
	}
	// What --listen says when nobody says anything, without taking that port.
	p := execute(t, "", []string{"DAYBOOK_LISTEN=", "DAYBOOK_SERVER=", "DAYBOOK_REDIS_PREFIX="}, daybook(t), "health", "--timeout", "1ns")
	if p.exitCode(patience); !strings.Contains(p.stderr.String(), "127.0.0.1:8080") {
		t.Errorf("health with an empty DAYBOOK_LISTEN asks\n%s", p.stderr)
	}
}

// TestEveryVariableIsCheckedForEveryCommand gives each a value that is a mistake.
func TestEveryVariableIsCheckedForEveryCommand(t *testing.T) {
	anyLog(t)
	t.Parallel()
	names, lists := everySetting(t)
	for i, name := range names {
		mistake := []string{`"hidden"`, "hid\x01den", "hid\tden", "'hidden'"}[i%4]
		if !lists[name] && i%2 == 0 {
			mistake = "hid\r\nden"
		}
		command := []string{"serve", "verify", "replay", "rebuild", "health"}[i%5]
		code, p := run(t, []string{name + "=" + mistake}, command)
		if code != 2 || !strings.Contains(p.stderr.String(), name+" ") || strings.Contains(p.stderr.String(), "hid") {
			t.Errorf("%s with %s=%q ends with %d:\n%s", command, name, mistake, code, p.stderr)
		}
	}
}

// TestDataDirectoryNeverEndsInALineEnd gives it by variable and by flag, as a
// script with the line ends of Windows does.
func TestDataDirectoryNeverEndsInALineEnd(t *testing.T) {
	t.Parallel()
	embedded(t)
	parent := t.TempDir()
	data := filepath.Join(parent, "data")
	first := start(t, options{data: data})
	first.record(completedOrder("CR", "ann", 100))
	first.terminate()
	for _, c := range []struct{ settings, arguments []string }{
		{[]string{"DAYBOOK_DATA=" + data + "\r"}, []string{"serve", "--listen", "127.0.0.1:0\r", "--callback-from", "127.0.0.0/8\r"}},
		{nil, []string{"serve", "--data", data + "\r", "--listen", " 127.0.0.1:0", "--callback-from=127.0.0.0/8\r\n"}},
	} {
		p := execute(t, "", append(c.settings, secretsSetting+"\r\n", "\uFEFF"[:0]+tokensSetting+"\r"), append([]string{daybook(t)}, c.arguments...)...)
		s := &server{process: p, client: newClient(t, p.awaitAddress()), data: data}
		s.awaitStatus("/readyz/reads", 200)
		if o := s.record(completedOrder("CR", "ann", 100)); o.Outcome != "duplicate" {
			t.Errorf("in %q the callback is %s: it is another log", c, o.Outcome)
		}
		s.terminate()
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 {
		t.Errorf("directories are %v: %v", entries, err)
	}
	for _, arguments := range [][]string{{"--data", ""}, {"--listen="}, {"--callback-from", " "}, {"--redis-prefix", ""}, {"--data", `"x"`}} {
		code, p := run(t, []string{secretsSetting, tokensSetting}, append([]string{"serve"}, arguments...)...)
		if name, _, _ := strings.Cut(arguments[0], "="); code != 2 || !strings.Contains(p.stderr.String(), name) {
			t.Errorf("serve %q ends with %d:\n%s", arguments, code, p.stderr)
		}
	}
}

// TestUnknownVariablesAreNamedOnce sets some that are misspelt, and those of
// Kubernetes.
func TestUnknownVariablesAreNamedOnce(t *testing.T) {
	t.Parallel()
	kubernetes := []string{
		"DAYBOOK_PORT=tcp://10.0.0.1:8080", "DAYBOOK_PORT_8080_TCP=tcp://10.0.0.1:8080", "DAYBOOK_PORT_8080_TCP_ADDR=10.0.0.1", "DAYBOOK_PORT_8080_TCP_PORT=8080",
		"DAYBOOK_PORT_8080_TCP_PROTO=tcp", "DAYBOOK_SERVICE_HOST=10.0.0.1", "DAYBOOK_SERVICE_PORT=8080", "DAYBOOK_SERVICE_PORT_HTTP=8080",
		"DAYBOOK_CACHE_PORT=tcp://10.0.0.2:6379", "DAYBOOK_CACHE_PORT_6379_TCP=tcp://10.0.0.2:6379", "DAYBOOK_CACHE_SERVICE_HOST=10.0.0.2", "DAYBOOK_CACHE_SERVICE_PORT=6379",
	}
	misspelt := []string{"DAYBOOK_LISTNE=hidden", "DAYBOOK_CALLBACK_SECRET=hidden", "daybook_data=hidden", "DAYBOOK_WEATHER=hidden"}
	s := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: slices.Concat(kubernetes, misspelt, []string{secretsSetting, tokensSetting})})
	s.awaitAddress()
	line, _ := s.stderr.await(patience, `"level":"WARN"`)
	for _, part := range []string{"DAYBOOK_LISTNE (DAYBOOK_LISTEN?)", "DAYBOOK_CALLBACK_SECRET (DAYBOOK_CALLBACK_SECRETS?)", "daybook_data (DAYBOOK_DATA?)", `"DAYBOOK_WEATHER"`} {
		if !strings.Contains(line, part) {
			t.Errorf("the warning lacks %s: %s", part, line)
		}
	}
	if log := s.stderr.String(); strings.Count(log, "WARN") != 1 || strings.Contains(log, "hidden") || strings.Contains(log, "DAYBOOK_PORT") || strings.Contains(log, "CACHE") {
		t.Errorf("the log is\n%s", log)
	}
	_, p := run(t, misspelt[:1], "health", "--timeout", "1ns")
	if text := p.stderr.String(); strings.Count(text, "DAYBOOK_LISTNE (DAYBOOK_LISTEN?)") != 1 {
		t.Errorf("health says\n%s", text)
	}
}

// TestSecretsThatCanBeGuessedAreRefused counts characters.
func TestSecretsThatCanBeGuessedAreRefused(t *testing.T) {
	t.Parallel()
	const short, long = "fifteen-letters", "sixteen--letters"
	for _, settings := range [][]string{
		{"DAYBOOK_CALLBACK_SECRETS=" + long + "," + short, tokensSetting},
		{"DAYBOOK_CALLBACK_SECRETS_FILE=" + secretFile(t, long+"\n"+short+"\n"), tokensSetting},
		{secretsSetting, "DAYBOOK_TOKENS=website:shop:" + long + ",auditor:books:" + short},
	} {
		p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: settings})
		p.checkRefused(1, " 2 of DAYBOOK_", "15 characters", "at least 16", "openssl rand -hex 24")
		if strings.Contains(p.stderr.String(), short) {
			t.Errorf("the message repeats a secret:\n%s", p.stderr)
		}
	}
}

// TestSecretsAreNamedThatAURLMustHaveEncoded pastes what callback-url prints.
func TestSecretsAreNamedThatAURLMustHaveEncoded(t *testing.T) {
	t.Parallel()
	const secret = "a+b/c=d&e f%41#ü-0123456789"
	setting := "DAYBOOK_CALLBACK_SECRETS=" + callbackSecret + "," + secret
	p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: []string{setting, tokensSetting}})
	s := &server{process: p, client: newClient(t, p.awaitAddress())}
	line, _ := s.stderr.await(patience, "percent-encoding")
	for _, part := range []string{"callback secret 2 of DAYBOOK_CALLBACK_SECRETS", "`daybook callback-url`"} {
		if !strings.Contains(line, part) {
			t.Errorf("the warning lacks %s: %s", part, line)
		}
	}
	// The characters in their order are the secret, if it has no others.
	if log := s.stderr.String(); strings.ContainsAny(line, "+&#%ü") || strings.Contains(log, "0123456789") || strings.Contains(log, "secret 1") {
		t.Errorf("the log is\n%s", log)
	}
	code, printed := run(t, []string{setting}, "callback-url", "https://your.site/")
	lines := strings.Fields(printed.stdout.String())
	if code != 0 || len(lines) != 2 {
		t.Fatalf("callback-url ends with %d and prints %q", code, lines)
	}
	path, ok := strings.CutPrefix(lines[1], "https://your.site")
	if a := s.request("POST", path, "", completedOrder("ENC", "ann", 1)); !ok || a.status != 200 {
		t.Errorf("%s is answered %d", lines[1], a.status)
	}
	printed.stdout = newTranscript() // it may print secrets
}

// TestOneVariableNamesOneServer: callbacks that are made up do not go where an
// operator's token is sent.
func TestOneVariableNamesOneServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command []string
		takes   bool
	}{{[]string{"simulate"}, false}, {[]string{"log", "accept-loss"}, true}} {
		_, p := run(t, nil, append(c.command, "--help")...)
		if help := p.stdout.String(); !strings.Contains(help, "--server") || strings.Contains(help, "$DAYBOOK_SERVER") != c.takes {
			t.Errorf("%v takes DAYBOOK_SERVER: %v:\n%s", c.command, !c.takes, help)
		}
	}
}

// TestSecretsInFilesMayHaveAnyLineEnds takes several from files as editors of all
// systems leave them.
func TestSecretsInFilesMayHaveAnyLineEnds(t *testing.T) {
	t.Parallel()
	const older = "an-older-secret-of-callbacks"
	for i, content := range []string{
		older + "\n" + callbackSecret, "\uFEFF" + older + "\r\n" + callbackSecret + "\r\n", older + ",\n" + callbackSecret + "\n", older + " , " + callbackSecret + "\n\n",
	} {
		p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: []string{tokensSetting, "DAYBOOK_CALLBACK_SECRETS_FILE=" + secretFile(t, content) + "\r"}})
		s := &server{process: p, client: newClient(t, p.awaitAddress())}
		for _, secret := range []string{older, callbackSecret} {
			if a := s.request("POST", "/callbacks/coinbase?secret="+secret, "", completedOrder(fmt.Sprint("F", i), "ann", 1)); a.status != 200 {
				t.Errorf("file %d: a secret is answered %d", i, a.status)
			}
		}
	}
}
