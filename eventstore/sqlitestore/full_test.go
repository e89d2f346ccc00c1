package sqlitestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

func TestAFullDiskRefusesAppendsUntilThereIsSpace(t *testing.T) {
	tool(t, "unshare", "apt-get install -y util-linux")
	directory := t.TempDir()
	filler := start(t, "fill", directory, "unshare", "-rm", "sh", "-c",
		`mount -t tmpfs -o size=24m tmpfs "$`+directoryVariable+`" && exec "$0"`)
	filler.expect(t, "full")
	filler.expect(t, "freed")
	filler.expect(t, "reopened")
}

// fillDisk fills a small file system with a log, frees space, and goes on.
func fillDisk(directory string) error {
	sqlitestore.SetBlocks(16, 2)
	ballast := filepath.Join(directory, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<20), 0o600); err != nil {
		return err
	}
	store, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: directory})
	if err != nil {
		return err
	}
	stored := []eventstore.StreamName{eventstore.LogStream}
	add := func(i int) error {
		stream := eventstore.StreamName(fmt.Sprintf("order-%d", i))
		_, err := store.Append(context.Background(), stream, eventstore.NoStream, event(stream, 100_000))
		if err == nil {
			stored = append(stored, stream)
		}
		return err
	}
	next := 0
	for ; err == nil && next < 100; next++ {
		err = add(next)
	}
	if !errors.Is(err, eventstore.ErrUnavailable) || !strings.Contains(err.Error(), "commit") {
		return fmt.Errorf("after %d appends on a full disk: %w", next, err)
	}
	if err := store.Ready(context.Background()); !errors.Is(err, eventstore.ErrUnavailable) {
		return fmt.Errorf("ready right after a refusal: %v", err)
	}
	for range 5 {
		if err := add(next); !errors.Is(err, eventstore.ErrUnavailable) {
			return fmt.Errorf("append on a full disk: %w", err)
		}
		next++
	}
	if err := sameStreams(store, stored); err != nil {
		return err
	}
	fmt.Println("full")

	if err := os.Remove(ballast); err != nil {
		return err
	}
	for range 5 {
		if err := add(next); err != nil {
			return fmt.Errorf("append after space was freed: %w", err)
		}
		next++
	}
	if err := errors.Join(store.Ready(context.Background()), sameStreams(store, stored), store.Err(), store.Close()); err != nil {
		return err
	}
	fmt.Println("freed")

	store, err = sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: directory})
	if err != nil {
		return err
	}
	if err := errors.Join(sameStreams(store, stored), store.Close()); err != nil {
		return err
	}
	fmt.Println("reopened")
	return nil
}

// sameStreams checks that the log has one event in each of these streams, in
// this order, and no other.
func sameStreams(log eventstore.Reader, want []eventstore.StreamName) error {
	i := 0
	for event, err := range log.ReadAll(context.Background(), 0) {
		if err != nil {
			return err
		}
		if i == len(want) || event.Stream != want[i] {
			return fmt.Errorf("event %d is of %s, want %v", i, event.Stream, want)
		}
		i++
	}
	if i != len(want) {
		return fmt.Errorf("the log has %d events, want %d", i, len(want))
	}
	return nil
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	return lines
}
