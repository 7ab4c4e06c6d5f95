package runtime

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
)

// Bounds of what counts as progress.
const (
	beatEvery    = time.Second     // the Runtime's own loop turns at least this often
	beatLimit    = 3 * time.Second // between turns of the loop while no command is under way
	commandLimit = time.Minute     // for one command
	frameLimit   = 6 * time.Minute // without a frame; a minute more than the longest stall_timeout there is
)

// LoopView is how the goroutine stands that carries commands out.
type LoopView struct {
	Turns     uint64        `json:"turns"`     // of its loop, at least one a second; 0: not every configured camera has been started
	Busy      time.Duration `json:"busy_ns"`   // how long the command under way has taken; 0: none is
	Reloading bool          `json:"reloading"` // a configuration is being put in place: cameras may be missing that are to come back
}

// loop counts the turns of the Runtime's own goroutine, for others to see
// whether it still turns.
type loop struct {
	turns   atomic.Uint64
	busy    atomic.Int64 // when the command under way began, since the epoch; 0: none is
	once    sync.Once
	started chan struct{} // closed with the first turn
}

func newLoop() *loop { return &loop{started: make(chan struct{})} }

// turn notes that the goroutine is about to wait for its next task.
func (l *loop) turn() {
	l.busy.Store(0)
	l.turns.Add(1)
	l.once.Do(func() { close(l.started) })
}

// begin notes that it carries a command out, until the next turn.
func (l *loop) begin(now time.Duration) { l.busy.Store(int64(max(now, 1))) }

func (l *loop) view(now time.Duration) LoopView {
	v := LoopView{Turns: l.turns.Load()}
	if since := l.busy.Load(); since > 0 {
		v.Busy = max(now-time.Duration(since), 1)
	}
	return v
}

// Started is closed when every configured camera has been started and commands
// are carried out. Cameras need not be live by then. It stays open when Run
// fails before.
func (r *Runtime) Started() <-chan struct{} { return r.loop.started }

// Progress compares two snapshots of one Runtime and returns an error that names
// what stands still although it had work, or nil. A watchdog is to be fed while
// it is nil. These stand still:
//
//   - The loop that carries commands out has not turned, for 3 s while it has no
//     command, or for a minute of one command.
//   - The engine of a camera has taken no step, although a frame or a command
//     lay before it in the earlier snapshot.
//   - A camera that says that it is live has given no frame for six minutes, one
//     more than any stall_timeout may be: its supervision is dead.
//
// A camera that is down, whatever the reason, and a detector that hangs in its
// worker are no standstill: starting the program again would not mend them.
func Progress(before, after *Snapshot) error {
	passed := after.At.Sub(before.At)
	if before.Loop.Turns == after.Loop.Turns {
		switch l := after.Loop; {
		case l.Busy > commandLimit:
			return fmt.Errorf("one command has been under way for %v", l.Busy.Round(time.Second))
		case l.Busy == 0 && passed > beatLimit:
			return fmt.Errorf("the loop of commands has not turned for %v", passed.Round(time.Second))
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
			return fmt.Errorf("the engine of camera %q has taken no step for %v, with work before it", now.Name, passed.Round(time.Millisecond))
		}
		last := now.LastFrame
		if now.Since.After(last) {
			last = now.Since
		}
		if age := after.At.Sub(last); now.State == capture.Live && !last.IsZero() && old.Frames == now.Frames && age > frameLimit {
			return fmt.Errorf("camera %q says that it is live, and has given no frame for %v", now.Name, age.Round(time.Second))
		}
	}
	return nil
}

// due reports whether something lies before the engine that it is to take at
// once.
func (v *CameraView) due() bool {
	for _, q := range v.Queues {
		if (q.Name == "frame" || q.Name == "commands") && q.Depth > 0 {
			return true
		}
	}
	return false
}
