package remote

import "rvo-tui/internal/ring"

// mirror keeps the newest entries of a numbered sequence of another process, under
// numbers of its own: those there may begin anew, or skip some. It is not safe for
// concurrent use.
type mirror[T any] struct {
	*ring.Ring[T]
	there uint64 // the newest number there; 0: none yet
}

func newMirror[T any](capacity int) mirror[T] { return mirror[T]{Ring: ring.New[T](capacity)} }

// fresh reports whether the entry of a number there is yet to be added, and notes
// it.
func (m *mirror[T]) fresh(there uint64) bool {
	if there <= m.there {
		return false
	}
	m.there = there
	return true
}
