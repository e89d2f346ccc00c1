package verify

import (
	"context"
	"slices"

	"daybook/eventstore"
)

// credit is an event that has credited a payment, or put it into suspense.
type credit struct {
	eventType string
	position  eventstore.Position
	isNothing bool // of an amount of 0
}

// creditStory follows the credits of one payment. A decision that takes all back frees it,
// and a reversal restores what stood before.
type creditStory struct {
	standing []credit
	before   map[string][]credit // by decision
}

// count reads the log once more for the suspects.
func (c *credits) count(ctx context.Context, log eventstore.Reader, to eventstore.Position, found *findings) error {
	if len(c.suspects) == 0 {
		return nil
	}
	if c.isFull {
		found.add(Difference{Subject: "credits", Text: "more payments seem to be credited twice than can be looked at"})
	}
	stories := make(map[string]*creditStory)
	again := newFollower(log, readFact, func(_ context.Context, f *fact) error {
		c.follow(stories, f, found) // what cannot be read, the first reading has found
		return nil
	})
	return again.to(ctx, to)
}

// follow puts an event on the story of its payment, if that is suspect.
func (c *credits) follow(stories map[string]*creditStory, f *fact, found *findings) {
	identity, isCredit := f.creditOf()
	if !isCredit && !f.rule.takes && !f.rule.reverses || !c.suspects[hashOf(c.seed, identity)] {
		return
	}
	s := stories[identity]
	if s == nil {
		s = &creditStory{before: make(map[string][]credit)}
		stories[identity] = s
	}
	s.free(f)
	if !isCredit {
		return
	}
	if len(s.standing) > 0 {
		found.add(twice(identity, f, s.standing[len(s.standing)-1]))
	}
	s.standing = append(s.standing[:len(s.standing):len(s.standing)], credit{f.event.Type, f.event.Position, !f.creditsSomething()})
}

// free puts on the story what a decision takes back, or a reversal restores.
func (s *creditStory) free(f *fact) {
	switch {
	case f.rule.reverses:
		if before, known := s.before[f.said.Reverses]; known {
			s.standing = before
			delete(s.before, f.said.Reverses)
		}
	case f.rule.takes:
		s.before[f.said.ID] = s.standing
		isTaken := f.said.Refunded != nil // all that had been sent back is charged anew, and may have been all
		isTaken = isTaken || !slices.ContainsFunc(s.standing, func(is credit) bool { return !is.isNothing })
		for _, l := range f.said.Takes {
			account, err := parseAccount(l.Account)
			isTaken = isTaken || err == nil && account.isCredited()
		}
		if isTaken {
			s.standing = nil
		}
	}
}

// isCredited reports whether it is an account to which payments are credited.
func (a accountName) isCredited() bool { return a.place == users || a.place == sales }

// creditsSomething reports whether the event gives an account more than nothing.
func (f *fact) creditsSomething() bool {
	for _, l := range f.posting {
		if l.account.isCredited() && l.negative && l.n.Sign() > 0 {
			return true
		}
	}
	return false
}

// twice says that a payment is credited again.
func twice(identity string, f *fact, earlier credit) Difference {
	counted := "credited"
	if f.rule.mispays {
		counted = "put into suspense"
	}
	return Difference{
		Subject: "payment " + identity,
		Text: counted + " again by " + f.event.Type + " at position " + f.event.Position.String() +
			", was " + counted + " by " + earlier.eventType + " at position " + earlier.position.String(),
	}
}
