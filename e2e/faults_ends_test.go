package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endsConfig saves a clip about every second, with a detector in a child process.
const endsConfig = nice + `
[[camera]]
name   = "street"
source = "synthetic:street"
width  = 320
height = 180

[[detector]]
name = "motion"
kind = "motion"

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "1s"
before   = "300ms"
after    = "1s"

[clips]
min_free = "1MiB"
`

// busyEnds starts a program and waits until it has saved a clip and another is in progress. It
// also returns the program's child processes.
func busyEnds(t *testing.T, dir string) (p *program, children map[int]string) {
	t.Helper()
	p = start(t, setup{dir: dir, config: endsConfig, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "a detector in its process", func() bool {
		return p.metrics()[`rvo_signal_known{camera="street",signal="shape"}`] == 1
	})
	n := len(directories(t, dir))
	p.until(patience, "a clip, and one under way", func() bool { return len(directories(t, dir)) > n && len(leftovers(t, dir)) > 0 })
	children = p.children()
	if len(children) == 0 {
		t.Fatal("it has no child processes")
	}
	return p, children
}

// over waits until processes have ended.
func over(t *testing.T, children map[int]string) {
	t.Helper()
	for pid, line := range children {
		wait(t, patience, "the end of "+line, func() bool { return ended(t, pid) })
	}
}

// ending plays a way to end, and another start that finds what was left.
func ending(t *testing.T, status int, end func(p *program)) (took, again time.Duration) {
	t.Helper()
	tool(t, "ffprobe", "ffmpeg")
	dir := t.TempDir()
	p, children := busyEnds(t, dir)
	began := time.Now()
	end(p)
	if got := p.status(patience); got != status {
		t.Errorf("it ends with status %d, want %d", got, status)
	}
	took = time.Since(began)
	over(t, children)
	left := len(leftovers(t, dir))
	for _, d := range directories(t, dir) {
		checkClip(t, d)
	}
	if status == 0 && left > 0 {
		t.Errorf("%d clips are not finished", left)
	}
	began = time.Now()
	p, children = busyEnds(t, dir)
	again = time.Since(began)
	p.stop()
	over(t, children)
	checkClips(t, p, -1)
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("leftovers: %v", left)
	}
	return took, again
}

func playEnds(t *testing.T, r *faultResults) {
	const whole = "every clip whole, no child process left"
	r.once(t, "end", "SIGTERM", "what is under way is finished", "status 0; "+whole, func(t *testing.T) (took, again time.Duration) {
		return ending(t, 0, func(p *program) { p.signal(syscall.SIGTERM) })
	})
	r.once(t, "end", "SIGINT twice", "it ends at once", "status 1; "+whole+", after the next start", func(t *testing.T) (took, again time.Duration) {
		return ending(t, 1, func(p *program) {
			// A process that does not end by itself delays the first one's end by a second.
			pid := p.process("shape")
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			p.until(patience, "a detector that stands still", func() bool { return halted(t, pid) })
			p.signal(syscall.SIGINT)
			p.until(patience, "the first one to be taken", func() bool { // two that wait are one
				return strings.Contains(read(t, fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)), "ShdPnd:\t0000000000000000")
			})
			p.signal(syscall.SIGINT)
		})
	})
	r.once(t, "end", "SIGKILL", "the next start finishes clips, as far as they are on disk", whole+", after the next start", func(t *testing.T) (took, again time.Duration) {
		return ending(t, -1, func(p *program) { p.signal(syscall.SIGKILL) })
	})
	for _, args := range [][]string{nil, {"--no-ui"}} {
		name := "terminal closed"
		if args != nil {
			name += ", without the dashboard"
		}
		r.once(t, "end", name, "it ends as with SIGTERM", "status 0", func(t *testing.T) (took, again time.Duration) {
			x := onPty(t, 120, 40, nil, append([]string{binary, "--metrics-listen", ""}, args...)...)
			shows := "etectors"
			if args != nil {
				shows = `"event_type"`
			}
			x.shows(shows, 0)
			began := time.Now()
			x.main.Close()
			if status := x.ends(); status != 0 {
				t.Errorf("it ends with status %d", status)
			}
			if log := x.log(); args != nil && !strings.Contains(log, "the terminal has hung up") {
				t.Errorf("the log does not say why: %s", tail(log))
			}
			return time.Since(began), -1
		})
	}
}
