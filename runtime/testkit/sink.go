package testkit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// TB is what assertions need of a test.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Received is an event and when it was offered.
type Received struct {
	Event rules.Event
	At    time.Time
}

// Sink is a runtime.Sink that keeps every event in memory, without a bound. It is
// safe for concurrent use; its zero value is ready.
type Sink struct {
	mu       sync.Mutex // guards what follows
	received []Received
	ended    bool
}

// Name implements runtime.Sink.
func (s *Sink) Name() string { return "testkit" }

// Offer implements runtime.Sink.
func (s *Sink) Offer(event rules.Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, Received{event, time.Now()})
	return true
}

// View implements runtime.Sink.
func (s *Sink) View() runtime.SinkView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return runtime.SinkView{Name: s.Name(), State: runtime.SinkOK, Written: uint64(len(s.received))}
}

// Run implements runtime.Sink. It has nothing to deliver.
func (s *Sink) Run(ctx context.Context) error {
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return nil
}

// Ended reports whether Run has returned: no event may come after that.
func (s *Sink) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Received returns all events so far, in the order in which they came.
func (s *Sink) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Lines returns the events as text, sorted by time and then by text:
// "1.01s door/person confirmed".
func (s *Sink) Lines() []string {
	received := s.Received()
	line := func(c Received) string {
		return fmt.Sprintf("%v %s/%s %s", c.Event.At, c.Event.Camera, c.Event.Type, c.Event.Phase)
	}
	slices.SortStableFunc(received, func(a, b Received) int {
		return cmp.Or(cmp.Compare(a.Event.At, b.Event.At), strings.Compare(line(a), line(b)))
	})
	lines := make([]string, len(received))
	for i, c := range received {
		lines[i] = line(c)
	}
	return lines
}

// Expect reports an error unless exactly these events came: see Lines.
func (s *Sink) Expect(t TB, want ...string) {
	t.Helper()
	if got := s.Lines(); !slices.Equal(got, want) {
		t.Errorf("events:\n  got  %q\n  want %q", got, want)
	}
}
