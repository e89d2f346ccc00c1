package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"
)

const (
	// pageEntries is how many entries of one user are read at one time, and
	// pipeEntries of all users together.
	pageEntries = 1000
	pipeEntries = 8000
)

// storedUser is what the model has of a user.
type storedUser struct {
	hash    *redis.MapStringStringCmd
	length  *redis.IntCmd
	member  *redis.BoolSliceCmd // of the set of keys: the hash, and the entries
	digest  digest
	entries int64
	fault   error // of reading the entries: they are no list
}

// readUsers reads what the model has of users. Later moves to the checkpoint
// that it is of, passes them on to be compared there, and completes them: what
// they keep of entries is computed while others are read.
func (b *balances) readUsers(ctx context.Context, names []string, later func(func() error) error, pass func([]storedUser)) error {
	users := make([]storedUser, len(names))
	at, err := b.read(ctx, b.model.name, func(pipe redis.Pipeliner) {
		for i, name := range names {
			users[i].hash = pipe.HGetAll(ctx, b.layout.key("balance", name))
			users[i].length = pipe.LLen(ctx, b.layout.key("entries", name))
			users[i].member = pipe.SMIsMember(ctx, b.layout.key("keys", b.model.name), "balance:"+name, "entries:"+name)
		}
	})
	if err != nil {
		return err
	}
	err = later(func() error {
		if err := b.advance(&b.model, at); err != nil {
			return err
		}
		pass(users)
		return nil
	})
	if err != nil {
		return err
	}
	return b.readEntries(ctx, names, users, later)
}

// readEntries reads the entries that users had at the snapshot. It does so
// behind it: a list only grows at its end.
func (b *balances) readEntries(ctx context.Context, names []string, stored []storedUser, later func(func() error) error) error {
	type part struct {
		user *storedUser
		read *redis.StringSliceCmd
	}
	pipe := b.client.Pipeline()
	var parts []part
	queued := int64(0)
	flush := func() error {
		if _, err := pipe.Exec(ctx); err != nil && !isAnswer(err) {
			return unreadable(err)
		}
		read := parts
		parts, queued = nil, 0
		return later(func() error {
			for _, p := range read {
				p.user.take(p.read, &b.scratch)
			}
			return nil
		})
	}
	for i, name := range names {
		length := stored[i].length.Val()
		for from := int64(0); from < length; from += pageEntries {
			n := min(pageEntries, length-from)
			parts = append(parts, part{&stored[i], pipe.LRange(ctx, b.layout.key("entries", name), from, from+n-1)})
			if queued += n; queued >= pipeEntries {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

func (u *storedUser) take(read *redis.StringSliceCmd, scratch *[]byte) {
	entries, err := read.Result()
	u.fault = errors.Join(u.fault, err)
	for _, entry := range entries {
		add(&u.digest, entry, scratch)
	}
	u.entries += int64(len(entries))
}

// differences compares what the model has of a user with the fold; a is nil if
// the log does not know him.
func (b *balances) differences(name string, a *account, stored *storedUser) []Difference {
	var all []Difference
	differ := func(kind, format string, arguments ...any) {
		all = append(all, Difference{Subject: b.layout.key(kind, name), Text: fmt.Sprintf(format, arguments...)})
	}
	hash, err := stored.hash.Result()
	wanted := a.fields()
	switch {
	case err != nil:
		differ("balance", "cannot be read: %v", err)
	case len(hash) == 0 && len(wanted) > 0:
		differ("balance", "is missing: %s", describe(wanted))
	case len(wanted) == 0 && len(hash) > 0:
		differ("balance", "is surplus: the log gives this user nothing, the model has %s", describe(hash))
	case !maps.Equal(hash, wanted):
		differ("balance", "%s", compareFields(hash, wanted))
	}
	if member, err := stored.member.Result(); err != nil {
		differ("balance", "cannot be looked up in the set of keys: %v", err)
	} else {
		b.compareMember(&all, "balance", name, member[0], len(wanted) > 0)
		b.compareMember(&all, "entries", name, member[1], a != nil && a.entries > 0)
	}
	if fault := errors.Join(stored.length.Err(), stored.fault); fault != nil {
		differ("entries", "cannot be read: %v", fault)
		return all
	}
	var number uint64
	var sum digest
	if a != nil {
		number, sum = a.entries, a.digest
	}
	switch length := uint64(stored.entries); {
	case length == 0 && number > 0:
		differ("entries", "is missing: the log has %d entries", number)
	case number == 0 && length > 0:
		differ("entries", "is surplus: the log has no entry, the model %d", length)
	case length != number:
		differ("entries", "has %d entries, the log %d", length, number)
	case stored.digest != sum:
		differ("entries", "has as many entries as the log, %d, and they are not the same or not in the same order", number)
	}
	return all
}

// compareMember compares whether the set of keys names a key of a model.
func (s *session) compareMember(to *[]Difference, kind, name string, is, should bool) {
	key := s.layout.key(kind, name)
	switch {
	case is && !should:
		*to = append(*to, Difference{Subject: key, Text: "is surplus in the set of keys: the log knows no such key"})
	case should && !is:
		*to = append(*to, Difference{Subject: key, Text: "is missing in the set of keys"})
	}
}

// fields are what the hash of a user has.
func (a *account) fields() map[string]string {
	if a == nil {
		return nil
	}
	fields := map[string]string{"position": a.changed.String()}
	for i := range a.holdings {
		h := &a.holdings[i]
		fields[h.currency] = decimal(h.currency, &h.available)
		fields[h.currency+":pending"] = decimal(h.currency, &h.pending)
	}
	return fields
}

// compareFields says what differs, in the order of names.
func compareFields(stored, wanted map[string]string) string {
	names := slices.Collect(maps.Keys(wanted))
	for name := range stored {
		if _, known := wanted[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := ""
	for _, name := range names {
		is, exists := stored[name]
		should, known := wanted[name]
		switch {
		case exists && known && is == should:
			continue
		case text != "":
			text += "; "
		}
		switch {
		case !exists:
			text += fmt.Sprintf("%s is missing, the log says %s", name, should)
		case !known:
			text += fmt.Sprintf("%.60q is surplus: %.60q", name, is)
		default:
			text += fmt.Sprintf("%s is %.60q, the log says %s", name, is, should)
		}
	}
	return text
}

func describe(fields map[string]string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text += fmt.Sprintf("%.60s %.60s ", name, fields[name]); len(text) > 400 {
			break
		}
	}
	return text[:len(text)-1]
}
