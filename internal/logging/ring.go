// Package logging keeps the newest log lines in memory and writes the log without blocking its
// callers.
package logging

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"rvo-tui/internal/ring"
	"rvo-tui/internal/text"
)

const (
	// MaxLines is the number of lines that a Ring keeps.
	MaxLines = 500
	// MaxLineBytes is the maximum length of a kept line.
	MaxLineBytes = 1024

	logQueue       = 256
	logRepeats     = 5 // equal lines passed on per second
	logRepeatKinds = 64
	logFlush       = time.Second
)

// Line is one log line for display.
type Line struct {
	Seq   uint64     `json:"seq"` // ascending from 1, without gaps
	Time  time.Time  `json:"time"`
	Level slog.Level `json:"level"`
	Text  string     `json:"text"` // message and attributes, without control characters
}

// View counts what has been logged since the start.
type View struct {
	Errors   uint64 `json:"errors"` // lines at level error
	Warnings uint64 `json:"warnings"`
}

// Ring is a slog.Handler that keeps the newest MaxLines lines, counts errors and warnings, and
// passes every line to another handler from its own goroutine, so that logging never waits for a
// terminal, a pipe or a disk.
//
// Of equal lines within a second it passes on five, followed by one line with the number of
// repetitions. If the queue of 256 lines is full, lines are kept and counted as dropped, but not
// passed on.
//
// Handlers derived by WithAttrs and WithGroup share one ring.
type Ring struct {
	*logState
	next   slog.Handler
	prefix string // groups, each with its dot
	attrs  string // text of the attributes so far
}

// logState is the state shared by derived handlers.
type logState struct {
	queue chan logJob

	mu      sync.Mutex // guards the fields below; held briefly
	lines   *ring.Ring[Line]
	view    View
	dropped uint64
	repeats map[string]*repeat // by level and text; logRepeatKinds at most
}

type logJob struct {
	to     slog.Handler
	record slog.Record
}

// repeat counts equal lines within one second.
type repeat struct {
	since  time.Time
	count  int
	held   int // number not passed on
	level  slog.Level
	text   string
	record slog.Record
	to     slog.Handler
}

// NewRing returns a ring. It passes lines to next while Run is running.
func NewRing(next slog.Handler) *Ring {
	return &Ring{
		logState: &logState{
			queue: make(chan logJob, logQueue), lines: ring.New[Line](MaxLines), repeats: map[string]*repeat{},
		},
		next: next,
	}
}

// Enabled implements slog.Handler. The next handler decides.
func (h *Ring) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h *Ring) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		appendAttr(&b, h.prefix, a)
	}
	return &Ring{h.logState, h.next.WithAttrs(attrs), h.prefix, h.attrs + b.String()}
}

// WithGroup implements slog.Handler.
func (h *Ring) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &Ring{h.logState, h.next.WithGroup(name), h.prefix + name + ".", h.attrs}
}

// Handle implements slog.Handler. It never waits and never fails.
func (h *Ring) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		appendAttr(&b, h.prefix, a)
		return b.Len() < 2*MaxLineBytes
	})
	line := text.CleanTo(b.String(), MaxLineBytes)

	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.Level >= slog.LevelError:
		h.view.Errors++
	case r.Level >= slog.LevelWarn:
		h.view.Warnings++
	}
	h.expire(r.Time)
	if h.repeated(r, line) {
		return nil
	}
	h.add(Line{Time: r.Time, Level: r.Level, Text: line}, logJob{h.next, r.Clone()})
	return nil
}

// repeated counts a line and returns true if it repeats too often to be passed on. The caller holds
// mu.
func (h *Ring) repeated(r slog.Record, line string) bool {
	key := strconv.Itoa(int(r.Level)) + line
	rep := h.repeats[key]
	if rep == nil {
		if len(h.repeats) < logRepeatKinds {
			h.repeats[key] = &repeat{since: r.Time, count: 1, level: r.Level, text: line, to: h.next}
		}
		return false
	}
	if rep.count++; rep.count <= logRepeats {
		return false
	}
	rep.held++
	rep.record = r.Clone()
	return true
}

// expire adds the lines with the number of repetitions for all seconds that have ended. The caller
// holds mu.
func (s *logState) expire(now time.Time) {
	for key, rep := range s.repeats {
		if d := now.Sub(rep.since); d >= 0 && d < time.Second {
			continue
		}
		delete(s.repeats, key)
		if rep.held > 0 {
			rep.record.AddAttrs(slog.Int("repeated", rep.held))
			s.add(Line{
				Time: rep.record.Time, Level: rep.level,
				Text: text.CleanTo(fmt.Sprintf("%s (%d times more)", rep.text, rep.held), MaxLineBytes+32),
			}, logJob{rep.to, rep.record})
		}
	}
}

// add keeps a line and queues it. The caller holds mu.
func (s *logState) add(line Line, job logJob) {
	line.Seq = s.lines.Last() + 1
	s.lines.Add(line)
	select {
	case s.queue <- job:
	default:
		s.dropped++
	}
}

// Lines returns the kept lines with a number above seq, oldest first.
func (s *logState) Lines(seq uint64) []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(time.Now())
	return s.lines.After(seq)
}

// View returns the counts, including repeated lines.
func (s *logState) View() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// Queue returns the depth and the capacity of the queue to the next handler, and how many lines were
// dropped.
func (s *logState) Queue() (depth, capacity int, dropped uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue), logQueue, s.dropped
}

// Run passes lines to the next handler until ctx ends, then for up to a second the remaining ones.
// Later lines are only kept in memory.
func (s *logState) Run(ctx context.Context) error {
	for {
		select {
		case job := <-s.queue:
			s.pass(ctx, job)
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), logFlush)
			defer cancel()
			s.mu.Lock()
			s.expire(time.Time{})
			s.mu.Unlock()
			for end.Err() == nil {
				select {
				case job := <-s.queue:
					s.pass(end, job)
				default:
					return nil
				}
			}
			return nil
		}
	}
}

func (s *logState) pass(ctx context.Context, job logJob) {
	if err := job.to.Handle(ctx, job.record); err != nil {
		// The dashboard shows the counter.
		s.mu.Lock()
		s.dropped++
		s.mu.Unlock()
	}
}

// appendAttr writes an attribute as " key=value", quoted where needed.
func appendAttr(b *strings.Builder, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			appendAttr(b, prefix, member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	value := v.String()
	if value == "" || strings.ContainsAny(value, " =\"\n\t") {
		value = strconv.Quote(value)
	}
	b.WriteByte(' ')
	b.WriteString(prefix + a.Key + "=" + value)
}
