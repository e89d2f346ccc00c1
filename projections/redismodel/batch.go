package redismodel

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// A command of a batch, by what it writes.
const (
	hashFields  = 'H' // HSET with fields and values
	listEntries = 'L' // RPUSH with entries
	text        = 'S' // SET with one value
)

// maxValues is the most that one command of a batch is given: the script has
// their number in a byte.
const maxValues = 250

// Batch is what a script writes besides the checkpoint: one command for each
// key. All texts are in one buffer, because a batch has thousands of them and
// allocating each would take longer than everything else here.
type Batch struct {
	prefix string
	buffer []byte
	keys   []span // in the order of the commands
	values []span
	shape  []byte // two bytes for each command: which one, and how many values it has

	strings   []string // scratch of build
	arguments []any    // of build or prepare
	texts     []argument
	commands  []redis.Cmder // that were prepared
}

type span struct{ from, to int }

// reset empties a batch for a generation.
func (b *Batch) reset(prefix string) {
	b.prefix = prefix
	b.buffer, b.keys, b.values, b.shape = b.buffer[:0], b.keys[:0], b.values[:0], b.shape[:0]
}

// Hash begins the fields of a hash: Value with a name, Value with its text.
func (b *Batch) Hash(kind, name string) { b.command(hashFields, kind, name) }

// List begins entries at the end of a list, each a Value.
func (b *Batch) List(kind, name string) { b.command(listEntries, kind, name) }

// Text begins a key with one Value.
func (b *Batch) Text(kind, name string) { b.command(text, kind, name) }

func (b *Batch) command(command byte, kind, name string) {
	from := len(b.buffer)
	b.buffer = append(b.buffer, b.prefix...)
	b.buffer = append(b.buffer, kind...)
	b.buffer = append(b.buffer, ':')
	b.buffer = append(b.buffer, name...)
	b.keys = append(b.keys, span{from, len(b.buffer)})
	b.shape = append(b.shape, command, 0)
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
	last := len(b.shape) - 2
	if b.shape[last+1] == maxValues {
		b.keys = append(b.keys, b.keys[len(b.keys)-1])
		b.shape = append(b.shape, b.shape[last], 0)
		last += 2
	}
	b.shape[last+1]++
}

// batchScript writes a batch. KEYS are current, the checkpoint, the sum beside
// it and one for each command; ARGV the generation that must be current, the
// checkpoint and the sum that must be stored, the checkpoint behind the batch,
// what the batch adds to the sum, the shape, and all values.
//
// A server that is full, a replica or otherwise unwilling refuses the first
// write, and then nothing is written. Redis does not undo what a script has
// written when a later command fails, and the batch would be written again: the
// checkpoint is then replaced by a text that is none, and says why.
//
// The sum is the first thing written and the checkpoint the last, for the sake
// of what a restart makes of it; see place.
const batchScript = `
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] then return -1 end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 0 end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return -2 end
redis.call('INCRBY', KEYS[3], ARGV[5])
local call, unpack, byte, shape = redis.call, unpack, string.byte, ARGV[6]
local written, fault = pcall(function()
  local a, texts, t = 7, {}, 0
  for k = 4, #KEYS do
    local command, n = byte(shape, 2 * k - 7, 2 * k - 6)
    if command == 72 then
      call('HSET', KEYS[k], unpack(ARGV, a, a + n - 1))
    elseif command == 76 then
      call('RPUSH', KEYS[k], unpack(ARGV, a, a + n - 1))
    else
      texts[t + 1], texts[t + 2], t = KEYS[k], ARGV[a], t + 2
    end
    a = a + n
  end
  for i = 1, t, 2000 do
    call('MSET', unpack(texts, i, math.min(i + 1999, t)))
  end
  call('SET', KEYS[2], ARGV[4])
end)
if not written then
  if type(fault) == 'table' then fault = fault.err end
  redis.call('SET', KEYS[2], 'unusable: a batch failed halfway: ' .. tostring(fault))
  return redis.error_reply('UNUSABLE ' .. tostring(fault))
end
return 1`

// The answers of batchScript.
const (
	answerWritten  = 1
	answerSwitched = -1
	answerTorn     = -2
)

var batchHash = redis.NewScript(batchScript).Hash()

// run runs batchScript.
func (b *Batch) run(ctx context.Context, client redis.UniversalClient, guards []string, expected string, from, to place) (int, error) {
	b.build(guards, expected, from, to)
	b.arguments[0], b.arguments[1] = "evalsha", batchHash
	command := redis.NewCmd(ctx, b.arguments...)
	if err := client.Process(ctx, command); redis.HasErrorPrefix(err, "NOSCRIPT") {
		b.arguments[0], b.arguments[1] = "eval", batchScript
		command = redis.NewCmd(ctx, b.arguments...)
		_ = client.Process(ctx, command) // the error is the command's
	}
	return command.Int()
}

// build lays out the arguments of EVALSHA. Those of which there are many are
// pointers: a string in an interface would be allocated.
func (b *Batch) build(guards []string, expected string, from, to place) {
	all := string(b.buffer)
	b.strings = b.strings[:0]
	for _, s := range b.keys {
		b.strings = append(b.strings, all[s.from:s.to])
	}
	for _, s := range b.values {
		b.strings = append(b.strings, all[s.from:s.to])
	}
	b.arguments = append(b.arguments[:0], "", "", len(guards)+len(b.keys))
	for _, guard := range guards {
		b.arguments = append(b.arguments, guard)
	}
	for i := range b.keys {
		b.arguments = append(b.arguments, &b.strings[i])
	}
	b.arguments = append(b.arguments, expected, from.text, from.sum(), to.text, from.until(to), b.shape)
	for i := range b.values {
		b.arguments = append(b.arguments, &b.strings[len(b.keys)+i])
	}
}
