package redismodel

import (
	"errors"

	"github.com/redis/go-redis/v9"
)

// switchScript makes another generation current.
var switchScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`)

// unlinkScript deletes keys of a generation that is not current.
var unlinkScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') == ARGV[1] then return -1 end
return redis.call('UNLINK', unpack(KEYS, 2))`)

// sweepScript deletes keys of a model that has no checkpoint, and what the
// model keeps of itself. A checkpoint of another type is none.
var sweepScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] then return -1 end
local stored = redis.pcall('GET', KEYS[2])
if type(stored) == 'table' and not string.find(stored.err, 'WRONGTYPE', 1, true) then return stored end
if type(stored) == 'string' and stored ~= '' then return -1 end
return redis.call('UNLINK', unpack(KEYS, 2))`)

// discardScript deletes the checkpoint of a model that has no use, and that it
// was whole, unless somebody has done so.
var discardScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
return redis.call('UNLINK', KEYS[2], KEYS[3])`)

// markScript says of a model that it is whole.
var markScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[3], ARGV[2])
return 1`)

// currentScript makes a generation current, if what is stored is not the
// number of one. Nothing is 1.
var currentScript = redis.NewScript(`
local stored = redis.pcall('GET', KEYS[1])
if stored == false and ARGV[1] == '1' then return 0 end
if type(stored) == 'string' and #stored < 19 and string.find(stored, '^[1-9]%d*$') then return 0 end
if type(stored) == 'table' and not string.find(stored.err, 'WRONGTYPE', 1, true) then return stored end
redis.call('SET', KEYS[1], ARGV[1])
return 1`)

// isNil reports whether an error says only that a key does not exist.
func isNil(err error) bool { return errors.Is(err, redis.Nil) }

// isWrongType reports whether an answer says that a key is of another type than
// the command is for.
func isWrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }
