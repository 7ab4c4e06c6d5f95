package runtime

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
)

// Limits of Progress.
const (
	beatEvery    = time.Second     // maximum time between two iterations of the loop
	beatLimit    = 3 * time.Second // limit between two iterations without a command
	commandLimit = time.Minute     // limit for one command
	frameLimit   = 6 * time.Minute // limit without a frame; one minute more than the maximum of stall_timeout
)

// LoopView is the state of the command loop.
type LoopView struct {
	Iterations uint64        `json:"turns"`     // iterations, at least one per second; 0: the configured cameras are still being started
	Busy       time.Duration `json:"busy_ns"`   // duration of the current command so far; 0: none
	Reloading  bool          `json:"reloading"` // a reload is in progress; cameras that it restarts may be missing
}

// loop counts the iterations of Run's loop, so that others can see whether it runs.
type loop struct {
	iterations atomic.Uint64
	busy       atomic.Int64 // start of the current command, since the epoch; 0: none
	once       sync.Once
	started    chan struct{} // closed by the first iteration
}

func newLoop() *loop { return &loop{started: make(chan struct{})} }

// wait records that the loop is about to wait for work.
func (l *loop) wait() {
	l.busy.Store(0)
	l.iterations.Add(1)
	l.once.Do(func() { close(l.started) })
}

// begin records that the loop carries out a command, until wait.
func (l *loop) begin(now time.Duration) { l.busy.Store(int64(max(now, 1))) }

func (l *loop) view(now time.Duration) LoopView {
	v := LoopView{Iterations: l.iterations.Load()}
	if since := l.busy.Load(); since > 0 {
		v.Busy = max(now-time.Duration(since), 1)
	}
	return v
}

// Started returns a channel that is closed when all configured cameras have been
// started (not necessarily live) and commands are served. It stays open if Run fails
// before that.
func (r *Runtime) Started() <-chan struct{} { return r.loop.started }

// Progress compares two snapshots of one Runtime. It returns an error that names what
// hangs, or nil. A watchdog is notified while it is nil. These count as hanging:
//
//   - The loop that carries out commands: no iteration for 3 s without a command, or
//     one command for more than a minute.
//   - The engine of a camera: no step although a frame or a command waited in the
//     earlier snapshot.
//   - A camera: live, but without a frame for six minutes, one more than the longest
//     stall_timeout, and without a packet: its supervisor is dead. Where no frames are
//     needed none are decoded, so their absence says nothing.
//
// Cameras that are down and detectors that hang in their worker do not count:
// restarting the program would not help.
func Progress(before, after *Snapshot) error {
	passed := after.At.Sub(before.At)
	if before.Loop.Iterations == after.Loop.Iterations {
		switch l := after.Loop; {
		case l.Busy > commandLimit:
			return fmt.Errorf("a command has been running for %v", l.Busy.Round(time.Second))
		case l.Busy == 0 && passed > beatLimit:
			return fmt.Errorf("the command loop has not run for %v", passed.Round(time.Second))
		}
	}
	was := make(map[string]*CameraView, len(before.Cameras))
	for i := range before.Cameras {
		was[before.Cameras[i].Name] = &before.Cameras[i]
	}
	for i := range after.Cameras {
		now := &after.Cameras[i]
		old := was[now.Name]
		if old == nil {
			continue
		}
		if old.Ticks == now.Ticks && old.due() && passed > 0 {
			return fmt.Errorf("the engine of camera %q has not run for %v although work is waiting", now.Name, passed.Round(time.Millisecond))
		}
		last := now.LastFrame
		if now.Since.After(last) {
			last = now.Since
		}
		if age := after.At.Sub(last); now.State == capture.Live && now.Decoding != capture.DecodeNone &&
			!last.IsZero() && old.Frames == now.Frames && old.Packets == now.Packets && age > frameLimit {
			return fmt.Errorf("camera %q is live but has delivered no frame for %v", now.Name, age.Round(time.Second))
		}
	}
	return nil
}

// due reports whether input is waiting that the engine should process at once.
func (v *CameraView) due() bool {
	for _, q := range v.Queues {
		if (q.Name == "frame" || q.Name == "commands") && q.Depth > 0 {
			return true
		}
	}
	return false
}
