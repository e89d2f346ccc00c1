package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"daybook/http/coinbase"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const checkConfigName = "check-config"

// checkConfigCommand has the flags of serve.
type checkConfigCommand struct {
	serveCommand `embed:""`
	Format       string `help:"text or json." enum:"text,json" default:"text" env:"-"`
}

// setting is a line of the report.
type setting struct {
	Name   string `json:"setting"`
	Value  string `json:"value"` // masked
	Origin string `json:"from"`
}

// Run prints the settings that hold, and lists all mistakes.
func (c *checkConfigCommand) Run(parsed *kong.Context, out output, env *environment) error {
	found := env.mistakes
	found.note(c.check(env))
	report := c.report(parsed, env)
	if c.Format == "json" {
		texts := make([]string, len(found))
		for i, err := range found {
			texts[i] = err.Error()
		}
		err := json.MarshalWrite(out.stdout, struct {
			Settings []setting `json:"settings"`
			Mistakes []string  `json:"mistakes"`
		}{report, texts}, jsontext.WithIndent("  "))
		if err == nil {
			_, err = fmt.Fprintln(out.stdout)
		}
		if err != nil {
			return err
		}
		return found.err()
	}
	table := tabwriter.NewWriter(out.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, s := range report {
		value := s.Value
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, value, s.Origin)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return found.err()
}

// report has every setting of serve, and those of other commands that are set.
func (c *checkConfigCommand) report(parsed *kong.Context, env *environment) []setting {
	var report []setting
	reported := make(map[string]bool)
	add := func(name, value, origin string) {
		reported[name], reported[name+fileSuffix] = true, true
		report = append(report, setting{variable{name: name}.key(), value, origin})
	}
	given := make(map[*kong.Flag]bool)
	for _, path := range parsed.Path {
		given[path.Flag] = true
	}
	for _, flags := range [][]*kong.Flag{parsed.Model.Flags, parsed.Selected().Flags} {
		for _, flag := range flags {
			switch made, isMade := c.madeCoinbase(flag); {
			case len(flag.Envs) == 0:
			case isMade:
				add(flag.Envs[0], made, c.madeBy())
			case given[flag]:
				add(flag.Envs[0], shown(flag, flagText(flag)), "flag --"+flag.Name)
			case !flag.Hidden || os.Getenv(flag.Envs[0]) != "":
				add(flag.Envs[0], shown(flag, flagText(flag)), env.origin(flag.Envs[0]))
			}
		}
	}
	for _, v := range env.known {
		switch {
		case reported[v.name]:
		case v.secret && v.list:
			value, origin := c.secrets(env, v.name)
			add(v.name, value, origin)
		case v.name == coinbaseKeyVariable && c.usesMadeKey():
			add(v.name, mask, c.madeBy())
		case v.name == coinbaseKeyVariable && isUnset(v.name):
			add(v.name, "", env.origin(v.name))
		case v.secret && !isUnset(v.name):
			add(v.name, mask, env.origin(v.name))
		case os.Getenv(v.name) != "":
			report = append(report, setting{v.key(), shown(v.flag, os.Getenv(v.name)), env.origin(v.name)})
		}
	}
	return report
}

// secrets returns secrets or tokens, masked.
func (c *checkConfigCommand) secrets(env *environment, name string) (value, origin string) {
	entries, err := env.secretList(name)
	if err == nil && entries == nil && c.Dev && name != c.unmade() {
		return mask, c.madeBy()
	}
	for i, entry := range entries {
		entries[i] = mask
		if parts := strings.SplitN(entry, ":", 3); len(parts) == 3 && name == tokensVariable {
			entries[i] = parts[0] + ":" + parts[1] + ":" + mask
		}
	}
	return strings.Join(entries, ","), env.origin(name)
}

// madeBy names the origin of what --dev makes.
func (c *checkConfigCommand) madeBy() string {
	return "made in " + filepath.Join(c.Data, devSecretsFile) + " by --dev"
}

// madeCoinbase returns the value of a flag that comes with that key.
func (c *checkConfigCommand) madeCoinbase(flag *kong.Flag) (string, bool) {
	switch {
	case !c.usesMadeKey():
	case flag.Name == "coinbase-key-name":
		return devKeyName, true
	case flag.Name == "coinbase-url" && c.CoinbaseURL == coinbase.DefaultURL:
		return c.devCoinbaseURL(), true
	}
	return "", false
}

// unmade returns the variable of the secrets that --dev does not make.
func (c *checkConfigCommand) unmade() string {
	if c.Sandbox {
		return checkoutVariable
	}
	return sandboxVariable
}

// flagText returns the value of a flag as the environment would have it.
func flagText(flag *kong.Flag) string {
	if texts, ok := flag.Target.Interface().([]string); ok {
		return strings.Join(texts, ",")
	}
	return fmt.Sprint(flag.Target.Interface())
}

// shown masks the passwords in a value.
func shown(flag *kong.Flag, value string) string {
	if url, ok := secretURLOf(flag); ok && value != "" {
		return url.masked(value)
	}
	return value
}
