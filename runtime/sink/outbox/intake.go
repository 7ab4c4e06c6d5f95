package outbox

import (
	"sync"

	"rvo-tui/rules"
)

// item is what waits for the store: an event, or what became of its clip.
type item struct {
	event rules.Event
	clip  *Clip
	only  string // output
	saves bool   // of Record
}

// intake is the bounded queue between the live path and the writer.
type intake struct {
	wake chan struct{} // 1: it is no longer empty

	mu      sync.Mutex // guards what follows; held for a few instructions
	items   [Capacity]item
	first   int
	depth   int
	dropped uint64
	closed  bool
}

// put adds an item. It never waits. False: the queue is full or closed, and the item is
// counted as dropped.
func (q *intake) put(it item) bool {
	q.mu.Lock()
	ok := !q.closed && q.depth < Capacity
	if ok {
		q.items[(q.first+q.depth)%Capacity] = it
		q.depth++
	} else {
		q.dropped++
	}
	q.mu.Unlock()
	if ok {
		poke(q.wake)
	}
	return ok
}

// take removes up to n items, oldest first.
func (q *intake) take(n int) (list []item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range min(n, q.depth) {
		list = append(list, q.items[q.first])
		q.items[q.first] = item{}
		q.first = (q.first + 1) % Capacity
		q.depth--
	}
	return list
}

func (q *intake) state() (depth int, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.depth, q.dropped
}

func (q *intake) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// poke makes a channel of one ready, if it is not.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
