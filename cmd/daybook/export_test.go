package main

// Run is the whole program, for a test binary that is the program too.
var Run = run

// EvidenceReaders are what verify reads kept bodies with.
var EvidenceReaders = evidenceReaders
