package sqlitestore

import (
	"math"
	"slices"

	"daybook/eventstore"
)

// findRuns asks for runs behind a revision.
const findRuns = "SELECT revision, position, events FROM runs WHERE stream_hash = ? AND revision > ? ORDER BY revision LIMIT ?"

// streamPage appends events of one stream.
func (c *connection) streamPage(p *page, q query) error {
	for after := int64(min(q.from, math.MaxInt64)) - maxRun; len(p.events) == 0; {
		runs, all, err := c.runs(q, after)
		if err != nil {
			return err
		}
		for _, r := range runs {
			if whole, err := c.readRun(p, q, r); err != nil || !whole {
				return err
			}
			if q.one && len(p.events) > 0 {
				return nil
			}
		}
		if p.last = all; all {
			return nil
		}
		after = int64(runs[len(runs)-1].revision) - 1 // others may have the same
	}
	return nil
}

// runs returns the next runs behind a revision, oldest first, and reports whether
// those are all.
func (c *connection) runs(q query, after int64) (runs []run, all bool, err error) {
	stmt, err := c.conn.Prepare(findRuns)
	if err != nil {
		return nil, false, err
	}
	defer stmt.Reset()
	stmt.BindInt64(1, q.hash)
	stmt.BindInt64(2, after)
	stmt.BindInt64(3, maxPageEvents)
	for {
		found, err := stmt.Step()
		if err != nil {
			return nil, false, err
		}
		if !found {
			break
		}
		runs = append(runs, run{
			hash:     q.hash,
			revision: eventstore.Revision(stmt.ColumnInt64(0)),
			position: eventstore.Position(stmt.ColumnInt64(1)),
			events:   int(stmt.ColumnInt64(2)),
		})
	}
	if len(runs) == maxPageEvents {
		return runs, false, nil
	}
	rest := q.runs[:min(len(q.runs), maxPageEvents)] // a page needs no more
	return merge(runs, rest), len(rest) == len(q.runs), nil
}

// merge joins what the index has with what it did not have a moment ago. A run
// may be in both, in memory with less events if it has grown since.
func merge(indexed, rest []run) []run {
	all := append(indexed, rest...)
	slices.SortFunc(all, run.compare)
	return slices.CompactFunc(all, func(a, b run) bool { return a.position == b.position })
}

// readRun appends the events of a run, and reports whether those were all.
func (c *connection) readRun(p *page, q query, r run) (whole bool, err error) {
	if r.end() <= q.from {
		return true, nil
	}
	stmt, err := c.conn.Prepare(choose(q.metadata, readRunFull, readRun))
	if err != nil {
		return false, err
	}
	stmt.BindInt64(1, int64(r.position))
	stmt.BindInt64(2, int64(r.at(r.end()))-1)
	stmt.BindInt64(3, int64(q.from))
	stmt.BindText(4, string(q.stream))
	return c.rows(p, stmt, q)
}
