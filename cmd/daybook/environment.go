package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
)

const (
	variablePrefix = "DAYBOOK_"

	// fileTag marks a flag whose variable has a twin that names a file.
	fileTag = "infile"
)

// variable is a setting in the environment.
type variable struct {
	name string
	list bool
}

// knownVariables are those of all flags, and of what has no flag.
func knownVariables(model *kong.Application) []variable {
	var known []variable
	withFile := func(name string, list bool) {
		known = append(known, variable{name, list}, variable{name + fileSuffix, false})
	}
	withFile(secretsVariable, true)
	withFile(tokensVariable, true)
	withFile(tokenVariable, false)
	seen := map[string]bool{}
	_ = kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		flag, ok := node.(*kong.Flag)
		if !ok {
			return next(nil)
		}
		for _, name := range flag.Envs {
			switch {
			case seen[name]:
			case flag.Tag.Has(fileTag):
				withFile(name, flag.IsSlice())
			default:
				known = append(known, variable{name, flag.IsSlice()})
			}
			seen[name] = true
		}
		return next(nil)
	})
	return known
}

// cleanEnvironment makes the environment what it is meant to be, before anything
// reads it: a variable that is set and empty is unset.
func cleanEnvironment(known []variable) error {
	for _, v := range known {
		text, set := os.LookupEnv(v.name)
		if !set {
			continue
		}
		value, err := clean(text, v.list)
		if err != nil {
			return fmt.Errorf("%s %w", v.name, err)
		}
		if value == "" {
			err = os.Unsetenv(v.name)
		} else {
			err = os.Setenv(v.name, value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

// injected are the variables that Kubernetes sets in every container for a service
// whose name begins with daybook.
var injected = regexp.MustCompile(`^DAYBOOK_(?:PORT|SERVICE)(?:_|$|=)|^[^=]*(?:_SERVICE_HOST=|_SERVICE_PORT[_=]|_PORT_[0-9]+_(?:TCP|UDP|SCTP)[_=]|_PORT=[a-z]+://)`)

// The bounds of a warning about variables.
const (
	maxUnknown  = 16
	maxNamed    = 64
	maxDistance = 3 // of letters between a misspelt name and the one that was meant
)

// unknownText says what the names in a warning are.
const unknownText = "these variables of the environment are no settings of daybook, and do nothing"

// unknownNames are the names of such variables.
type unknownNames []string

// unknownVariables names what is set and no setting, each with the setting that was
// probably meant. Kubernetes's are not ours.
func unknownVariables(known []variable, environment []string) unknownNames {
	var unknown unknownNames
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, variablePrefix) || injected.MatchString(entry) ||
			slices.ContainsFunc(known, func(v variable) bool { return v.name == name }) {
			continue
		}
		if len(unknown) == maxUnknown {
			return append(unknown, "and more")
		}
		unknown = append(unknown, describe(name, nearest(known, upper)))
	}
	slices.Sort(unknown)
	return unknown
}

func describe(name, meant string) string {
	name = fmt.Sprintf("%.*s", maxNamed, name)
	if meant == "" {
		return name
	}
	return name + " (" + meant + "?)"
}

// nearest returns the variable whose name is nearest, if one is near.
func nearest(known []variable, name string) string {
	best, distance := "", maxDistance+1
	if len(name) > maxNamed {
		return best
	}
	for _, v := range known {
		if d := levenshtein.ComputeDistance(name, v.name); d < distance {
			best, distance = v.name, d
		}
	}
	return best
}
