package engine

import (
	"time"
)

// ledger keeps back what is to be recorded, until there is much of it or somebody
// wants to see it. A histogram lies in memory that no cache holds any more when
// the next frame comes, and a step that records in five of them waits for that
// memory five times. It belongs to one goroutine and allocates nothing.
type ledger struct {
	n       int
	entries [64]entry
}

type entry struct {
	to   *Histogram
	took time.Duration
}

// record writes down one duration.
func (l *ledger) record(to *Histogram, took time.Duration) {
	l.entries[l.n] = entry{to, took}
	if l.n++; l.n == len(l.entries) {
		l.settle()
	}
}

// settle has the histograms hold all that was written down.
func (l *ledger) settle() {
	for _, e := range l.entries[:l.n] {
		e.to.Record(e.took)
	}
	l.n = 0
}
