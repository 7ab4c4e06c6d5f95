package runtime

import (
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/modelcheck"
)

// slotHistory is a set of slots and a history of claims.
type slotHistory struct {
	Size   int
	Policy string
	Acts   []slotAct
}

// slotAct is a claim, or its end.
type slotAct struct {
	Claim  bool
	Waiter Waiter
	Which  int // whose end: a number of those that have not ended, modulo their count
	Revoke bool
}

func drawSlotHistory(r *rand.Rand) slotHistory {
	h := slotHistory{Size: r.IntN(3) + 1, Policy: PolicyNames()[r.IntN(3)]}
	for i := range r.IntN(25) + 5 {
		a := slotAct{Claim: r.IntN(5) < 3, Which: r.IntN(8), Revoke: r.IntN(4) == 0}
		a.Waiter = Waiter{
			Detector: []string{"a", "b", "c"}[r.IntN(3)], Cost: []detectors.Cost{detectors.CostLow, detectors.CostMedium, detectors.CostHigh}[r.IntN(3)],
			Due: time.Duration(r.IntN(6)), Since: time.Duration(i),
		}
		a.Waiter.Batch = map[string]int{"a": 0, "b": 2, "c": 3}[a.Waiter.Detector]
		h.Acts = append(h.Acts, a)
	}
	return h
}

func smallerSlotHistory(h slotHistory) iter.Seq[slotHistory] {
	return func(yield func(slotHistory) bool) {
		for rest := range modelcheck.Without(h.Acts) {
			if !yield(slotHistory{h.Size, h.Policy, rest}) {
				return
			}
		}
	}
}

// slotModel determines who holds a slot, as docs/architecture.md describes it: everything is
// counted and sorted each time.
type slotModel struct {
	slotHistory
	waiting, holding []Waiter // each identified by its unique Since
	taken            []string // a slot each: the detector whose batch has it, or ""
}

// order sorts waiters by the policy, and equal ones by arrival.
func (m *slotModel) order(list []Waiter) []Waiter {
	rank := map[detectors.Cost]int{detectors.CostLow: 0, detectors.CostMedium: 1, detectors.CostHigh: 2}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Waiter) int {
		switch m.Policy {
		case "fifo":
			return cmp.Compare(a.Since, b.Since)
		case "cost":
			return cmp.Or(cmp.Compare(rank[a.Cost], rank[b.Cost]), cmp.Compare(a.Due, b.Due))
		}
		return cmp.Compare(a.Due, b.Due)
	})
	return list
}

func (m *slotModel) sharing(detector string) (n int) {
	for _, w := range m.holding {
		if w.Detector == detector {
			n++
		}
	}
	return n
}

func (m *slotModel) give(w Waiter) {
	m.waiting = slices.DeleteFunc(m.waiting, func(o Waiter) bool { return o.Since == w.Since })
	m.holding = append(m.holding, w)
}

// settle gives free slots to waiters.
func (m *slotModel) settle() {
	joins := func(w Waiter) bool {
		return w.Batch > 1 && slices.Contains(m.taken, w.Detector) && m.sharing(w.Detector) < w.Batch
	}
	for again := true; again && len(m.taken) < m.Size; {
		again = false
		for _, w := range m.order(m.waiting) {
			if w.Batch > 1 && slices.Contains(m.taken, w.Detector) {
				continue // its frames go into the slot that it has, or wait
			}
			again = true
			if m.give(w); w.Batch < 2 {
				m.taken = append(m.taken, "")
				break
			}
			m.taken = append(m.taken, w.Detector)
			for _, more := range m.order(m.waiting) {
				if more.Detector == w.Detector && joins(more) {
					m.give(more)
				}
			}
			break
		}
	}
	if slices.ContainsFunc(m.waiting, func(w Waiter) bool { return w.Detector != m.waiting[0].Detector }) {
		return
	}
	for _, w := range slices.Clone(m.waiting) {
		if joins(w) {
			m.give(w)
		}
	}
}

// end removes a waiter, wherever it is.
func (m *slotModel) end(w Waiter) {
	is := func(o Waiter) bool { return o.Since == w.Since }
	held := slices.ContainsFunc(m.holding, is)
	m.waiting, m.holding = slices.DeleteFunc(m.waiting, is), slices.DeleteFunc(m.holding, is)
	name := ""
	if w.Batch > 1 {
		name = w.Detector
	}
	if held && (name == "" || m.sharing(name) == 0) {
		i := slices.Index(m.taken, name)
		m.taken = slices.Delete(m.taken, i, i+1)
	}
}

// play plays a history and returns what is wrong; empty: nothing.
func (h slotHistory) play() string {
	s, m := NewSlots(h.Size, h.Policy), &slotModel{slotHistory: h}
	var live []*lease
	revoked := uint64(0)
	for i, a := range h.Acts {
		switch {
		case a.Claim:
			a.Waiter.Since = time.Duration(i)
			live = append(live, s.claim(a.Waiter))
			m.waiting = append(m.waiting, a.Waiter)
		case len(live) == 0:
			continue
		default:
			at := a.Which % len(live)
			l := live[at]
			live = slices.Delete(live, at, at+1)
			if a.Revoke {
				if granted(l) {
					revoked++
				}
				l.revoke()
			}
			l.end()
			m.end(l.waiter)
		}
		m.settle()
		for _, l := range live {
			want := slices.ContainsFunc(m.holding, func(w Waiter) bool { return w.Since == l.waiter.Since })
			if granted(l) != want {
				return fmt.Sprintf("after act %d: claim %d has a slot: %v, want %v", i, l.waiter.Since, granted(l), want)
			}
		}
		if v := s.View(); v.Busy != len(m.taken) || v.Waiting != len(m.waiting) || v.Revoked != revoked {
			return fmt.Sprintf("after act %d: %+v, want %d busy, %d waiting, %d revoked", i, v, len(m.taken), len(m.waiting), revoked)
		}
	}
	return ""
}

// Slots go to the waiter that the policy prefers, and are never free while somebody waits.
func TestSlotsAgainstModel(t *testing.T) {
	modelcheck.Check(t, 40_000, drawSlotHistory, smallerSlotHistory, slotHistory.play)
}
