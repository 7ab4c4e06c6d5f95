package engine

import (
	"testing"
	"time"
)

// In a batch of any size, nothing is lost or counted twice.
func TestLedger(t *testing.T) {
	var l batch
	for _, n := range []int{0, 1, len(l.entries) - 1, len(l.entries), len(l.entries) + 1, 5*len(l.entries) + 3} {
		a, b := new(Histogram), new(Histogram)
		var sum time.Duration
		for i := range n {
			l.record(a, time.Duration(i))
			l.record(b, ms)
			sum += time.Duration(i)
		}
		for range 2 { // the second time, there is nothing to report
			l.flush()
			if a.Count() != uint64(n) || a.Sum() != sum || b.Count() != uint64(n) || b.Sum() != time.Duration(n)*ms {
				t.Errorf("of %d durations %d and %d arrived, of %v and %v in all", n, a.Count(), b.Count(), a.Sum(), b.Sum())
			}
		}
	}
}
