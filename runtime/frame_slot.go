package runtime

import (
	"sync"

	"rvo-tui/capture"
	"rvo-tui/runtime/engine"
)

// frameSlot holds one frame, of which it owns one count; a newer one replaces
// it. It is safe for concurrent use.
type frameSlot struct {
	mu     sync.Mutex // guards what follows; held for a few instructions
	frame  *capture.Frame
	ref    engine.FrameRef
	closed bool
}

// put takes the count of f over, in place of the frame before, and reports
// whether there was one. A closed slot releases f.
func (s *frameSlot) put(f *capture.Frame, ref engine.FrameRef) (replaced bool) {
	s.mu.Lock()
	old := s.frame
	if s.closed {
		old = f
	} else {
		s.frame, s.ref = f, ref
	}
	s.mu.Unlock()
	if old == nil {
		return false
	}
	old.Release()
	return old != f
}

// take empties the slot; the count is the caller's. Nil: it was empty.
func (s *frameSlot) take() *capture.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frame
	s.frame = nil
	return f
}

// share returns the frame with a further count, or nil.
func (s *frameSlot) share() (*capture.Frame, engine.FrameRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil || !s.frame.TryRetain() {
		return nil, engine.FrameRef{}
	}
	return s.frame, s.ref
}

// close empties the slot for good.
func (s *frameSlot) close() {
	s.mu.Lock()
	f := s.frame
	s.frame, s.closed = nil, true
	s.mu.Unlock()
	if f != nil {
		f.Release()
	}
}
