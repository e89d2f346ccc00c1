package balances

import (
	"daybook/domain/ident"
	"daybook/projections/follow"
)

// maxPurses is how many purses stay known without a doubt; up to twice as many
// may.
const maxPurses = 1 << 18

// purses are those that the writer knows, so that it need not read what it has
// written. They are of one checkpoint: a generation is the fold of the log up
// to its checkpoint, whoever wrote it, so that what is known of one checkpoint
// holds wherever the same checkpoint is stored. A batch that starts from
// another one, or of which it is not known what became of it, begins with
// none.
type purses struct {
	at         follow.Checkpoint
	valid      bool
	all        bool // a user who is not here does not exist
	young, old map[string]*purse
}

// begin makes the purses those of a checkpoint. At the beginning of the log
// there are none, unless a filling was broken off.
func (p *purses) begin(at follow.Checkpoint, isFresh bool) {
	if p.valid && p.at == at {
		p.valid = false // until the batch is written
		return
	}
	*p = purses{at: at, all: isFresh && at == follow.Checkpoint{}, young: make(map[string]*purse)}
}

// written makes the purses, with what a batch has put on them, those of the
// checkpoint behind it.
func (p *purses) written(to follow.Checkpoint) { p.at, p.valid = to, true }

// known is how many there are.
func (p *purses) known() int { return len(p.young) + len(p.old) }

// find returns a user's purse, or nil if it is not known.
func (p *purses) find(user []byte) *purse {
	if known := p.young[string(user)]; known != nil {
		return known
	}
	known := p.old[string(user)]
	switch {
	case known != nil:
		delete(p.old, string(user))
	case p.all:
		known = new(purse)
	default:
		return nil
	}
	p.add(string(user), known)
	return known
}

// forget forgets a user, so that it is read again.
func (p *purses) forget(user []byte) {
	delete(p.young, string(user))
	delete(p.old, string(user))
	p.all = false
}

// add adds a purse. When there are many, those that were not used for longest
// are forgotten.
func (p *purses) add(user string, known *purse) {
	if len(p.young) >= maxPurses {
		p.all = p.all && len(p.old) == 0
		p.young, p.old = make(map[string]*purse), p.young
	}
	if known.name == "" {
		known.name = ident.Escape(user)
	}
	p.young[user] = known
}
