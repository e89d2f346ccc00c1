package recorder

import (
	"daybook/domain/codec"
	"daybook/domain/ledger"
)

// booked is the state of a stream with what stands posted in it.
type booked[S any] struct {
	state S
	book  *ledger.Posted
	err   error
}

// posted returns the book, also that of an empty stream.
func (b booked[S]) posted() *ledger.Posted {
	if b.book == nil {
		return new(ledger.Posted)
	}
	return b.book
}

// withBook extends the fold of an aggregate by a book of what its events post.
func withBook[S any, E codec.Event](a aggregate[S, E]) aggregate[booked[S], E] {
	return aggregate[booked[S], E]{a.codec, func(b booked[S], event E) booked[S] {
		b.state, b.book = a.evolve(b.state, event), b.posted()
		if b.err == nil {
			b.err = b.book.Put(event)
		}
		return b
	}}
}
