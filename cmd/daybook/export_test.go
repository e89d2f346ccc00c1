package main

// Run is the whole program, for a test binary that is the program too.
var Run = run
