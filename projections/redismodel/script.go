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

// sweepScript deletes keys of a model that has no checkpoint, and its sum.
var sweepScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
return redis.call('UNLINK', unpack(KEYS, 3))`)

// discardScript deletes the checkpoint of a model that has no use, unless
// somebody has done so.
var discardScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] or (redis.call('GET', KEYS[3]) or '') == ARGV[3] then return 0 end
return redis.call('UNLINK', KEYS[2])`)

// isNil reports whether an error says only that a key does not exist.
func isNil(err error) bool { return errors.Is(err, redis.Nil) }
