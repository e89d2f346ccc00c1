package sqlitestore

import (
	"math"
	"slices"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

const (
	fromRuns = "SELECT stream_hash, revision, position, events FROM runs "
	findRuns = fromRuns + "WHERE stream_hash = ? AND revision > ? ORDER BY revision LIMIT ?"
	listRuns = fromRuns + "WHERE (stream_hash, revision, position) > (?, ?, ?) ORDER BY stream_hash, revision, position LIMIT ?"
)

// maxPageRuns bounds a page of the index like a page of events.
const maxPageRuns = 4096

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
	stmt.BindInt64(1, q.hash)
	stmt.BindInt64(2, after)
	stmt.BindInt64(3, maxPageEvents)
	if runs, err = appendRuns(nil, stmt); err != nil || len(runs) == maxPageEvents {
		return runs, false, err
	}
	rest := q.runs[:min(len(q.runs), maxPageEvents)] // a page needs no more
	return merge(runs, rest), len(rest) == len(q.runs), nil
}

// index appends the runs after one, of all streams, in the order of the index.
func (c *connection) index(buffer []run, after run) ([]run, error) {
	stmt, err := c.conn.Prepare(listRuns)
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, after.hash)
	stmt.BindInt64(2, int64(after.revision))
	stmt.BindInt64(3, int64(after.position))
	stmt.BindInt64(4, maxPageRuns)
	return appendRuns(buffer, stmt)
}

// appendRuns appends the rows of fromRuns.
func appendRuns(to []run, stmt *sqlite.Stmt) ([]run, error) {
	defer stmt.Reset()
	for {
		found, err := stmt.Step()
		if err != nil || !found {
			return to, err
		}
		to = append(to, run{
			hash:     stmt.ColumnInt64(0),
			revision: eventstore.Revision(stmt.ColumnInt64(1)),
			position: eventstore.Position(stmt.ColumnInt64(2)),
			events:   int(stmt.ColumnInt64(3)),
		})
	}
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
