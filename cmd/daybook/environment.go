package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// environment is what the variables of the environment and the configuration file
// say. readEnvironment merges them before anything reads a variable, so that a
// setting means the same wherever it comes from.
type environment struct {
	known    []variable
	config   string          // path of the configuration file; "" if there is none
	inConfig map[string]bool // the variables that it has set
	unknown  []string        // variables that are no settings
	mistakes mistakes        // the variables that they concern are unset
}

// readEnvironment reads the settings for the command that args call. Flags go first,
// then the environment, then the configuration file. It traces args with a parser of
// its own, because a parser remembers which flags it has met.
func readEnvironment(args []string) (*environment, error) {
	parser, err := newParser(output{io.Discard, io.Discard})
	if err != nil {
		return nil, err
	}
	e := &environment{known: knownVariables(parser.Model), inConfig: make(map[string]bool)}
	e.clean()
	e.unknown = unknownVariables(e.known, os.Environ())
	trace, err := kong.Trace(parser, args)
	if err != nil {
		return nil, err
	}
	flags := make(map[string]*kong.Flag) // those on the command line, by name
	for _, path := range trace.Path {
		if path.Flag != nil {
			flags[path.Flag.Name] = path.Flag
		}
	}
	if flag := flags["config"]; flag != nil {
		e.readConfig(trace.FlagValue(flag).(string))
	} else if path := os.Getenv(configVariable); path != "" {
		e.readConfig(kong.ExpandPath(path))
	}
	for _, path := range trace.Path {
		for _, flag := range path.Flags {
			if flags[flag.Name] == nil {
				e.checkVariable(flag)
			} else if url, ok := secretURLOf(flag); ok {
				e.mistakes.note(url.checkFlag(flag, trace.FlagValue(flag).(string)))
			}
		}
	}
	return e, nil
}

// refuse notes a mistake in a variable, and unsets it.
func (e *environment) refuse(name string, err error) {
	e.mistakes.note(err)
	e.set(name, "")
}

// set sets a variable. One that is empty is unset.
func (e *environment) set(name, value string) {
	var err error
	if value == "" {
		delete(e.inConfig, name)
		err = os.Unsetenv(name)
	} else {
		err = os.Setenv(name, value)
	}
	if err != nil {
		e.mistakes.note(fmt.Errorf("%s: %w", name, err))
	}
}

// clean makes every variable what it is meant to be.
func (e *environment) clean() {
	for _, v := range e.known {
		text, set := os.LookupEnv(v.name)
		if !set {
			continue
		}
		if value, err := v.clean(text); err != nil {
			e.refuse(v.name, fmt.Errorf("%s %w", v.name, err))
		} else {
			e.set(v.name, value)
		}
	}
}

// readConfig sets the variables that the configuration file has and the environment
// has not.
func (e *environment) readConfig(path string) {
	e.config = path
	values, found := readConfig(path, e.known)
	e.mistakes.note(found.err())
	for name := range values {
		if isUnset(name) {
			e.inConfig[name] = true
		}
	}
	for name := range e.inConfig {
		e.set(name, values[name])
	}
}

// checkVariable makes sure that a flag can be read from its variable.
func (e *environment) checkVariable(flag *kong.Flag) {
	for _, name := range flag.Envs {
		if flag.Tag.Has(fileTag) {
			if value, err := e.fileOf(variable{name: name}); err != nil {
				e.refuse(name, err)
			} else if value != "" {
				e.set(name, value)
			}
		}
		if text := os.Getenv(name); text != "" {
			if err := decode(flag, text); err != nil {
				e.refuse(name, fmt.Errorf("%s: %w", e.label(name), err))
			}
		}
	}
}

// decode reports why a text is no value of a flag.
func decode(flag *kong.Flag, text string) error {
	target := reflect.New(flag.Target.Type()).Elem()
	scan := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: text})
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, target); err != nil {
		return err
	}
	if flag.Enum != "" && !flag.EnumMap()[fmt.Sprint(target)] {
		return fmt.Errorf("must be one of %s", strings.Join(flag.EnumSlice(), ", "))
	}
	return nil
}

// fileOf returns the value in the file that the twin of a variable names; "" if it
// names none.
func (e *environment) fileOf(v variable) (string, error) {
	name, twin := v.name, v.twin().name
	path := os.Getenv(twin)
	if path == "" {
		return "", nil
	}
	if os.Getenv(name) != "" {
		return "", fmt.Errorf("both %s and %s are set: unset one", e.label(name), e.label(twin))
	}
	value, err := v.fileValue(e.label(twin), path)
	if err == nil && value == "" {
		err = fmt.Errorf("%s: %s is empty", e.label(twin), path)
	}
	return value, err
}

// secretList reads a variable or the file that its twin names: entries separated by
// commas or lines. An empty entry between others stays in the list, because it is a
// mistake that must be noticed.
func (e *environment) secretList(name string) ([]string, error) {
	text, err := e.fileOf(variable{name: name, list: true})
	if err != nil {
		return nil, err
	}
	if text = cmp.Or(text, os.Getenv(name)); text == "" {
		return nil, nil
	}
	return strings.Split(text, ","), nil
}

// label names a variable in messages, as the user has set it.
func (e *environment) label(name string) string {
	if e.inConfig[name] {
		return e.config + ": " + variable{name: name}.key()
	}
	return name
}

// origin says where the value of a variable comes from.
func (e *environment) origin(name string) string {
	switch twin := name + fileSuffix; {
	case os.Getenv(twin) != "":
		return fmt.Sprintf("file %s (%s)", os.Getenv(twin), e.label(twin))
	case e.inConfig[name]:
		return "file " + e.config
	case os.Getenv(name) != "":
		return "environment " + name
	}
	return "default"
}
