package redismodel

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Batch holds what one script writes besides the checkpoint: one command for
// each key. It has the events of a follow.MaxBatch at most, because Redis serves
// nobody else while the script runs.
type Batch struct {
	prefix   string // of keys
	commands []command
	added    []any // keys, without the prefix, that enter the set of keys
	removed  []any // keys that leave it
}

// command writes one key.
type command struct {
	operation  operation
	kind, name string
	values     []string
	want       int // that the script must find, see Hash and List; unchecked if it may find anything
}

// operation is what a command does with its key.
type operation string

const (
	setFields  operation = "H" // HSET with fields and values
	pushValues operation = "L" // RPUSH
	setText    operation = "S" // SET
	deleteKey  operation = "D" // UNLINK
)

const unchecked = -1

// Hash sets fields of a hash: names and values in turn. Added is how many of the
// fields the hash does not have yet. If Redis disagrees, the key was lost or
// changed: the script deletes it, and Write notes the name.
func (b *Batch) Hash(kind, name string, added int, fields ...string) {
	b.commands = append(b.commands, command{setFields, kind, name, fields, added})
}

// List appends values to a list that has a length. If Redis disagrees, it is as
// with Hash.
func (b *Batch) List(kind, name string, length int, values ...string) {
	b.commands = append(b.commands, command{pushValues, kind, name, values, length + len(values)})
}

// Text sets a key.
func (b *Batch) Text(kind, name, text string) {
	b.commands = append(b.commands, command{setText, kind, name, []string{text}, unchecked})
}

// Delete deletes a key that the model does not have any more.
func (b *Batch) Delete(kind, name string) {
	b.Clear(kind, name)
	b.removed = append(b.removed, kind+":"+name)
}

// Clear deletes what is left of a key that the model must have: it is lost, and
// written again later.
func (b *Batch) Clear(kind, name string) {
	b.commands = append(b.commands, command{deleteKey, kind, name, nil, unchecked})
}

// Enter puts a key into the set of keys. That is due when the model may not have
// had it before.
func (b *Batch) Enter(kind, name string) { b.added = append(b.added, kind+":"+name) }

// batchScript writes a batch. KEYS are current, the checkpoint, the sum beside
// it, the set of keys, and one for each command; ARGV the generation that must
// be current, the checkpoint and the sum that must be stored, the checkpoint
// after the batch, what the batch adds to the sum, how many members leave the set
// of keys, and these; then for each command the operation, what it must find, the
// number of values, and these; then the members that enter the set.
//
// A server that is full, a replica or otherwise unwilling refuses the first
// write, and then nothing is written. Redis does not undo what a script has
// written when a later command fails, and the batch would be written again: the
// sum then differs from the checkpoint, and the model is filled again.
//
// The sum is the first thing written and the checkpoint the last, for the sake
// of what a restart makes of it; see place.
//
// A key that was deleted by others, or that is of another type, would begin anew
// with what this batch alone has. It is deleted instead, and its place among the
// commands is in the answer.
const batchScript = `
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] then return -1 end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 0 end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return -2 end
local call, try, unpack, number = redis.call, redis.pcall, unpack, tonumber
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
  local a = 7 + ARGV[6]
  for i = 7, a - 1, 1000 do
    call('SREM', KEYS[4], unpack(ARGV, i, math.min(i + 999, a - 1)))
  end
  for k = 5, #KEYS do
    local operation, want, last = ARGV[a], number(ARGV[a + 1]), a + 2 + ARGV[a + 2]
    local result = want
    if operation == 'H' then
      result = try('HSET', KEYS[k], unpack(ARGV, a + 3, last))
    elseif operation == 'L' then
      result = try('RPUSH', KEYS[k], unpack(ARGV, a + 3, last))
    elseif operation == 'S' then
      call('SET', KEYS[k], ARGV[last])
    else
      call('UNLINK', KEYS[k])
    end
    if result ~= want then
      if type(result) == 'table' and not isForeign(result) then error(result.err, 0) end
      call('UNLINK', KEYS[k])
      lost[#lost + 1] = k - 5
    end
    a = last + 1
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

var script = redis.NewScript(batchScript)

// run runs batchScript. Lost are the names whose keys are lost.
func (b *Batch) run(ctx context.Context, client redis.Scripter, guards []string, expected string, from, to place) (answer int, lost []string, err error) {
	keys, arguments := b.arguments(guards, expected, from, to)
	result := script.Run(ctx, client, keys, arguments...)
	if numbers, err := result.Int64Slice(); err == nil && len(numbers) > 0 {
		for _, command := range numbers[1:] {
			lost = append(lost, b.commands[command].name)
		}
		return int(numbers[0]), lost, nil
	}
	answer, err = result.Int()
	return answer, nil, err
}

// arguments returns KEYS and ARGV.
func (b *Batch) arguments(guards []string, expected string, from, to place) (keys []string, arguments []any) {
	keys = make([]string, 0, len(guards)+len(b.commands))
	keys = append(keys, guards...)
	arguments = append(arguments, expected, from.text, from.sum(), to.text, from.until(to), len(b.removed))
	arguments = append(arguments, b.removed...)
	for _, c := range b.commands {
		keys = append(keys, b.prefix+c.kind+":"+c.name)
		arguments = append(arguments, string(c.operation), strconv.Itoa(c.want), strconv.Itoa(len(c.values)))
		for _, value := range c.values {
			arguments = append(arguments, value)
		}
	}
	return keys, append(arguments, b.added...)
}
