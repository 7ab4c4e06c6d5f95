package engine

import (
	"time"
)

// batch collects samples for histograms until it is full or a view is made. Between two
// frames the histograms drop out of the CPU caches, so a step that records in five of
// them would wait for memory five times. A batch belongs to one goroutine and does not
// allocate.
type batch struct {
	n       int
	entries [64]entry
}

type entry struct {
	to   *Histogram
	took time.Duration
}

// record adds one sample.
func (l *batch) record(to *Histogram, took time.Duration) {
	l.entries[l.n] = entry{to, took}
	if l.n++; l.n == len(l.entries) {
		l.flush()
	}
}

// flush records all samples in their histograms.
func (l *batch) flush() {
	for _, e := range l.entries[:l.n] {
		e.to.Record(e.took)
	}
	l.n = 0
}
