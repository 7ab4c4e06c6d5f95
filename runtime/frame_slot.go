package runtime

import (
	"sync"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/engine"
)

// frameSlot holds one frame and owns a reference to it. A newer frame replaces it. It
// is safe for concurrent use.
type frameSlot struct {
	mu sync.Mutex // guards the fields below; held for a few instructions
	framed
	closed bool
}

// framed is a frame as the engine knows it.
type framed struct {
	frame *capture.Frame // nil: none
	ref   engine.FrameRef
	boxes []detectors.Detection // boxes in it, for a detector of crops; shared and immutable
}

// put replaces the frame, takes over the reference, and reports whether a frame was
// replaced. A closed slot releases the new frame.
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

// take empties the slot; the caller owns the reference. Nil: the slot was empty.
func (s *frameSlot) take() framed {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.framed
	s.framed = framed{}
	return f
}

// share returns the frame with an additional reference, or nil.
func (s *frameSlot) share() (*capture.Frame, engine.FrameRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil || !s.frame.TryRetain() {
		return nil, engine.FrameRef{}
	}
	return s.frame, s.ref
}

// close empties the slot. Frames put later are released.
func (s *frameSlot) close() {
	s.mu.Lock()
	f := s.frame
	s.frame, s.closed = nil, true
	s.mu.Unlock()
	if f != nil {
		f.Release()
	}
}
