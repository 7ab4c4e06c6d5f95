// Package ring is a ring buffer that numbers its entries.
package ring

// Ring keeps the newest entries. When it is full, Add overwrites the oldest. Entries are numbered
// from 1 without gaps. It is not safe for concurrent use.
type Ring[T any] struct {
	entries []T
	last    uint64 // number of the newest entry
}

// New returns an empty ring with a capacity in entries.
func New[T any](capacity int) *Ring[T] { return &Ring[T]{entries: make([]T, capacity)} }

// Last returns the number of the newest entry; 0 if there was none yet.
func (r *Ring[T]) Last() uint64 { return r.last }

// Add adds an entry. Its number is Last afterwards.
func (r *Ring[T]) Add(entry T) {
	r.last++
	r.entries[r.last%uint64(len(r.entries))] = entry
}

// After returns the kept entries with a higher number, oldest first.
func (r *Ring[T]) After(number uint64) []T {
	kept := uint64(len(r.entries))
	if r.last > kept {
		number = max(number, r.last-kept)
	}
	if number >= r.last {
		return nil
	}
	after := make([]T, 0, r.last-number)
	for n := number + 1; n <= r.last; n++ {
		after = append(after, r.entries[n%kept])
	}
	return after
}
