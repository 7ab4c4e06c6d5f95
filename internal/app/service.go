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
	statusEvery  = 5 * time.Second // maximum interval between status updates
	judgeAfter   = 4 * time.Second // minimum time between snapshots compared for progress
	statesQueued = 8
)

// service notifies the service manager (systemd) over NOTIFY_SOCKET: start, reload
// and stop, a status line, and watchdog keep-alives while the program makes
// progress. The methods of a nil service do nothing.
type service struct {
	send     func(state string) error
	watchdog time.Duration // the manager's timeout; 0: it has no watchdog
	log      *slog.Logger
	states   chan string // of reloads, sent by run in order
	told     string      // last status text sent; used only by run
}

// newService returns a service, or nil without NOTIFY_SOCKET. From then on a crash
// ends the process with SIGABRT.
func newService(log *slog.Logger) *service {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	// Go exits with status 2 after a crash. That is exitUsage, after which the unit file tells
	// the manager not to restart.
	debug.SetTraceback("crash")
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("watchdog keep-alives are disabled", "error", err, "do", "set WATCHDOG_USEC to microseconds, as systemd does")
	}
	return &service{
		send: func(state string) error {
			_, err := daemon.SdNotify(false, state)
			return err
		},
		watchdog: watchdog, log: log, states: make(chan string, statesQueued),
	}
}

// run notifies the manager until over is closed. It reports the stop when stopping or over is
// closed. Every 5 s, or twice per watchdog timeout if that is shorter, it takes a snapshot and
// sends a keep-alive if runtime.Progress finds progress. While the program stops it always sends
// keep-alives: the manager limits that time itself.
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
					s.log.Error("no progress", "what", err)
				}
				standstill = status
			} else {
				if standstill != "" {
					s.log.Info("progress again")
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

// feed sends a keep-alive, if there is a watchdog.
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
		s.log.Warn("cannot notify the service manager", "error", err)
	}
}

// reloading reports that a reload has begun, and returns a function that reports its
// end. It never waits: if too many reports are queued, it reports nothing. Only one
// reload calls it at a time.
func (s *service) reloading() (done func()) {
	if s == nil || len(s.states) > cap(s.states)-2 {
		return func() {}
	}
	s.states <- daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()
	return func() { s.states <- daemon.SdNotifyReady } // never blocks: there is no other sender
}

// statusLine summarises a snapshot in one line.
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
