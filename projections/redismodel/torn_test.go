package redismodel_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// A restart behind a file that ends within a batch leaves the batch out and a
// part of it in the file. The restart after that brings the part back, before
// whatever was written between the two.
func TestAPartOfABatchThatRedisBringsBackCountsNothing(t *testing.T) {
	var torn atomic.Int32
	t.Run("cut", func(t *testing.T) {
		for cut := range 12 {
			t.Run(fmt.Sprint("at ", cut, " twelfths of two batches"), func(t *testing.T) {
				t.Parallel()
				torn.Add(bringBack(t, cut))
			})
		}
	})
	if torn.Load() == 0 {
		t.Error("nothing was torn, or that was not seen")
	}
}

// bringBack has Redis bring back what is left of two batches that were cut off.
// It returns how many models were seen to have a part of one.
func bringBack(t *testing.T, cut int) (torn int32) {
	r := start(t, "--appendonly", "yes")
	for range 4 {
		r.log.Pay(3)
		r.settle()
	}
	r.server.Kill()
	loseEnd(t, r.server, cut)
	r.server.Restart()
	r.log.Pay(3)
	r.settle()
	r.server.Kill()
	r.server.Restart()
	for _, projection := range []string{"balances", "orders"} {
		if _, err := r.store.Checkpoint(t.Context(), 1, projection); errors.Is(err, redismodel.ErrTorn) {
			torn++
		}
	}
	r.log.Pay(3)
	r.settle()
	return torn
}

// loseEnd cuts off the file of a server that was killed, twelfths behind the
// beginning of its last transaction but one.
func loseEnd(t *testing.T, server *redistest.Server, twelfths int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(server.Directory, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, error %v", files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	begin := []byte("*1\r\n$5\r\nMULTI\r\n")
	from := bytes.LastIndex(content[:bytes.LastIndex(content, begin)], begin)
	if err := os.Truncate(files[0], int64(from+(len(content)-from)*twelfths/12)); err != nil {
		t.Fatal(err)
	}
}
