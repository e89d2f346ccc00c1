package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
)

// profileFlag is for whoever builds daybook: see default.pgo.
type profileFlag struct {
	CPUProfile string `hidden:"" name:"cpu-profile" help:"File to write a profile of the processor to, until the end." type:"path" placeholder:"FILE"`
}

// startProfile returns what ends the profile, if one is asked for.
func (f profileFlag) startProfile() (stop func() error, err error) {
	if f.CPUProfile == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(f.CPUProfile)
	if err != nil {
		return nil, fmt.Errorf("--cpu-profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("--cpu-profile: %w", err), file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
