// Command daybook is an event-sourced ledger for websites that are paid
// through Coinbase. This package wires the others together; it alone reads
// flags and the environment.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2

	// exitTakenAway is for supervisors, which must not start serve again: it would
	// make another log.
	exitTakenAway = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands are the program's commands and their flags.
type commands struct {
	Serve    serveCommand       `cmd:"" help:"Receive callbacks and answer reads: everything in one process."`
	Replay   replayCommand      `cmd:"" help:"Print the events of a stream, or of the whole log, in order."`
	Balance  balanceCommand     `cmd:"" help:"Recompute a user's balances from the log alone."`
	Review   reviewCommand      `cmd:"" help:"Print what waits for a person's decision, oldest first, or one item with what each decision would post."`
	Decide   decideCommand      `cmd:"" help:"Decide about an item of review, undo that, or say that its refund was sent: show what it posts, ask, and send it."`
	Refund   refundCommand      `cmd:"" help:"Show a refund of an order, decide one, or say that it was sent: show what it is, ask, and send it."`
	Kept     quarantineCommand  `cmd:"" name:"quarantine" help:"Print the callbacks that were kept without being understood, oldest first, or one of them."`
	Find     findCommand        `cmd:"" help:"Say where a payment is."`
	Verify   verifyCommand      `cmd:"" help:"Fold the log independently and compare with every key of the read models; without Redis check the log alone. Exit code 1: something differs, 2: could not verify."`
	Rebuild  rebuildCommand     `cmd:"" help:"Fill the read models in Redis anew beside the live ones, compare, and switch."`
	Backup   backupCommand      `cmd:"" help:"Copy the log to a new directory, consistent, beside a running server."`
	Copy     copyCommand        `cmd:"" help:"Copy a log to EventStoreDB, event by event, and compare what is there already. Interrupted, it goes on where it stopped."`
	Log      logCommands        `cmd:"" help:"About the log itself."`
	Simulate simulateCommand    `cmd:"" help:"Act as Coinbase against a running server, and judge whether every balance is exactly what was paid. The payments stay in its log."`
	Health   healthCommand      `cmd:"" help:"Ask a server on this machine whether it lives. Exit code 1: it does not."`
	URL      callbackURLCommand `cmd:"" name:"callback-url" help:"Print the URLs to paste at Coinbase: of version 1 for each secret in DAYBOOK_CALLBACK_SECRETS, percent-encoded, and of webhooks of checkouts."`
	Check    checkConfigCommand `cmd:"" name:"check-config" help:"Print the settings of serve that hold, and where each comes from; secrets are masked. Exit code 1: serve would refuse them."`
	Try      checkCommands      `cmd:"" name:"check" help:"Try what serve depends on."`
	Version  kong.VersionFlag   `help:"Print the version and exit." env:"-"`
	Config   string             `help:"TOML file with settings, for what neither a flag nor the environment says." type:"path" placeholder:"FILE"`
}

// output is where a command writes.
type output struct {
	stdout io.Writer
	stderr io.Writer
}

// hangups are the SIGHUPs that a command may act on. None ends the process.
type hangups <-chan os.Signal

// run is the whole program except for the process: the tests call it too. It
// returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	// A reader of our output that goes away is an error of the write, not a signal
	// that ends the process.
	signal.Ignore(syscall.SIGPIPE)
	hangup := make(chan os.Signal, 1) // one that waits says as much as several
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	stdout = pipe{stdout}
	exited := -1 // while kong has not ended the program
	parser, err := newParser(output{stdout, stderr},
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(hangups(hangup)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "daybook:", err)
		return exitFailure
	}
	env, err := readEnvironment(args)
	if err != nil {
		fmt.Fprintln(stderr, "daybook:", err)
		return exitFailure
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited // help or version was asked for
	}
	if err != nil || parsed.Command() != checkConfigName { // which lists the mistakes itself
		err = cmp.Or(env.mistakes.err(), err)
	}
	if err != nil {
		fmt.Fprintf(stderr, "daybook: %v\nSee daybook --help.\n", err)
		return exitUsage
	}
	if len(env.unknown) > 0 && parsed.Command() != "serve" { // which has a log for that
		fmt.Fprintf(stderr, "daybook: %s: %s\n", unknownText, strings.Join(env.unknown, ", "))
	}
	err = parsed.Run(env)
	var said saidError
	switch {
	case err == nil, isReaderGone(err):
		return 0
	case !errors.As(err, &said):
		fmt.Fprintln(stderr, "daybook:", err)
	}
	return exitCode(err)
}

func newParser(out output, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(&commands{}, slices.Concat(cleanFlags(), []kong.Option{
		kong.Name("daybook"),
		kong.Description("An event-sourced ledger for websites that are paid through Coinbase."),
		kong.DefaultEnvars("DAYBOOK"),
		kong.Vars{"version": version(), "dev_coinbase": devCoinbaseAddress},
		kong.Writers(out.stdout, out.stderr),
		kong.UsageOnError(),
		kong.Bind(out),
	}, options)...)
}

// version names what was built: the module's version, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}
