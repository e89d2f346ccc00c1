package schedules

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"daybook/projections/redistest"
)

// Redis is a server behind a proxy, and another one that can take its place.
type Redis struct {
	Proxy *redistest.Proxy

	t               testing.TB // of the schedule
	appendOnly      bool       // it keeps every write; else what was saved last
	active, standby *redistest.Server
	replica         replication // of the standby
	copies          []string    // directories with older copies of files
}

// replication is what a standby has of the active server.
type replication int

const (
	unrelated replication = iota
	following
	older // it has followed, and does no longer
)

// StartRedis starts both servers. With appendOnly they keep every write in a
// file, so that killing loses nothing; else they lose what was not saved.
func StartRedis(t testing.TB, appendOnly bool) *Redis {
	t.Helper()
	arguments := []string{"--repl-diskless-sync-delay", "0"}
	if appendOnly {
		arguments = append(arguments, "--appendonly", "yes")
	}
	r := &Redis{t: t, appendOnly: appendOnly, active: redistest.Start(t, arguments...), standby: redistest.Start(t, arguments...)}
	r.Proxy = redistest.NewProxy(t, r.active)
	return r
}

// URL returns the address of whichever server is active.
func (r *Redis) URL() string { return r.Proxy.URL() }

// String says how the servers keep what they have.
func (r *Redis) String() string {
	if r.appendOnly {
		return "redis with an append-only file"
	}
	return "redis with dumps"
}

// Reset makes both servers empty, and as they were configured at first, for a
// test.
func (r *Redis) Reset(t testing.TB) {
	t.Helper()
	r.t = t
	for _, copied := range r.copies {
		r.must(os.RemoveAll(copied))
	}
	r.copies, r.replica = nil, unrelated
	for _, server := range []*redistest.Server{r.active, r.standby} {
		server.Kill()
		r.empty(server.Directory)
		server.Restart()
	}
	r.Proxy.Lose(0)
	r.Proxy.Accept()
	r.Proxy.Redirect(r.active)
}

// save makes a copy of what is on disk, with what is in memory now.
func (r *Redis) save() {
	r.t.Helper()
	server := r.active
	server.Await(func() bool { // what it does at the start and for replicas is over
		info := server.Client().Info(context.Background(), "persistence").Val()
		for _, idle := range []string{"rdb_bgsave_in_progress:0", "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"} {
			if !strings.Contains(info, idle) {
				return false
			}
		}
		return r.appendOnly || server.Client().Save(context.Background()).Err() == nil
	})
	to := r.t.TempDir()
	r.must(os.CopyFS(to, os.DirFS(server.Directory)))
	r.copies = append(r.copies, to)
}

// restore starts the killed server with a copy, or with nothing.
func (r *Redis) restore(from string) {
	r.t.Helper()
	r.empty(r.active.Directory)
	if from != "" {
		r.must(os.CopyFS(r.active.Directory, os.DirFS(from)))
	}
	r.active.Restart()
}

// truncate cuts off the end of what the killed server has written, as a loss of
// power may: mostly in the middle of a batch. There are two files while one is
// rewritten, of which the first was complete before.
func (r *Redis) truncate(share float64) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.active.Directory, "appendonlydir", "*.incr.aof"))
	r.must(err)
	last, newest := "", -1
	for _, file := range files {
		parts := strings.Split(filepath.Base(file), ".") // appendonly.aof.<number>.incr.aof
		number, err := strconv.Atoi(parts[2])
		r.must(err)
		if number > newest {
			last, newest = file, number
		}
	}
	if last == "" {
		return
	}
	info, err := os.Stat(last)
	r.must(err)
	r.must(os.Truncate(last, int64(share*float64(info.Size()))))
}

// follow makes the standby a replica, and waits until it has its first copy.
func (r *Redis) follow() {
	r.t.Helper()
	host, port, err := net.SplitHostPort(r.active.Address)
	r.must(err)
	r.do(r.standby, func(ctx context.Context, c *redis.Client) error { return c.ReplicaOf(ctx, host, port).Err() })
	r.standby.AwaitReplication()
	r.replica = following
}

// promote ends the replication of a server.
func (r *Redis) promote(server *redistest.Server) {
	r.t.Helper()
	r.do(server, func(ctx context.Context, c *redis.Client) error { return c.ReplicaOf(ctx, "NO", "ONE").Err() })
}

// swap makes the standby the server that is asked.
func (r *Redis) swap() {
	r.active, r.standby = r.standby, r.active
	r.Proxy.Redirect(r.active)
}

func (r *Redis) configure(name, value string) {
	r.t.Helper()
	r.do(r.active, func(ctx context.Context, c *redis.Client) error { return c.ConfigSet(ctx, name, value).Err() })
}

// do asks a server. A connection from before it was killed is no answer.
func (r *Redis) do(server *redistest.Server, ask func(context.Context, *redis.Client) error) {
	r.t.Helper()
	err := ask(context.Background(), server.Client())
	for try := 0; err != nil && try < 10; try++ {
		err = ask(context.Background(), server.Client())
	}
	r.must(err)
}

func (r *Redis) empty(directory string) {
	r.t.Helper()
	entries, err := os.ReadDir(directory)
	r.must(err)
	for _, entry := range entries {
		r.must(os.RemoveAll(filepath.Join(directory, entry.Name())))
	}
}

func (r *Redis) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}
