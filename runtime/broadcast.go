package runtime

import (
	"slices"
	"sync"
)

// Broadcast hands the newest Snapshot to any number of subscribers. One that does
// not read in time misses snapshots and delays nothing. Its zero value is ready. It
// is safe for concurrent use.
type Broadcast struct {
	mu          sync.Mutex // guards what follows
	subscribers []chan *Snapshot
	closed      bool
}

// Subscribe returns a channel on which the newest Snapshot waits: first, unless it
// is nil, until the next one is published. The channel is closed by Close. Cancel
// ends the subscription and may be called more than once.
func (b *Broadcast) Subscribe(first *Snapshot) (snapshots <-chan *Snapshot, cancel func()) {
	ch := make(chan *Snapshot, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(ch)
		return ch, func() {}
	}
	if first != nil {
		ch <- first
	}
	b.subscribers = append(b.subscribers, ch)
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subscribers = slices.DeleteFunc(b.subscribers, func(o chan *Snapshot) bool { return o == ch })
	}
}

// Watched reports whether there are subscribers.
func (b *Broadcast) Watched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subscribers) > 0
}

// Publish gives every subscriber s in place of the snapshot that waits.
func (b *Broadcast) Publish(s *Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range b.subscribers {
		select {
		case <-ch: // the last one was not read
		default:
		}
		ch <- s // has room: only the holder of the mutex sends
	}
}

// Close ends all subscriptions, and those to come.
func (b *Broadcast) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range b.subscribers {
		close(ch)
	}
	b.subscribers, b.closed = nil, true
}
