package redismodel_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// follows checks that a store is filled and read.
func follows(t *testing.T, o redismodel.Options) {
	t.Helper()
	l := projectiontest.NewLog(t)
	l.Pay(20)
	store := redistest.Connect(t, o)
	if err := store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := run(t, l, store)
	r.settle()
	l.Pay(5)
	r.settle()
	// What rebuilding needs has to go the same way.
	if empty, err := store.IsEmpty(t.Context(), 1); err != nil || empty {
		t.Errorf("empty is %v, error %v", empty, err)
	}
	if err := store.Switch(t.Context(), 1, 2); err != nil {
		t.Error(err)
	}
	r.settle()
	if err := store.Drop(t.Context(), 1, nil); err != nil {
		t.Error(err)
	}
	if generations, err := store.Generations(t.Context()); err != nil || len(generations) != 1 || generations[0] != 2 {
		t.Errorf("generations are %v, error %v", generations, err)
	}
}

const password = "secret-of-redis"

// rights returns README's line for the user of daybook, with a password.
func rights(t *testing.T) string {
	t.Helper()
	for line := range strings.Lines(readme(t)) {
		if strings.HasPrefix(line, "user daybook on >… ") {
			return strings.Replace(line, ">…", ">"+password, 1)
		}
	}
	t.Fatal("README has no line for the user of daybook")
	return ""
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTLSWithAnACLUser(t *testing.T) {
	acl := filepath.Join(t.TempDir(), "users.acl")
	if err := os.WriteFile(acl, []byte("user default off\n"+rights(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	server, ca := redistest.StartTLS(t, "--aclfile", acl)
	url := "rediss://daybook:" + password + "@" + server.Address
	follows(t, redismodel.Options{URL: url, CAFile: ca})

	for name, o := range map[string]redismodel.Options{
		"another password":         {URL: "rediss://daybook:wrong-secret@" + server.Address, CAFile: ca},
		"an unknown certificate":   {URL: url},
		"a connection without TLS": {URL: "redis://daybook:" + password + "@" + server.Address, CAFile: ca},
	} {
		store := redistest.Connect(t, o)
		err := store.Check(t.Context())
		if !errors.Is(err, follow.ErrUnreachable) {
			t.Errorf("with %s: %v", name, err)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(store.String(), "secret") {
			t.Errorf("with %s the error has the password: %v", name, err)
		}
	}
}

func TestACluster(t *testing.T) {
	server := redistest.StartCluster(t)
	follows(t, redismodel.Options{URL: server.URL() + "?cluster=true"})
	follows(t, redismodel.Options{URL: server.URL() + "?cluster=true", Prefix: "shop:{books}"})
}

func TestAClusterWithAnACLUser(t *testing.T) {
	const more = "+cluster|slots"
	if !strings.Contains(readme(t), "in a cluster `"+more+"`.\n") {
		t.Errorf("README does not say that a user of a cluster needs %s", more)
	}
	server := redistest.StartCluster(t)
	if err := server.Client().ACLSetUser(t.Context(), "daybook", append(strings.Fields(rights(t))[2:], more)...).Err(); err != nil {
		t.Fatal(err)
	}
	follows(t, redismodel.Options{URL: "redis://daybook:" + password + "@" + server.Address + "?cluster=true"})
	for _, refused := range server.Client().ACLLog(t.Context(), 20).Val() {
		t.Errorf("not allowed is %s %s", refused.Reason, refused.Object)
	}
}

func TestASentinelThatFailsOver(t *testing.T) {
	server := redistest.Start(t)
	replica := server.Replica()
	sentinel := redistest.StartSentinel(t, server)
	l := projectiontest.NewLog(t)
	l.Pay(10)
	store := redistest.Connect(t, redismodel.Options{URL: sentinel.URL() + "?master_name=master"})
	if err := store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := run(t, l, store)
	r.settle()
	until(t, "known to the sentinel", func() bool {
		return strings.Contains(sentinel.Client().Info(t.Context(), "sentinel").Val(), "slaves=1")
	})
	server.Kill()
	l.Pay(10)
	r.settle()
	if role := replica.Client().Info(t.Context(), "replication").Val(); !strings.Contains(role, "role:master") {
		t.Errorf("the replica is not promoted: %s", role)
	}
}

func TestARedisThatEvictsIsRefused(t *testing.T) {
	server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
	proxy := redistest.NewProxy(t, server)
	store := redistest.Connect(t, redismodel.Options{URL: proxy.URL()})
	err := store.Check(t.Context())
	if !errors.Is(err, redismodel.ErrEvicts) || !strings.Contains(err.Error(), "CONFIG SET maxmemory-policy noeviction") {
		t.Fatalf("it is answered with %v", err)
	}

	policy := func(policy string) {
		t.Helper()
		if err := server.Client().ConfigSet(t.Context(), "maxmemory-policy", policy).Err(); err != nil {
			t.Fatal(err)
		}
	}
	policy("noeviction")
	l := projectiontest.NewLog(t)
	l.Pay(5)
	r := run(t, l, store)
	r.settle()
	policy("volatile-ttl")
	proxy.Cut()
	l.Pay(5)
	until(t, "reported", func() bool {
		err := r.all[0].Status().Err
		return errors.Is(err, redismodel.ErrEvicts) && errors.Is(err, follow.ErrUnreachable)
	})
	policy("noeviction")
	r.settle()
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	store := redistest.Connect(t, redismodel.Options{URL: "redis://u:very-secret@" + address})
	if err := store.Check(t.Context()); !errors.Is(err, follow.ErrUnreachable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

func TestURLsAndPrefixesThatMakeNoSense(t *testing.T) {
	for _, o := range []redismodel.Options{
		{URL: ""}, {URL: "localhost:6379"}, {URL: "http://host"}, {URL: "redis://:secret@host:port"}, {URL: "redis://:secret@host/x"},
		{URL: "redis://:secret@host?no_such_parameter=1"},
		{URL: "redis://host?addr=other:6379"}, {URL: "redis://host?cluster=true&addr=other"}, {URL: "redis://host?cluster=true&read_only=true"},
		{URL: "redis://host/3?cluster=true"},
		{URL: "redis://host?master_name="}, {URL: "redis://host?master_name=m&cluster=true"}, {URL: "redis://host?master_name=m&route_by_latency=true"},
		{URL: "redis://host?master_name=m&replica_only=true"},
		{URL: "redis://host", CAFile: "/nowhere"},
		{URL: "redis://host", Prefix: "daybook"}, {URL: "redis://host", Prefix: "{}"}, {URL: "redis://host", Prefix: "{a}*"}, {URL: "redis://host", Prefix: "}a{"},
	} {
		store, err := redismodel.Connect(o)
		if err == nil {
			t.Errorf("%+v is taken", o)
			_ = store.Close()
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: the error has the password: %v", o, err)
		}
	}
}

func TestHasPassword(t *testing.T) {
	for url, want := range map[string]bool{
		"redis://host:6379": false, "redis://user@host": false, "rediss://user:p@host": true, "redis://:p@host": true,
		"redis://host?master_name=m&password=p": true, "redis://host?master_name=m": false, "%zz": true, "user:p@host": true,
	} {
		if got := redismodel.HasPassword(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}
