// Command daybook is an event-sourced ledger for websites that are paid
// through Coinbase. This package wires the others together; it alone reads
// flags and the environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands are the program's commands and their flags.
type commands struct {
	Serve    serveCommand     `cmd:"" help:"Receive callbacks and answer reads: everything in one process."`
	Replay   replayCommand    `cmd:"" help:"Print the events of a stream, or of the whole log, in order."`
	Balance  balanceCommand   `cmd:"" help:"Recompute a user's balances from the log alone."`
	Verify   verifyCommand    `cmd:"" help:"Fold the log independently and compare with every key of the read models; without Redis check the log alone. Exit code 1: something differs, 2: could not verify."`
	Rebuild  rebuildCommand   `cmd:"" help:"Fill the read models in Redis anew beside the live ones, compare, and switch."`
	Backup   backupCommand    `cmd:"" help:"Copy the log to a new directory, consistent, beside a running server."`
	Copy     copyCommand      `cmd:"" help:"Copy a log to EventStoreDB, event by event, and compare what is there already. Interrupted, it goes on where it stopped."`
	Log      logCommands      `cmd:"" help:"About the log itself."`
	Simulate simulateCommand  `cmd:"" help:"Act as Coinbase against a running server, and judge whether every balance is exactly what was paid. The payments stay in its log."`
	Health   healthCommand    `cmd:"" help:"Ask a server on this machine whether it lives. Exit code 1: it does not."`
	Version  kong.VersionFlag `help:"Print the version and exit." env:"-"`
}

// output is where a command writes.
type output struct {
	stdout io.Writer
	stderr io.Writer
}

// run is the whole program except for the process: the tests call it too. It
// returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	exited := -1
	parser, err := kong.New(&commands{},
		kong.Name("daybook"),
		kong.Description("An event-sourced ledger for websites that are paid through Coinbase."),
		kong.DefaultEnvars("DAYBOOK"),
		kong.Vars{"version": version()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(output{stdout, stderr}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "daybook:", err)
		return exitFailure
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited // help or version was asked for
	}
	if err != nil {
		fmt.Fprintf(stderr, "daybook: %v\nSee daybook --help.\n", err)
		return exitUsage
	}
	err = parsed.Run()
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE): // the reader of a pipe has enough
		return 0
	}
	fmt.Fprintln(stderr, "daybook:", err)
	return exitCode(err)
}

// version names what was built: the module's version, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}
