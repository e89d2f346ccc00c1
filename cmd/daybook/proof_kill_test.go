package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"daybook/projections/redistest"
	"daybook/projections/schedules"
)

// killsOfALog is how often daybook is killed on one log.
const killsOfALog = 10

// TestKilledServerKeepsWhatItAcknowledged kills the program, and Redis where the
// read models are there, at random moments: under load, while it stops, while
// it starts and recovers, while it rebuilds. After each time every callback that
// was answered 200 is where the answer said, and every other one is there at
// most once; posting all of them again makes all of them exactly once.
//
// That the kernel had it does not show that the disk had it; see
// TestLossOfPowerKeepsWhatItAcknowledged for that.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	for _, seed := range schedules.Seeds(t, 2) {
		schedules.Prove(t, seed, func(t *testing.T) {
			l := &mortal{t: t, random: rand.New(rand.NewPCG(seed, 0)), known: newPromises(nil)}
			l.options.data = filepath.Join(t.TempDir(), "data")
			if seed%2 == 1 {
				l.startRedis()
			}
			l.run()
		})
	}
}

// mortal is a daybook that is killed again and again.
type mortal struct {
	t       *testing.T
	random  *rand.Rand
	options options
	server  *server
	redis   *redistest.Server // nil if read models are in memory
	known   *promises
	kills   int
}

// startRedis starts a Redis that keeps every write, or none, over a kill.
func (m *mortal) startRedis() {
	var arguments []string
	if m.random.IntN(2) == 0 {
		arguments = []string{"--appendonly", "yes"}
	}
	m.redis = redistest.Start(m.t, arguments...)
	m.options.settings = redisSettings(m.redis.URL())
}

func (m *mortal) run() {
	deaths := []struct {
		name string
		die  func(*mortal, []randomOrder)
	}{
		{"under load", (*mortal).dieUnderLoad},
		{"while it stops", (*mortal).dieWhileStopping},
		{"while it starts", (*mortal).dieWhileStarting},
		{"while it rebuilds", (*mortal).dieWhileRebuilding},
	}
	m.server = start(m.t, m.options)
	for round := 0; m.kills < killsOfALog; round++ {
		orders := randomOrders(m.random, fmt.Sprintf("K%02d-", round))
		m.known.send(orders)
		death := deaths[m.random.IntN(len(deaths))]
		m.t.Logf("round %d: %s", round, death.name)
		death.die(m, orders)
		m.revive()
		m.check(orders)
		if m.t.Failed() {
			m.t.FailNow()
		}
	}
	m.t.Logf("killed %d times, %d payments", m.kills, len(m.known.sent))
	m.server.checkPaid(m.known)
	m.verify()
}

// check holds the log against what is known of it, and completes a round.
func (m *mortal) check(orders []randomOrder) {
	m.t.Helper()
	events := replay(m.t, m.server.data)
	m.known.check(m.t, events)
	found := fold(m.t, events)
	m.server.checkBalances(found, position(events))
	m.server.checkCommand(found, user(m.random.IntN(users)))
	m.server.checkCommandAsOf(events[:1+m.random.IntN(len(events))], user(m.random.IntN(users)))
	m.server.complete(m.known, orders)
}

// position returns where a log ends.
func position(events []replayed) uint64 {
	return last([]outcome{{Position: events[len(events)-1].Position}})
}

func (m *mortal) verify() {
	m.t.Helper()
	if code, p := run(m.t, m.options.settings, "verify", "--data", m.server.data); code != 0 {
		m.t.Errorf("verify ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
}

// dieUnderLoad kills the server a moment after a random number of callbacks has
// been acknowledged.
func (m *mortal) dieUnderLoad(orders []randomOrder) {
	m.loadUntil(orders, m.kill)
}

// dieWhileStopping asks it to stop first.
func (m *mortal) dieWhileStopping(orders []randomOrder) {
	moment := m.moment(20 * time.Millisecond)
	m.loadUntil(orders, func() {
		_ = m.server.command.Process.Signal(syscall.SIGTERM) // waited for
		time.Sleep(moment)
		m.kill()
	})
}

// dieWhileStarting kills a few servers that recover from a kill, as well.
func (m *mortal) dieWhileStarting(orders []randomOrder) {
	m.dieUnderLoad(orders)
	for range 1 + m.random.IntN(3) {
		p := launch(m.t, m.options)
		select {
		case <-p.exited:
			m.t.Errorf("a starting server ends by itself:\n%s", p.stderr)
		case <-time.After(m.moment(60 * time.Millisecond)):
		}
		p.kill()
		m.kills++
	}
}

// dieWhileRebuilding kills a rebuild and the server that it is beside, if the
// read models are in Redis.
func (m *mortal) dieWhileRebuilding(orders []randomOrder) {
	if m.redis == nil {
		m.dieUnderLoad(orders)
		return
	}
	moment := m.moment(150 * time.Millisecond)
	m.loadUntil(orders, func() {
		rebuild := execute(m.t, "", m.options.settings, daybook(m.t), "rebuild", "--grace", "0s", "--data", m.options.data)
		time.Sleep(moment)
		m.kill()
		rebuild.kill()
		m.kills++
	})
}

func (m *mortal) kill() {
	_ = m.server.command.Process.Kill() // waited for
	m.kills++
}

func (m *mortal) moment(most time.Duration) time.Duration {
	return time.Duration(m.random.Int64N(int64(most)))
}

// loadUntil posts callbacks, some of them several times, from several
// connections, until a random number has been acknowledged and the server has
// ended by what is done then.
func (m *mortal) loadUntil(orders []randomOrder, end func()) {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var posted []string
	for _, o := range orders {
		for range 1 + m.random.IntN(4)/3*2 { // a quarter of them three times
			posted = append(posted, o.body)
		}
	}
	enough, moment := int64(1+m.random.IntN(len(posted)-clients)), m.moment(3*time.Millisecond)
	ended := make(chan struct{})
	var acknowledged atomic.Int64
	deliveries := m.server.postAll(ctx, clients, posted, func(d delivery) {
		if d.err == nil && d.status == 200 && acknowledged.Add(1) == enough {
			go func() {
				defer close(ended)
				time.Sleep(moment)
				end()
				cancel()
			}()
		}
	})
	<-ended
	m.server.exitCode(patience)
	m.known.hearAll(m.t, deliveries)
}

// revive starts the server again, and Redis, if that is killed too: before the
// server or after it.
func (m *mortal) revive() {
	m.t.Helper()
	kill := m.redis != nil && m.random.IntN(2) == 0
	if kill {
		m.redis.Kill()
	}
	isFirst := m.random.IntN(2) == 0
	if kill && isFirst {
		m.redis.Restart()
	}
	m.server = listen(m.t, m.options)
	if kill && !isFirst {
		m.redis.Restart()
	}
	m.server.awaitStatus("/readyz", 200)
	m.server.awaitStatus("/readyz/reads", 200)
}
