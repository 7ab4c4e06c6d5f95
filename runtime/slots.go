package runtime

import (
	"context"
	"slices"
	"sync"
	"time"

	"rvo-tui/detectors"
)

// Slots is the semaphore that limits how many local detectors, over all cameras,
// compute at the same time. Its Policy decides who is next. It is safe for concurrent
// use.
type Slots struct {
	size   int
	policy Policy
	name   string

	mu      sync.Mutex // guards the fields below; never held while waiting
	busy    int
	waiting []*lease       // in order of arrival
	sharing map[string]int // holders of the slot of a detector with a batch
	revoked uint64
}

// NewSlots returns size free slots, granted by the named policy.
func NewSlots(size int, policy string) *Slots {
	return &Slots{size: max(size, 1), policy: policies[policy], name: policy, sharing: make(map[string]int)}
}

// View returns the current state.
func (s *Slots) View() SlotsView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SlotsView{Size: s.size, Busy: s.busy, Waiting: len(s.waiting), Revoked: s.revoked, Policy: s.name}
}

// lease is one claim to a slot: waiting, held or released. Its state is guarded by the
// mutex of the Slots.
type lease struct {
	slots   *Slots
	waiter  Waiter
	granted chan struct{} // closed when the slot is granted
	state   leaseState
}

type leaseState uint8

const (
	leaseWaiting leaseState = iota
	leaseHeld
	leaseGone
)

// claim requests a slot without blocking: granted is closed when the slot is held. The
// caller must call end in any case.
func (s *Slots) claim(w Waiter) *lease {
	l := &lease{slots: s, waiter: w, granted: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, l)
	s.grant()
	return l
}

// grant gives free slots to waiters. Frames of a detector with a batch share a slot:
// those that wait when it is granted, and later ones while nothing else is waiting. The
// caller holds the mutex.
func (s *Slots) grant() {
	for s.busy < s.size {
		l := s.first(func(l *lease) bool { return s.sharing[l.waiter.group()] == 0 })
		if l == nil {
			break
		}
		s.busy++
		s.hand(l)
		for l.waiter.group() != "" {
			more := s.first(func(m *lease) bool { return s.joins(m, l.waiter.group()) })
			if more == nil {
				break
			}
			s.hand(more)
		}
	}
	for _, l := range s.waiting {
		if l.waiter.Detector != s.waiting[0].waiter.Detector {
			return // others are waiting
		}
	}
	for len(s.waiting) > 0 && s.joins(s.waiting[0], s.waiting[0].waiter.group()) {
		s.hand(s.waiting[0])
	}
}

// joins reports whether a waiter can share the slot held by the detector of a group.
func (s *Slots) joins(l *lease, group string) bool {
	n := s.sharing[group]
	return l.waiter.group() == group && n > 0 && n < l.waiter.Batch
}

// first returns the waiter preferred by the policy among those that can be granted;
// nil: none.
func (s *Slots) first(can func(*lease) bool) (best *lease) {
	for _, l := range s.waiting {
		if can(l) && (best == nil || s.policy(&l.waiter, &best.waiter)) {
			best = l
		}
	}
	return best
}

// hand grants a slot to a waiter.
func (s *Slots) hand(l *lease) {
	s.waiting = slices.DeleteFunc(s.waiting, func(w *lease) bool { return w == l })
	if group := l.waiter.group(); group != "" {
		s.sharing[group]++
	}
	l.state = leaseHeld
	close(l.granted)
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
		group := l.waiter.group()
		if s.sharing[group]--; s.sharing[group] <= 0 {
			delete(s.sharing, group)
			s.busy--
		}
		if revoked {
			s.revoked++
		}
	case leaseWaiting:
		s.waiting = slices.DeleteFunc(s.waiting, func(w *lease) bool { return w == l })
	case leaseGone:
		return
	}
	l.state = leaseGone
	s.grant()
}

// Waiter is a detector that waits for a slot, as seen by a Policy.
type Waiter struct {
	Camera   string
	Detector string
	Cost     detectors.Cost
	Batch    int           // number of frames of this detector, from several cameras, that can share a slot; below 2: none
	Due      time.Duration // when its run was due, since the epoch
	Since    time.Duration // when it started waiting, since the epoch
}

// group returns the name under which a waiter shares a slot; empty: it does not.
func (w *Waiter) group() string {
	if w.Batch < 2 {
		return ""
	}
	return w.Detector
}

// Policy reports whether a should get a slot before b. It must be a strict weak order;
// among equals the longest waiting comes first.
type Policy func(a, b *Waiter) bool

var costRank = map[detectors.Cost]int{detectors.CostLow: 0, detectors.CostMedium: 1, detectors.CostHigh: 2}

var policies = map[string]Policy{
	// deadline: earliest due first, which serves the requested rates evenly.
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

// PolicyNames returns the possible values of Config.Policy.
func PolicyNames() []string {
	names := make([]string, 0, len(policies))
	for n := range policies {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
