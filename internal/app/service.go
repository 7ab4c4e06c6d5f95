package app

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"rvo-tui/capture"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

const (
	statusEvery  = 5 * time.Second // between looks at the state for systemd, at most
	judgeAfter   = 4 * time.Second // least time between the snapshots of which progress is told
	statesQueued = 8
)

// service tells the system's service manager how the run stands, over the socket
// that it named in NOTIFY_SOCKET: that it has started, reloads and stops, a line
// on how it is, and, where it has a watchdog, that the run gets on. Nil: nobody
// asked, and its methods do nothing.
type service struct {
	send     func(state string) error
	watchdog time.Duration // within which the manager wants to hear; 0: it has no watchdog
	log      *slog.Logger
	states   chan string // of reloads, for run to send in order
	told     string      // the last state of this text; run's own
}

// newService returns the service that this process is, or nil where no manager
// wants to be told. For one, a crash from here on ends the process by SIGABRT.
func newService(log *slog.Logger) *service {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	// Go ends what crashed, or what a watchdog aborted, with exitUsage, after which
	// a manager that was told to respect that starts nothing again.
	debug.SetTraceback("crash")
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog of the service manager is not fed", "error", err, "do", "set WATCHDOG_USEC to microseconds, as systemd does")
	}
	return &service{
		send: func(state string) error {
			_, err := daemon.SdNotify(false, state)
			return err
		},
		watchdog: watchdog, log: log, states: make(chan string, statesQueued),
	}
}

// run tells how the run stands until over is closed, by when it says that it
// stops, or does so earlier, when stopping is closed. Snapshot is called every
// 5 s, or twice in the time of a shorter watchdog, which is fed as long as
// runtime.Progress finds nothing that stands still. Once the program stops, what
// bounds that is the manager's time for stopping, and the watchdog is fed
// whatever happens.
func (s *service) run(stopping, over, started <-chan struct{}, snapshot func() *runtime.Snapshot) {
	if s == nil {
		return
	}
	select {
	case <-started:
		s.tell(daemon.SdNotifyReady + "\nSTATUS=" + statusLine(snapshot()))
	case <-stopping:
	case <-over:
	}
	every := statusEvery
	if s.watchdog > 0 {
		every = min(every, s.watchdog/2)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	base := snapshot()
	standstill, last, stops := "", "", false
	for {
		select {
		case <-over:
			if !stops {
				s.tell(daemon.SdNotifyStopping)
			}
			return
		case <-stopping:
			stopping, stops = nil, true
			s.tell(daemon.SdNotifyStopping + "\nSTATUS=stopping")
		case state := <-s.states:
			s.tell(state)
		case <-tick.C:
			if stops {
				s.feed()
				continue
			}
			now := snapshot()
			status := statusLine(now)
			if err := runtime.Progress(base, now); err != nil {
				status = err.Error()
				if standstill != status {
					s.log.Error("something stands still", "what", err)
				}
				standstill = status
			} else {
				if standstill != "" {
					s.log.Info("nothing stands still any more")
				}
				standstill = ""
				s.feed()
				if now.At.Sub(base.At) >= judgeAfter {
					base = now
				}
			}
			if status != last {
				s.tell("STATUS=" + status)
				last = status
			}
		}
	}
}

// feed feeds the watchdog, where there is one.
func (s *service) feed() {
	if s.watchdog > 0 {
		s.tell(daemon.SdNotifyWatchdog)
	}
}

func (s *service) tell(state string) {
	err := s.send(state)
	switch {
	case err == nil:
		s.told = ""
	case s.told != err.Error():
		s.told = err.Error()
		s.log.Warn("the service manager cannot be told how the program stands", "error", err)
	}
}

// reloading says that the configuration is being read again, and returns what is
// to be called when it has been. It never waits: where too much is waiting to be
// told already, nothing is said. One reload calls it at a time.
func (s *service) reloading() (done func()) {
	if s == nil || len(s.states) > cap(s.states)-2 {
		return func() {}
	}
	s.states <- daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()
	return func() { s.states <- daemon.SdNotifyReady } // there is room: nobody else sends
}

// statusLine says in one line how a run stands.
func statusLine(s *runtime.Snapshot) string {
	var live, down, broken, sinks int
	var events uint64
	for i := range s.Cameras {
		c := &s.Cameras[i]
		switch c.State {
		case capture.Live:
			live++
		case capture.Stalled, capture.Reconnecting, capture.Failed:
			down++
		}
		for j := range c.Detectors {
			switch c.Detectors[j].State {
			case engine.DetectorStuck, engine.DetectorFailed:
				broken++
			}
		}
		for j := range c.Rules {
			events += c.Rules[j].Status.Fired
		}
	}
	for i := range s.Sinks {
		if s.Sinks[i].State != runtime.SinkOK {
			sinks++
		}
	}
	parts := []string{fmt.Sprintf("%d of %s live", live, count(len(s.Cameras), "camera")), count(int(events), "event")}
	for _, p := range []struct {
		n    int
		what string
	}{{down, "camera"}, {broken, "detector"}, {sinks, "sink"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n, p.what)+" in trouble")
		}
	}
	if last := s.Reload.Last; last != "" && last != runtime.ReloadOK {
		parts = append(parts, "configuration "+last)
	}
	if s.Clips != nil && s.Clips.State != "ok" {
		parts = append(parts, "evidence degraded")
	}
	return strings.Join(parts, ", ")
}
