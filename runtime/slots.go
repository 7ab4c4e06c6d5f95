package runtime

import (
	"context"
	"slices"
	"sync"
	"time"

	"rvo-tui/detectors"
)

// Slots is the semaphore that bounds how many local detectors, of all cameras,
// compute at a time. Its Policy decides which waiter is next. It is safe for
// concurrent use.
type Slots struct {
	size   int
	policy Policy
	name   string

	mu      sync.Mutex // guards what follows; never held while waiting
	busy    int
	waiting []*lease // in order of arrival
	revoked uint64
}

// NewSlots returns size free slots, handed out in the order of the named policy.
func NewSlots(size int, policy string) *Slots {
	return &Slots{size: max(size, 1), policy: policies[policy], name: policy}
}

// View returns the current state.
func (s *Slots) View() SlotsView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SlotsView{Size: s.size, Busy: s.busy, Waiting: len(s.waiting), Revoked: s.revoked, Policy: s.name}
}

// lease is one claim to a slot: waiting, then held, then gone. The mutex of the Slots
// guards its state.
type lease struct {
	slots   *Slots
	waiter  Waiter
	granted chan struct{} // closed when the slot is the holder's
	state   leaseState
}

type leaseState uint8

const (
	leaseWaiting leaseState = iota
	leaseHeld
	leaseGone
)

// claim requests a slot without waiting: granted is closed when the slot is held. The
// caller must call end in any case.
func (s *Slots) claim(w Waiter) *lease {
	l := &lease{slots: s, waiter: w, granted: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, l)
	s.grant()
	return l
}

// grant gives free slots to waiters. The caller holds the mutex.
func (s *Slots) grant() {
	for s.busy < s.size && len(s.waiting) > 0 {
		best := 0
		for i := 1; i < len(s.waiting); i++ {
			if s.policy(&s.waiting[i].waiter, &s.waiting[best].waiter) {
				best = i
			}
		}
		l := s.waiting[best]
		s.waiting = append(s.waiting[:best], s.waiting[best+1:]...)
		l.state = leaseHeld
		s.busy++
		close(l.granted)
	}
}

// wait returns true when the slot is granted and false when the context ends.
func (l *lease) wait(ctx context.Context) bool {
	select {
	case <-l.granted:
		return true
	case <-ctx.Done():
		return false
	}
}

// end releases the claim or the slot. Further calls do nothing.
func (l *lease) end() { l.finish(false) }

// revoke takes the slot from a stuck holder, for the next waiter.
func (l *lease) revoke() { l.finish(true) }

func (l *lease) finish(revoked bool) {
	s := l.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	switch l.state {
	case leaseHeld:
		s.busy--
		if revoked {
			s.revoked++
		}
	case leaseWaiting:
		for i, w := range s.waiting {
			if w == l {
				s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
				break
			}
		}
	case leaseGone:
		return
	}
	l.state = leaseGone
	s.grant()
}

// Waiter is a detector that waits for a slot, as a Policy sees it.
type Waiter struct {
	Camera   string
	Detector string
	Cost     detectors.Cost
	Due      time.Duration // when its run was due, since the epoch
	Since    time.Duration // when it began to wait, since the epoch
}

// Policy reports whether a is to get a slot before b. It must be a strict weak
// order; among equals the longest waiting goes first.
type Policy func(a, b *Waiter) bool

var costRank = map[detectors.Cost]int{detectors.CostLow: 0, detectors.CostMedium: 1, detectors.CostHigh: 2}

var policies = map[string]Policy{
	// deadline: earliest due first, which serves the rates asked for evenly.
	"deadline": func(a, b *Waiter) bool { return a.Due < b.Due },
	// fifo: longest waiting first.
	"fifo": func(a, b *Waiter) bool { return a.Since < b.Since },
	// cost: cheap detectors first, then by deadline; heavy ones may starve.
	"cost": func(a, b *Waiter) bool {
		if ra, rb := costRank[a.Cost], costRank[b.Cost]; ra != rb {
			return ra < rb
		}
		return a.Due < b.Due
	},
}

// PolicyNames returns the names that Config.Policy can have.
func PolicyNames() []string {
	names := make([]string, 0, len(policies))
	for n := range policies {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
