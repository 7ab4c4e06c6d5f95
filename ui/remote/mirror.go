package remote

import "rvo-tui/internal/ring"

// mirror keeps the newest entries of a numbered sequence of another process. It numbers them
// itself, because the other process may restart its numbers or skip some. It is not safe for
// concurrent use.
type mirror[T any] struct {
	*ring.Ring[T]
	there uint64 // newest number of the other process; 0: none yet
}

func newMirror[T any](capacity int) mirror[T] { return mirror[T]{Ring: ring.New[T](capacity)} }

// fresh reports whether the other process's entry of this number is new, and remembers it.
func (m *mirror[T]) fresh(there uint64) bool {
	if there <= m.there {
		return false
	}
	m.there = there
	return true
}
