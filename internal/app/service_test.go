package app

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// manager records what a service tells systemd, and the state of its run.
type manager struct {
	began      time.Time
	heard      []string // time and message
	err        error
	iterations uint64
	stuck      atomic.Bool
}

func (m *manager) send(state string) error {
	first, _, _ := strings.Cut(state, "\n")
	m.heard = append(m.heard, time.Since(m.began).String()+" "+first)
	return m.err
}

func (m *manager) snapshot() *runtime.Snapshot {
	if !m.stuck.Load() {
		m.iterations++
	}
	return &runtime.Snapshot{At: time.Now(), Loop: runtime.LoopView{Iterations: m.iterations}}
}

func TestService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		m := &manager{began: time.Now()}
		s := &service{send: m.send, watchdog: 4 * time.Second, log: slog.New(slog.NewTextHandler(&log, nil)), states: make(chan string, statesQueued)}
		stopping, over, started := make(chan struct{}), make(chan struct{}), make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.run(stopping, over, started, m.snapshot)
		}()
		step := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		step(500 * time.Millisecond)
		close(started)
		step(2*time.Second + time.Millisecond) // 2.501s
		finished := s.reloading()
		step(time.Second)
		finished()
		step(2 * time.Second) // 5.501s
		m.stuck.Store(true)
		step(8 * time.Second) // 13.501s: it is stuck, which is noticed after 3s
		m.stuck.Store(false)
		step(2 * time.Second)
		close(stopping)
		m.stuck.Store(true)
		step(4 * time.Second)
		close(over)
		<-done
		want := []string{
			"500ms READY=1", "2.5s WATCHDOG=1", "2.5s STATUS=0 of 0 cameras live, 0 events",
			"2.501s RELOADING=1", "3.501s READY=1", "4.5s WATCHDOG=1",
			"6.5s WATCHDOG=1", // too early to tell
			"8.5s STATUS=the command loop has not run for 4s", "10.5s STATUS=the command loop has not run for 6s",
			"12.5s STATUS=the command loop has not run for 8s",
			"14.5s WATCHDOG=1", "14.5s STATUS=0 of 0 cameras live, 0 events",
			"15.501s STOPPING=1", "16.5s WATCHDOG=1", "18.5s WATCHDOG=1", // the time for stopping is another bound
		}
		if !slices.Equal(m.heard, want) {
			t.Errorf("heard\n%s\nwant\n%s", strings.Join(m.heard, "\n"), strings.Join(want, "\n"))
		}
		if got := log.String(); !strings.Contains(got, "no progress") || !strings.Contains(got, "progress again") {
			t.Errorf("the log says:\n%s", got)
		}
	})
}

// Without a watchdog, none is fed, and changes of the state are reported. A run that ends by
// itself reports it, too.
func TestServiceWithoutWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		m := &manager{began: time.Now(), err: errors.New("nobody listens")}
		s := &service{send: m.send, log: slog.New(slog.NewTextHandler(&log, nil)), states: make(chan string, statesQueued)}
		over, started := make(chan struct{}), make(chan struct{})
		close(started)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.run(nil, over, started, m.snapshot)
		}()
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		close(over)
		<-done
		want := []string{"0s READY=1", "5s STATUS=0 of 0 cameras live, 0 events", "1m0.001s STOPPING=1"}
		if !slices.Equal(m.heard, want) {
			t.Errorf("heard %q, want %q", m.heard, want)
		}
		if n := strings.Count(log.String(), "cannot notify"); n != 1 {
			t.Errorf("%d warnings, want 1:\n%s", n, &log)
		}
	})
}

// A reload never waits for the service manager, and what has begun is ended.
func TestServiceReloadsDoNotWait(t *testing.T) {
	s := &service{states: make(chan string, statesQueued)}
	for range 2 * statesQueued {
		s.reloading()()
	}
	for range statesQueued / 2 {
		if a, b := <-s.states, <-s.states; !strings.HasPrefix(a, "RELOADING=1\nMONOTONIC_USEC=") || b != "READY=1" {
			t.Errorf("sent %q and %q", a, b)
		}
	}
	if n := len(s.states); n != 0 {
		t.Errorf("%d more", n)
	}
	var none *service
	none.reloading()()
	none.run(nil, nil, nil, nil)
}

func TestNewService(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	t.Setenv("NOTIFY_SOCKET", "")
	if s := newService(logger); s != nil {
		t.Errorf("a service without a manager: %+v", s)
	}
	t.Setenv("NOTIFY_SOCKET", "/nowhere")
	t.Setenv("WATCHDOG_USEC", "3000000")
	if s := newService(logger); s == nil || s.watchdog != 3*time.Second || log.Len() > 0 {
		t.Errorf("got %+v, log %q", s, &log)
	}
	t.Setenv("WATCHDOG_PID", "1") // another process's
	if s := newService(logger); s == nil || s.watchdog != 0 {
		t.Errorf("got %+v", s)
	}
	t.Setenv("WATCHDOG_USEC", "soon")
	if s := newService(logger); s == nil || s.watchdog != 0 || !strings.Contains(log.String(), "WATCHDOG_USEC") {
		t.Errorf("got %+v, log %q", s, &log)
	}
}

func TestStatusLine(t *testing.T) {
	cam := func(s capture.State, d engine.DetectorState, fired uint64) runtime.CameraView {
		return runtime.CameraView{
			Status: capture.Status{State: s},
			View: engine.View{
				Detectors: []engine.DetectorView{{State: d}},
				Rules:     []engine.RuleView{{Status: rules.Status{Fired: fired}}},
			},
		}
	}
	for _, c := range []struct {
		s    runtime.Snapshot
		want string
	}{
		{runtime.Snapshot{}, "0 of 0 cameras live, 0 events"},
		{runtime.Snapshot{Cameras: []runtime.CameraView{cam(capture.Connecting, engine.DetectorStarting, 0)}}, "0 of 1 camera live, 0 events"},
		{
			runtime.Snapshot{
				Cameras: []runtime.CameraView{
					cam(capture.Live, engine.DetectorWaiting, 1), cam(capture.Paused, engine.DetectorStuck, 3),
					cam(capture.Stalled, engine.DetectorFailed, 0), cam(capture.Failed, engine.DetectorDisabled, 0),
				},
				Sinks: []runtime.SinkView{{State: runtime.SinkOK}, {State: runtime.SinkDegraded}},
				Clips: &clips.Status{State: "degraded"}, Reload: runtime.ReloadView{Last: runtime.ReloadInvalid},
			},
			"1 of 4 cameras live, 4 events, 2 cameras in trouble, 2 detectors in trouble, 1 sink in trouble, configuration invalid, evidence degraded",
		},
	} {
		if got := statusLine(&c.s); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
