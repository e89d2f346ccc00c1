package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
)

const (
	variablePrefix = "DAYBOOK_"

	// fileTag marks a flag whose value may hold a password, by the kind of its URL.
	// Its variable has a twin that names a file.
	fileTag = "infile"
)

// variable is a setting in the environment.
type variable struct {
	name   string
	list   bool
	pem    bool       // its value may have lines
	secret bool       // it has no flag and is no key of the configuration file
	flag   *kong.Flag // nil: of a secret, or of a name of a file
}

// key returns the name of the variable in the configuration file, which is that of
// its flag.
func (v variable) key() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(v.name, variablePrefix)), "_", "-")
}

// clean returns a value as it is meant.
func (v variable) clean(text string) (string, error) {
	if v.pem {
		return cleanPEM(text)
	}
	return clean(text, v.list)
}

// twin returns the variable that names a file with the value.
func (v variable) twin() variable { return variable{name: v.name + fileSuffix} }

// knownVariables are those of all flags, and of secrets.
func knownVariables(model *kong.Application) []variable {
	var known []variable
	for _, secret := range []variable{
		{name: secretsVariable, list: true}, {name: checkoutVariable, list: true}, {name: sandboxVariable, list: true},
		{name: tokensVariable, list: true}, {name: tokenVariable}, coinbaseKey,
	} {
		secret.secret = true
		known = append(known, secret, secret.twin())
	}
	seen := map[string]bool{}
	_ = kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		flag, ok := node.(*kong.Flag)
		if !ok {
			return next(nil)
		}
		for _, name := range flag.Envs {
			if seen[name] {
				continue
			}
			seen[name] = true
			v := variable{name: name, list: flag.IsSlice(), flag: flag}
			known = append(known, v)
			if flag.Tag.Has(fileTag) {
				known = append(known, v.twin())
			}
		}
		return next(nil)
	})
	return known
}

// injected matches the variables that Kubernetes sets in every container for a
// service whose name begins with daybook.
var injected = regexp.MustCompile(`^DAYBOOK_(?:PORT|SERVICE)(?:_|$|=)|^[^=]*(?:_SERVICE_HOST=|_SERVICE_PORT[_=]|_PORT_[0-9]+_(?:TCP|UDP|SCTP)[_=]|_PORT=[a-z]+://)`)

// The bounds of a warning about names.
const (
	maxUnknown  = 16
	maxNamed    = 64
	maxDistance = 3 // in letters, between a misspelt name and the one that is suggested
)

// unknownText introduces the names in a warning.
const unknownText = "these variables of the environment are no settings of daybook, and do nothing"

// unknownVariables names the variables that begin like settings and are none, each
// with the nearest setting.
func unknownVariables(known []variable, environment []string) []string {
	names := make([]string, len(known))
	for i, v := range known {
		names[i] = v.name
	}
	var unknown []string
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, variablePrefix) || injected.MatchString(entry) || slices.Contains(names, name) {
			continue
		}
		if len(unknown) == maxUnknown {
			return append(unknown, "and more")
		}
		unknown = append(unknown, describe(name, nearest(names, upper)))
	}
	slices.Sort(unknown)
	return unknown
}

func describe(name, suggestion string) string {
	name = fmt.Sprintf("%.*s", maxNamed, name)
	if suggestion == "" {
		return name
	}
	return name + " (" + suggestion + "?)"
}

// nearest returns the name that is nearest to a misspelt one, or "".
func nearest(names []string, misspelt string) string {
	best, distance := "", maxDistance+1
	if len(misspelt) > maxNamed {
		return best
	}
	for _, name := range names {
		if d := levenshtein.ComputeDistance(misspelt, name); d < distance {
			best, distance = name, d
		}
	}
	return best
}
