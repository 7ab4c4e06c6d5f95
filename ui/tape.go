package ui

// tape keeps the newest entries of a numbered sequence of another process, whose
// numbers may begin anew. Here they go on. It is not safe for concurrent use.
type tape[T any] struct {
	most    int // entries kept
	entries []T
	numbers []uint64 // of the entries, ascending
	last    uint64   // newest number there
	base    uint64   // what is added to numbers there
}

// restart lets the numbers begin anew.
func (t *tape[T]) restart() { t.base, t.last = t.base+t.last, 0 }

// number returns the number here of the one there; false: that entry is kept
// already, or was.
func (t *tape[T]) number(there uint64) (uint64, bool) { return t.base + there, there > t.last }

// add keeps an entry under its number there. The oldest one makes room.
func (t *tape[T]) add(there uint64, entry T) {
	t.last = there
	t.entries, t.numbers = tail(append(t.entries, entry), t.most), tail(append(t.numbers, t.base+there), t.most)
}

// after returns the kept entries behind a number here, oldest first.
func (t *tape[T]) after(number uint64) []T {
	i := len(t.numbers)
	for i > 0 && t.numbers[i-1] > number {
		i--
	}
	return append([]T(nil), t.entries[i:]...)
}
