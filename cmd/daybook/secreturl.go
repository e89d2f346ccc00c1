package main

import (
	"fmt"
	"os"
	"strings"

	"daybook/eventstore/eventstoredb"
	"daybook/projections/redismodel"

	"github.com/alecthomas/kong"
)

// secretURL is a kind of URL that may hold a password.
type secretURL struct {
	example     string // of one without a password
	hasPassword func(url string) bool
}

// secretURLOf returns the kind of a flag's URL, by its tag.
func secretURLOf(flag *kong.Flag) (secretURL, bool) {
	if flag == nil {
		return secretURL{}, false
	}
	switch flag.Tag.Get(fileTag) {
	case "redis":
		return secretURL{"redis://host:6379/0", redismodel.HasPassword}, true
	case "esdb":
		return secretURL{"esdb://host:2113", eventstoredb.HasPassword}, true
	}
	return secretURL{}, false
}

// checkFlag refuses a password on the command line, which other users of the machine
// see. The lines that --dev prints repeat the variable there.
func (s secretURL) checkFlag(flag *kong.Flag, value string) error {
	if !s.hasPassword(value) || value == os.Getenv(flag.Envs[0]) {
		return nil
	}
	return fmt.Errorf("--%[1]s takes a URL such as %[2]s without a password, which other users of the machine would see: for one with a password set %[3]s, or %[3]s%[4]s to a file that has it", flag.Name, s.example, flag.Envs[0], fileSuffix)
}

// mask stands for a secret.
const mask = "********"

// masked returns a URL without its secrets.
func (s secretURL) masked(url string) string {
	scheme, rest := "", url
	if before, after, found := strings.Cut(url, "://"); found {
		scheme, rest = before+"://", after
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		url = scheme + mask + rest[at:]
	}
	if s.hasPassword(url) {
		url, _, _ = strings.Cut(url, "?")
		url += "?" + mask
	}
	if s.hasPassword(url) { // it cannot be read
		url = scheme + mask
	}
	return url
}
