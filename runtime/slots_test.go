package runtime

import (
	"context"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
)

func granted(l *lease) bool {
	select {
	case <-l.granted:
		return true
	default:
		return false
	}
}

func TestPolicyOrdersWhoWaits(t *testing.T) {
	// In order of arrival.
	waiters := []Waiter{
		{Detector: "late", Cost: detectors.CostLow, Due: 50, Since: 11},
		{Detector: "heavy", Cost: detectors.CostHigh, Due: 10, Since: 12},
		{Detector: "light", Cost: detectors.CostLow, Due: 40, Since: 13},
		{Detector: "twin", Cost: detectors.CostLow, Due: 40, Since: 14},
		{Detector: "medium", Cost: detectors.CostMedium, Due: 20, Since: 15},
	}
	for policy, want := range map[string][]string{
		"deadline": {"heavy", "medium", "light", "twin", "late"},
		"fifo":     {"late", "heavy", "light", "twin", "medium"},
		"cost":     {"light", "twin", "late", "medium", "heavy"},
	} {
		t.Run(policy, func(t *testing.T) {
			s := NewSlots(1, policy)
			holder := s.claim(Waiter{})
			var waiting []*lease
			for _, w := range waiters {
				waiting = append(waiting, s.claim(w))
			}
			if v := s.View(); v.Busy != 1 || v.Waiting != len(waiters) || v.Policy != policy || v.Size != 1 {
				t.Errorf("slots are %+v", v)
			}
			var got []string
			for range waiters {
				holder.end()
				i := slices.IndexFunc(waiting, granted)
				if i < 0 {
					t.Fatal("a free slot is not granted")
				}
				holder = waiting[i]
				got = append(got, holder.waiter.Detector)
				waiting = slices.Delete(waiting, i, i+1)
			}
			if !slices.Equal(got, want) {
				t.Errorf("order %v, want %v", got, want)
			}
		})
	}
	if names := PolicyNames(); !slices.Equal(names, []string{"cost", "deadline", "fifo"}) {
		t.Errorf("policies %v", names)
	}
}

func TestSlotIsGivenUpOnce(t *testing.T) {
	s := NewSlots(1, "fifo")
	a, b, c := s.claim(Waiter{Since: 1}), s.claim(Waiter{Since: 2}), s.claim(Waiter{Since: 3})
	a.revoke()
	a.revoke()
	a.end() // the stuck one comes back
	if !granted(b) || granted(c) {
		t.Error("a revoked slot must go to the next waiter alone")
	}
	if v := s.View(); v.Busy != 1 || v.Waiting != 1 || v.Revoked != 1 {
		t.Errorf("slots are %+v", v)
	}
	c.end() // withdrawn while it waits
	b.end()
	b.revoke()
	if v := s.View(); v.Busy != 0 || v.Waiting != 0 || v.Revoked != 1 {
		t.Errorf("slots are %+v", v)
	}
	if granted(c) {
		t.Error("who has withdrawn got a slot")
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	s := NewSlots(0, "fifo") // at least one
	a := s.claim(Waiter{})
	if !a.wait(t.Context()) {
		t.Error("a free slot was not granted")
	}
	b := s.claim(Waiter{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if b.wait(ctx) {
		t.Error("a slot was granted that was not released")
	}
	b.end()
	if v := s.View(); v.Waiting != 0 {
		t.Errorf("slots are %+v", v)
	}
}

// Frames of several cameras that go in one batch take one slot: those that wait when it is
// granted, and those that come while nobody else waits.
func TestBatchTakesOneSlot(t *testing.T) {
	s := NewSlots(2, "fifo")
	claim := func(detector string, batch, since int) *lease {
		return s.claim(Waiter{Detector: detector, Batch: batch, Since: time.Duration(since)})
	}
	one, two, three, four := claim("net", 3, 1), claim("net", 3, 2), claim("net", 3, 3), claim("net", 3, 4)
	if !granted(one) || !granted(two) || !granted(three) || granted(four) {
		t.Error("three frames share the slot, and the fourth waits")
	}
	if v := s.View(); v.Busy != 1 || v.Waiting != 1 {
		t.Errorf("slots are %+v", v)
	}
	other := claim("other", 0, 5)
	if !granted(other) {
		t.Error("a slot is free for another detector")
	}
	late := claim("late", 0, 6)
	one.end()
	if granted(four) || granted(late) {
		t.Error("a frame joined a batch while others waited: the slot would never be free")
	}
	two.end()
	five := claim("net", 3, 7)
	three.end()
	if !granted(four) || !granted(five) || granted(late) {
		t.Error("the slot goes to the one that waited longest, and all of its detector that wait")
	}
	four.revoke()
	if v := s.View(); v.Busy != 2 || v.Revoked != 1 {
		t.Errorf("slots are %+v: the other frame of the batch still holds it", v)
	}
	five.end()
	if !granted(late) {
		t.Error("the slot of the batch is free")
	}
}

// Detectors of one camera that claim again as soon as they are done alternate, with every policy
// that considers when they are due.
func TestSlotsAreSharedEvenly(t *testing.T) {
	for _, policy := range []string{"deadline", "fifo"} {
		s := NewSlots(1, policy)
		const n, rounds = 5, 20
		var served [n]int
		claims := make([]*lease, n)
		for i := range claims {
			claims[i] = s.claim(Waiter{Due: time.Duration(i), Since: time.Duration(i)})
		}
		for now := time.Duration(n); now < n*(rounds+1); now++ {
			i := slices.IndexFunc(claims, granted)
			served[i]++
			claims[i].end()
			claims[i] = s.claim(Waiter{Due: now, Since: now})
		}
		if served != [n]int{rounds, rounds, rounds, rounds, rounds} {
			t.Errorf("policy %s: served %v times, want %d each", policy, served, rounds)
		}
	}
}
