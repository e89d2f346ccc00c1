// Package redismodel keeps read models in Redis, where a website reads them
// without this program. It has what balances and orders share: the connection,
// the names of keys, generations, checkpoints, and the one script that writes
// a batch. It knows no model.
//
// # Layout
//
// Every key begins with a prefix, {daybook} unless configured. The braces make
// all keys one slot of a Redis Cluster, because a batch is written by one
// script and is therefore in one place.
//
//	{daybook}:current                 string  3              the generation to read; absent: 1
//	{daybook}:3:checkpoint:balances   string  {"log":"01J…","position":"41","event":"6f1e…","stream":"order-coinbase.5RTQNACF","revision":"1","fold":1}
//	{daybook}:3:checkpoint:orders     string  likewise       absent: nothing is applied
//	{daybook}:3:sum:balances          string  41             what all batches have moved the checkpoint, by their own account
//	{daybook}:3:sum:orders            string  likewise       not the position: the model is not to be used
//	{daybook}:3:keys:balances         set     balance:<user>, entries:<user>, and ""; see below
//	{daybook}:3:keys:orders           set     order:<id>, and ""
//	{daybook}:3:whole:balances        string  4d5c… 0         no key was missing, on this run of Redis, after so many evictions
//	{daybook}:3:whole:orders          string  likewise       absent: being filled, or looked through
//	{daybook}:3:balance:<user>        hash    USD -> 12.53  USD:pending -> 0.00  position -> 41
//	{daybook}:3:entries:<user>        list    ["41","PaymentVerified","coinbase/order/5RTQNACF","USD","12.53","12.53","order-coinbase.5RTQNACF","2012-12-10T05:23:41Z","2026-11-21T21:59:27.546175Z"]
//	{daybook}:3:order:<id>            string  {"id":"coinbase.5RTQNACF","status":"paid",…}
//
// Users are percent-encoded as in ident.Escape; the id of an order is encoded
// already. Amounts are exact decimal text, which Redis never counts with.
//
// A checkpoint is the text of a follow.Checkpoint, always the same text
// for the same checkpoint. The position in the hash of a balance is that of
// the last event that changed it; the model's is in the checkpoint. Fields come
// in pairs: a currency has both or none.
//
// An entry is a JSON array: position, type of the event, payment identity,
// currency, amount, balance of that currency after it, stream, when it
// happened as the sender says ("" if he does not), when it was recorded. The
// first in the list is entry number 1; the list only grows at its end.
//
// An order is the JSON of GET /orders/{id} without its last member, position.
//
// # Generations
//
// The model that is read is the generation in {daybook}:current. A rebuild
// fills the next one beside it and switches in one step. Balances and orders
// change together, because they share current.
//
// # What makes it exact
//
// One script writes a batch: all its keys and the checkpoint, if current is
// the generation that the batch is for and the stored checkpoint is, byte for
// byte, the one that the batch started from. Otherwise it writes nothing, and
// the projector loads what is stored and goes on from there. So a generation
// is always the fold of the prefix of the log that its checkpoint names,
// whatever crashes, is flushed, fails over or is restored; and what is known
// of one is true of every other store with an equal checkpoint.
//
// That Redis writes all of a script or nothing is relied on, and watched: the
// sum is the first thing that a batch writes, the checkpoint the last, and a
// model in which they differ is filled again. See ErrTorn.
//
// A script that fails after its first write, which only missing permissions can
// cause, leaves a sum that differs likewise.
//
// # What is lost
//
// Redis may delete keys, and so may others. The set of keys names every key
// that the model has written, so that one that is missing is told apart from
// one that never was. A read of it, or a batch that would begin it anew, is not
// answered from what is left: the name is noted (Model.Suspect), and what belongs
// to it is made again from the log (follow.Mender). Whether keys are
// missing that nobody asks for is looked up when Redis was started again or has
// evicted any, and otherwise a page a second; see Model.Inspect. The set itself
// has the empty name from the first batch on, so that one that was deleted and
// begun anew is not taken for it.
package redismodel

import (
	"errors"
	"fmt"
	"strconv"

	"daybook/projections/follow"
)

// DefaultPrefix begins every key.
const DefaultPrefix = "{daybook}"

// The kinds of keys, which follow the generation.
const (
	KindBalance    = "balance"
	KindEntries    = "entries"
	KindOrder      = "order"
	KindCheckpoint = "checkpoint"
	KindSum        = "sum"
	KindKeys       = "keys"
	KindWhole      = "whole"
)

var (
	// ErrEvicts says that Redis may delete keys when its memory is full.
	// Nothing is written to such a server, because a balance could vanish.
	ErrEvicts = errors.New("redis evicts keys")

	// ErrUnusable says that what is stored is no model: a script was broken off
	// by an error, or somebody else has written. It is filled again.
	ErrUnusable = fmt.Errorf("%w: what is stored was half written, or changed by somebody else: %w", follow.ErrUnreachable, follow.ErrLost)

	// ErrNotWhole says that the set of keys is missing, so that nobody can tell
	// which keys are. A model of an earlier daybook has none.
	ErrNotWhole = fmt.Errorf("the set of its keys is missing: %w", follow.ErrLost)

	// ErrSwitched says that another generation is current than was expected.
	ErrSwitched = errors.New("another generation is current")
)

// Generation numbers the models under one prefix, from 1.
type Generation uint64

// String returns the number in decimal, as it is in keys.
func (g Generation) String() string { return strconv.FormatUint(uint64(g), 10) }

// Target says which generation a model keeps. The zero value is Live.
type Target struct {
	generation Generation // 0 follows current
	current    Generation // that must be current meanwhile
}

// Live is the generation that is current, also after a switch.
func Live() Target { return Target{} }

// Beside is the generation behind a current one, for filling it. Writing to it
// ends with an ErrSwitched when another one becomes current.
func Beside(current Generation) Target {
	return Target{generation: current + 1, current: current}
}
