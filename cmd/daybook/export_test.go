package main

import (
	"context"
	"io"
	"net/url"
)

// Run is the whole program, for a test binary that is the program too.
var Run = run

// EvidenceReaders are what verify reads kept bodies with.
var EvidenceReaders = evidenceReaders

// Settings returns the variables of the environment that the program knows, and
// whether each is a list.
func Settings() (map[string]bool, error) {
	parser, err := newParser(output{io.Discard, io.Discard})
	if err != nil {
		return nil, err
	}
	settings := make(map[string]bool)
	for _, v := range knownVariables(parser.Model) {
		settings[v.name] = v.list
	}
	return settings, nil
}

// CleanSetting is what a value means.
var CleanSetting = clean

// Get is what commands read from a server with.
func Get(ctx context.Context, server, path string, query url.Values, answer any) error {
	env, err := readEnvironment(nil)
	if err != nil {
		return err
	}
	return (&serverFlag{server}).get(ctx, env, path, query, answer)
}
