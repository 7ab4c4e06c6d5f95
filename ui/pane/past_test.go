package pane

import (
	"testing"
	"time"
)

func TestPastKeepsADay(t *testing.T) {
	var p past
	start := time.Unix(1_000_000, 0)
	for i := range 2 * pastMost { // two days
		p.add(start.Add(time.Duration(i)*pastStep), wasFalse)
	}
	if n := len(p.steps); n < pastMost || n > pastMost+pastMost/20 {
		t.Errorf("%d steps are kept of two days, want about %d", n, pastMost)
	}
	end := start.Add(2 * pastSpan)
	if _, watched, _ := p.between(end.Add(-pastSpan), end); watched != pastMost {
		t.Errorf("%d of the last %d steps are known", watched, pastMost)
	}
	if _, watched, _ := p.between(start, start.Add(time.Hour)); watched != 0 {
		t.Error("the first day is still there")
	}
}

func TestPastTellsUnknownFromFalse(t *testing.T) {
	var p past
	start := time.Unix(1_000_000, 0)
	p.add(start, wasFalse)
	p.add(start.Add(time.Second), wasUnknown) // within the same step
	p.add(start.Add(10*time.Second), wasFired)
	p.add(start.Add(-time.Hour), wasTrue) // the clock was set back
	for _, tt := range []struct {
		from, to         time.Duration
		was              uint8
		watched, unknown int
	}{
		{0, pastStep, wasFalse | wasUnknown, 1, 1},
		{pastStep, 2 * pastStep, 0, 0, 0}, // not observed
		{2 * pastStep, 3 * pastStep, wasFired, 1, 0},
		{-time.Hour, pastStep - time.Hour, wasTrue, 1, 0},
		{-time.Hour, time.Hour, wasFalse | wasUnknown | wasFired | wasTrue, 3, 1},
		{time.Hour, 2 * time.Hour, 0, 0, 0},
	} {
		if was, watched, unknown := p.between(start.Add(tt.from), start.Add(tt.to)); was != tt.was || watched != tt.watched || unknown != tt.unknown {
			t.Errorf("%v to %v: %b, watched %d, unknown %d; want %b, %d, %d", tt.from, tt.to, was, watched, unknown, tt.was, tt.watched, tt.unknown)
		}
	}
	for _, by := range []time.Duration{3 * pastSpan, 0} { // forward and back
		p.add(start.Add(by), wasTrue)
		if len(p.steps) != 1 || p.first != stepOf(start.Add(by)) {
			t.Errorf("%d steps from %d are kept across a gap of days", len(p.steps), p.first)
		}
	}
}
