package outbox

import (
	"sync"

	"rvo-tui/rules"
)

// item is a queued event, or the result of its clip.
type item struct {
	event rules.Event
	clip  *Clip
	only  string // only this output
	saves bool   // value of Record.Saves
	aside uint64 // number of the message set aside that is sent again; 0: none
}

// intake is the bounded queue between the live path and the writer.
type intake struct {
	wake chan struct{} // capacity 1: the queue is no longer empty

	mu      sync.Mutex // guards the fields below; held for a few instructions
	items   [Capacity]item
	first   int
	depth   int
	dropped uint64
	closed  bool
}

// put adds an item. It never blocks. It returns false if the queue is full or closed,
// and counts the item as dropped.
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

// poke sends to a channel of capacity 1 without blocking.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
