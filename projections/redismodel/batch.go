package redismodel

import (
	"bytes"
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// A command of a batch, by what it writes.
const (
	hashFields  = 'H' // HSET with fields and values
	listEntries = 'L' // RPUSH with entries, behind the length that the list must have
	text        = 'S' // SET with one value
	deleted     = 'D' // UNLINK
)

// unchecked is the third byte of a command whose answer is not looked at.
const unchecked = 255

// maxValues is the most that one command of a batch is given: the script has
// their number in a byte.
const maxValues = 250

// Batch is what a script writes besides the checkpoint: one command for each
// key. All texts are in one buffer, because a batch has thousands of them and
// allocating each would take longer than everything else here.
type Batch struct {
	prefix string
	set    string // key of the set of keys
	buffer []byte
	keys   []span // in the order of the commands
	values []span
	fresh  []span // of keys, without the prefix, that are to be in the set of keys
	shape  []byte // three bytes for each command: which one, how many values it has, and how many fields it must add

	strings   []string // scratch of build
	arguments []any    // of build or prepare
	texts     []argument
	commands  []redis.Cmder // that were prepared
}

type span struct{ from, to int }

// shapeBytes is how many bytes the shape has for each command.
const shapeBytes = 3

// reset empties a batch for a generation.
func (b *Batch) reset(prefix, set string) {
	b.prefix, b.set = prefix, set
	b.buffer, b.keys, b.values, b.fresh, b.shape = b.buffer[:0], b.keys[:0], b.values[:0], b.fresh[:0], b.shape[:0]
}

// Hash begins the fields of a hash: Value with a name, Value with its text.
func (b *Batch) Hash(kind, name string) { b.command(hashFields, kind, name) }

// List begins entries at the end of a list, each a Value.
func (b *Batch) List(kind, name string) {
	b.command(listEntries, kind, name)
	b.Value("")
}

// Text begins a key with one Value.
func (b *Batch) Text(kind, name string) { b.command(text, kind, name) }

// Delete deletes a key.
func (b *Batch) Delete(kind, name string) { b.command(deleted, kind, name) }

// New says that the key that was begun last may be one that the model did not
// have: it is put into the set of keys. After a Delete the key is one that the
// model must have, and that is made again.
func (b *Batch) New() {
	key := b.keys[len(b.keys)-1]
	b.fresh = append(b.fresh, span{key.from + len(b.prefix), key.to})
}

// Expect says, of the hash or list that was begun last and has no Value yet,
// how many entries the list must have, and that a hash must have all fields
// but those that Added counts. A key of which that is not so is lost: the
// script deletes it, and Write notes it.
func (b *Batch) Expect(entries int) {
	last := len(b.shape) - shapeBytes
	b.shape[last+2] = 0
	if b.shape[last] == listEntries {
		b.buffer = strconv.AppendInt(b.buffer, int64(entries), 10)
		b.values[len(b.values)-1].to = len(b.buffer)
	}
}

// Added counts a field that the hash does not have yet, whose Value came last.
// It follows an Expect.
func (b *Batch) Added() { b.shape[len(b.shape)-1]++ }

func (b *Batch) command(command byte, kind, name string) {
	from := len(b.buffer)
	b.buffer = append(b.buffer, b.prefix...)
	b.buffer = append(b.buffer, kind...)
	b.buffer = append(b.buffer, ':')
	b.buffer = append(b.buffer, name...)
	b.keys = append(b.keys, span{from, len(b.buffer)})
	b.shape = append(b.shape, command, 0, unchecked)
}

// Append gives the buffer to a function that appends one value of the command
// that was begun last.
func (b *Batch) Append(value func([]byte) []byte) {
	b.count()
	from := len(b.buffer)
	b.buffer = value(b.buffer)
	b.values = append(b.values, span{from, len(b.buffer)})
}

// Value adds a value to the command that was begun last.
func (b *Batch) Value(value string) {
	b.count()
	from := len(b.buffer)
	b.buffer = append(b.buffer, value...)
	b.values = append(b.values, span{from, len(b.buffer)})
}

// count counts a value. When the command has as many as it may, the same
// command begins again: maxValues is even, so that fields stay with values.
func (b *Batch) count() {
	last := len(b.shape) - shapeBytes
	if b.shape[last+1] == maxValues {
		command, isChecked := b.shape[last], b.shape[last+2] != unchecked
		b.keys = append(b.keys, b.keys[len(b.keys)-1])
		b.shape = append(b.shape, command, 0, unchecked)
		last += shapeBytes
		if command == listEntries {
			before := b.values[len(b.values)-maxValues]
			length, _ := strconv.Atoi(string(b.buffer[before.from:before.to]))
			b.Value("")
			if isChecked {
				b.Expect(length + maxValues - 1)
			}
		} else if isChecked {
			b.Expect(0)
		}
	}
	b.shape[last+1]++
}

// batchScript writes a batch. KEYS are current, the checkpoint, the sum beside
// it, the set of keys, and one for each command; ARGV the generation that must
// be current, the checkpoint and the sum that must be stored, the checkpoint
// behind the batch, what the batch adds to the sum, the shape, all values, and
// what is put into the set of keys.
//
// A server that is full, a replica or otherwise unwilling refuses the first
// write, and then nothing is written. Redis does not undo what a script has
// written when a later command fails, and the batch would be written again: the
// sum then differs from the checkpoint, and the model is filled again.
//
// The sum is the first thing written and the checkpoint the last, for the sake
// of what a restart makes of it; see place.
//
// A key that somebody else has deleted, or that is of another type, would be
// begun with what this batch alone has. It is deleted instead, and its place
// among the commands is in the answer.
const batchScript = `
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] then return -1 end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 0 end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return -2 end
local call, try, unpack, byte, shape = redis.call, redis.pcall, unpack, string.byte, ARGV[6]
local function isForeign(result)
  return type(result) == 'table' and string.find(result.err, 'WRONGTYPE', 1, true)
end
if ARGV[2] ~= '' then
  local whole = try('SISMEMBER', KEYS[4], '')
  if whole == 0 or isForeign(whole) then return -3 end
  if whole ~= 1 then return whole end
end
call('INCRBY', KEYS[3], ARGV[5])
local lost = {1}
local written, fault = pcall(function()
  local a, texts, t = 7, {}, 0
  local function lose(k, result)
    if type(result) == 'table' and not isForeign(result) then error(result.err, 0) end
    call('UNLINK', KEYS[k])
    lost[#lost + 1] = k - 5
  end
  for k = 5, #KEYS do
    local command, n, added = byte(shape, 3 * k - 14, 3 * k - 12)
    if command == 72 then
      local result = try('HSET', KEYS[k], unpack(ARGV, a, a + n - 1))
      if result ~= added and (added ~= 255 or type(result) == 'table') then lose(k, result) end
    elseif command == 76 then
      local result = try('RPUSH', KEYS[k], unpack(ARGV, a + 1, a + n - 1))
      if type(result) == 'table' or added ~= 255 and result ~= ARGV[a] + n - 1 then lose(k, result) end
    elseif command == 68 then
      call('UNLINK', KEYS[k])
    else
      texts[t + 1], texts[t + 2], t = KEYS[k], ARGV[a], t + 2
    end
    a = a + n
  end
  for i = 1, t, 2000 do
    call('MSET', unpack(texts, i, math.min(i + 1999, t)))
  end
  if ARGV[2] == '' then call('SADD', KEYS[4], '') end
  for i = a, #ARGV, 1000 do
    call('SADD', KEYS[4], unpack(ARGV, i, math.min(i + 999, #ARGV)))
  end
  call('SET', KEYS[2], ARGV[4])
end)
if not written then
  if type(fault) == 'table' then fault = fault.err end
  return redis.error_reply('UNUSABLE ' .. tostring(fault))
end
if #lost > 1 then return lost end
return 1`

// The answers of batchScript. One that has more numbers is answerWritten, and
// the places of the commands whose keys are lost.
const (
	answerWritten  = 1
	answerSwitched = -1
	answerTorn     = -2
	answerNotWhole = -3
)

var batchHash = redis.NewScript(batchScript).Hash()

// run runs batchScript. Lost are the commands whose keys are lost.
func (b *Batch) run(ctx context.Context, client redis.UniversalClient, guards []string, expected string, from, to place) (answer int, lost []int64, err error) {
	b.build(guards, expected, from, to)
	b.arguments[0], b.arguments[1] = "evalsha", batchHash
	command := redis.NewCmd(ctx, b.arguments...)
	if err := client.Process(ctx, command); redis.HasErrorPrefix(err, "NOSCRIPT") {
		b.arguments[0], b.arguments[1] = "eval", batchScript
		command = redis.NewCmd(ctx, b.arguments...)
		_ = client.Process(ctx, command) // the error is the command's
	}
	if lost, err := command.Int64Slice(); err == nil && len(lost) > 0 {
		return int(lost[0]), lost[1:], nil
	}
	answer, err = command.Int()
	return answer, nil, err
}

// name returns the name in the key of a command.
func (b *Batch) name(command int64) string {
	key := b.keys[command]
	_, name, _ := bytes.Cut(b.buffer[key.from+len(b.prefix):key.to], []byte(":")) // behind the kind
	return string(name)
}

// build lays out the arguments of EVALSHA. Those of which there are many are
// pointers: a string in an interface would be allocated.
func (b *Batch) build(guards []string, expected string, from, to place) {
	all := string(b.buffer)
	b.strings = b.strings[:0]
	for _, spans := range [][]span{b.keys, b.values, b.fresh} {
		for _, s := range spans {
			b.strings = append(b.strings, all[s.from:s.to])
		}
	}
	b.arguments = append(b.arguments[:0], "", "", len(guards)+len(b.keys))
	for _, guard := range guards {
		b.arguments = append(b.arguments, guard)
	}
	for i := range b.keys {
		b.arguments = append(b.arguments, &b.strings[i])
	}
	b.arguments = append(b.arguments, expected, from.text, from.sum(), to.text, from.until(to), b.shape)
	for i := len(b.keys); i < len(b.strings); i++ {
		b.arguments = append(b.arguments, &b.strings[i])
	}
}
