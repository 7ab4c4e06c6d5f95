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

// TB is the part of testing.TB that assertions need.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Received is an event and the time at which it was offered.
type Received struct {
	Event rules.Event
	At    time.Time
}

// Sink is a runtime.Sink that keeps all events in memory, without a limit. It is safe
// for concurrent use. The zero value is ready to use.
type Sink struct {
	mu       sync.Mutex // guards the fields below
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

// Ended reports whether Run has returned. No events may arrive after that.
func (s *Sink) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Received returns all events so far, in order of arrival.
func (s *Sink) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Lines returns the events as text, such as "1.01s door/person confirmed", sorted by
// time and then by text.
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

// Expect reports an error unless exactly these events arrived, in the format of Lines.
func (s *Sink) Expect(t TB, want ...string) {
	t.Helper()
	if got := s.Lines(); !slices.Equal(got, want) {
		t.Errorf("events:\n  got  %q\n  want %q", got, want)
	}
}
