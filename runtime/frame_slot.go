package runtime

import (
	"sync"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// frameSlot holds one frame, of which it owns one reference; a newer one replaces
// it. It is safe for concurrent use.
type frameSlot struct {
	mu sync.Mutex // guards what follows; held for a few instructions
	framed
	closed bool
}

// framed is a frame as the engine knows it.
type framed struct {
	frame *capture.Frame // nil: there is none
	ref   engine.FrameRef
	boxes []detectors.Detection // in it, for a detector of crops; shared and immutable
}

// put takes over the reference of a frame, in place of the frame before, and reports
// whether there was one. A closed slot releases it.
func (s *frameSlot) put(f framed) (replaced bool) {
	s.mu.Lock()
	old := s.frame
	if s.closed {
		old = f.frame
	} else {
		s.framed = f
	}
	s.mu.Unlock()
	if old == nil {
		return false
	}
	old.Release()
	return old != f.frame
}

// take empties the slot; the reference is the caller's. Nil: it was empty.
func (s *frameSlot) take() framed {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.framed
	s.framed = framed{}
	return f
}

// share returns the frame with a further reference, or nil.
func (s *frameSlot) share() (*capture.Frame, engine.FrameRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil || !s.frame.TryRetain() {
		return nil, engine.FrameRef{}
	}
	return s.frame, s.ref
}

// close empties the slot, and releases every frame that is put later.
func (s *frameSlot) close() {
	s.mu.Lock()
	f := s.frame
	s.frame, s.closed = nil, true
	s.mu.Unlock()
	if f != nil {
		f.Release()
	}
}
