package engine

import (
	"testing"
	"time"

	"rvo-tui/detectors"
)

func TestStuckIsRevokedAndItsAnswerThrownAway(t *testing.T) {
	s := newSim(t)
	sp := spec("a", 10)
	sp.Timeout = 200 * ms
	d := s.attach(&script{spec: sp, exec: 350 * ms})
	s.frames(40, ms, 10*ms)
	s.until(200 * ms)
	if v := s.view("a"); v.State != DetectorRunning {
		t.Fatalf("%v before the timeout", v.State)
	}
	s.until(201 * ms)
	if v := s.view("a"); v.State != DetectorStuck || v.Timeouts != 1 || d.revoked != 1 {
		t.Fatalf("at the timeout: %v, %d timeouts, %d revoked", v.State, v.Timeouts, d.revoked)
	}
	if got := s.signal("a").Unknown; got != detectors.Stuck {
		t.Fatalf("signal is %v, want stuck", got)
	}
	s.until(360 * ms)
	v := s.view("a")
	if v.Late != 1 || s.signal("a").Unknown == detectors.Known {
		t.Errorf("the late answer counted: late %d, signal %v", v.Late, s.signal("a").Unknown)
	}
	if len(d.runs) != 2 {
		t.Errorf("%d runs, want a second one once it is back", len(d.runs))
	}
}

// The signals of a disabled detector say so, whatever becomes of its last run.
func TestStuckWhenDisabled(t *testing.T) {
	s := newSim(t)
	s.attach(&script{spec: spec("a", 10), exec: 3 * time.Second})
	s.frames(3, ms, 50*ms)
	s.until(100 * ms)
	s.command(func(e *Engine, _ time.Duration) {
		if err := e.Enable("a", false); err != nil {
			t.Error(err)
		}
	})
	for _, at := range []time.Duration{2 * time.Second, 4 * time.Second} {
		if s.until(at); s.signal("a").Unknown != detectors.Off {
			t.Errorf("after %v the signal is unknown because %v, want off", at, s.signal("a").Unknown)
		}
	}
}
