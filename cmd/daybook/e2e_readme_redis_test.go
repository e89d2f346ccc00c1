package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"daybook/projections/redistest"
)

// nodeRedis stands in for the package redis of node, with those of its methods
// that README uses, by way of redis-cli: tests download nothing.
const nodeRedis = `
import { execFileSync } from "node:child_process";
const ask = (port, ...line) => JSON.parse(execFileSync("redis-cli", ["-p", port, "--json", ...line.map(String)]));
export const createClient = ({ url }) => {
  const { port } = new URL(url);
  return {
    async connect() { return this; },
    get: async (key) => ask(port, "GET", key),
    hGetAll: async (key) => { const flat = ask(port, "HGETALL", key); return Array.isArray(flat) ? Object.fromEntries(flat.map((v, i) => [v, flat[i + 1]]).filter((_, i) => i % 2 === 0)) : flat; },
    lRange: async (key, from, to) => ask(port, "LRANGE", key, from, to),
    destroy() {},
  };
};
`

// pythonRedis does the same for the package redis of Python, where that is not
// installed.
const pythonRedis = `
import json, subprocess

class Redis:
    def __init__(self, host, port, decode_responses):
        self.line = ["redis-cli", "-h", host, "-p", str(port), "--json"]
    def ask(self, *words):
        return json.loads(subprocess.run([*self.line, *words], check=True, capture_output=True).stdout)
    def get(self, key):
        return self.ask("GET", key)
    def hgetall(self, key):
        answer = self.ask("HGETALL", key)
        return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2]))
`

// python returns a Python that has the package redis, or has what stands in
// for it beside the program in a directory.
func python(t *testing.T, directory string) string {
	t.Helper()
	for _, path := range []string{"python3", "/usr/bin/python3"} { // Debian's packages are the latter's
		if exec.Command(path, "-c", "import redis").Run() == nil {
			return path
		}
	}
	t.Log("Python has no package redis (apt-get install python3-redis): redis-cli stands in for it")
	if err := os.WriteFile(filepath.Join(directory, "redis.py"), []byte(pythonRedis), 0o600); err != nil {
		t.Fatal(err)
	}
	return tool(t, "python3", "python3")
}

// TestReadmeReadsBalancesStraightFromRedis runs README's lines as they stand,
// but for the port.
func TestReadmeReadsBalancesStraightFromRedis(t *testing.T) {
	embedded(t)
	inTree(t)
	t.Parallel()
	tool(t, "node", "nodejs")
	tool(t, "redis-cli", "redis-tools")
	redis := redistest.Start(t)
	s := start(t, options{settings: redisSettings(redis.URL())})
	example, err := os.ReadFile("example-order.json")
	if err != nil {
		t.Fatal(err)
	}
	s.record(string(example))
	s.request("GET", "/balances/alice?min_position=3", websiteSecret, "")

	port := strings.TrimPrefix(redis.Address, "127.0.0.1:")
	section := readmeSection(t, "### Read balances straight from Redis")
	directory := t.TempDir()
	module := filepath.Join(directory, "node_modules", "redis")
	if err := os.MkdirAll(module, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{
		filepath.Join(module, "package.json"): `{"name":"redis","type":"module","exports":"./index.js"}`,
		filepath.Join(module, "index.js"):     nodeRedis,
		filepath.Join(directory, "read.mjs"):  strings.ReplaceAll(block(t, section, "js"), "6379", port),
		filepath.Join(directory, "read.go"):   strings.ReplaceAll(block(t, section, "go"), "6379", port),
		filepath.Join(directory, "read.py"):   strings.ReplaceAll(block(t, section, "python"), "6379", port),
		filepath.Join(directory, "read.sh"):   strings.ReplaceAll(block(t, section, "sh"), "redis-cli", "redis-cli -p "+port),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const entry = `["3","PaymentVerified","coinbase/order/5RTQNACF","USD","12.53","12.53","order-coinbase.5RTQNACF","2012-12-10T05:23:41Z","`
	for _, c := range []struct {
		line  []string
		parts []string
	}{
		{[]string{"sh", filepath.Join(directory, "read.sh")}, []string{"\nUSD\n12.53\n", "USD:pending\n0.00\n", "position\n3\n", entry}},
		{[]string{"go", "run", filepath.Join(directory, "read.go")}, []string{"12.53 0.00\n"}},
		{[]string{python(t, directory), filepath.Join(directory, "read.py")}, []string{"12.53 0.00\n"}},
		{[]string{"node", filepath.Join(directory, "read.mjs")}, []string{"12.53 0.00\n", "3 PaymentVerified coinbase/order/5RTQNACF USD 12.53 12.53\n"}},
	} {
		out, err := exec.Command(c.line[0], c.line[1:]...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", c.line, err, out)
		}
		for _, part := range c.parts {
			if !strings.Contains(string(out), part) {
				t.Errorf("%v prints\n%s\nwithout %q", c.line, out, part)
			}
		}
	}
}

// readmeSection returns a section of README without those that follow.
func readmeSection(t *testing.T, heading string) string {
	t.Helper()
	content, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), heading+"\n")
	if !found {
		t.Fatalf("README has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n##")
	return section
}

// block returns the first block of a language.
func block(t *testing.T, section, language string) string {
	t.Helper()
	_, text, found := strings.Cut(section, "```"+language+"\n")
	text, _, closed := strings.Cut(text, "\n```")
	if !found || !closed {
		t.Fatalf("there is no block of %s", language)
	}
	return text + "\n"
}
