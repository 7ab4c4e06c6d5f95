package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// target is a detector into which faults are injected.
type target struct {
	name   string
	faults []drillFault
}

// drillFault is a fault and its repair; nil: the program recovers by itself. It must be counted
// under one of the reasons.
type drillFault struct {
	name    string
	inject  func() error
	repair  func() error
	reasons []string
}

// ownChild is the beginning of the command line of a process that runs one of the program's own
// detectors.
const ownChild = "/proc/self/exe detector-process"

const (
	drillHold = 800 * time.Millisecond // duration of a fault after the signal is unknown
	drillTime = 2 * time.Second        // minimum window, for enough frames
	drillHeal = 30 * time.Second       // until a fault shows, and until it has healed
	drillTry  = 2                      // of a fault that seems to harm others, which a busy machine does as well

	// The age of frames during a fault, relative to the worst of quiet times. Frames that wait
	// for a detector wait for most of its timeout of 2 s. The floors allow for other processes on
	// a small machine.
	drillP50, floorP50 = 2.0, 0.005
	drillP99, floorP99 = 3.0, 0.25
)

// TestDrill runs model services and detectors in child processes on real video. Each is killed,
// stopped and garbled in turn. That may only make the signals of that detector unknown, not 0.
// Frames are seen as soon after their capture as in quiet times, and everything recovers.
func TestDrill(t *testing.T) {
	needOpenCV(t)
	needVideo(t)
	needGRPC(t)
	faces := startService(t, goService(t), "-listen")
	people := startService(t, python, "-B", "../examples/services/python/service.py", "--models", "people", "--listen")
	script, err := filepath.Abs("testdata/one.py")
	if err != nil {
		t.Fatal(err)
	}
	rubbish := filepath.Join(t.TempDir(), "rubbish")
	p := start(t, setup{
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
		config: fmt.Sprintf(`
[runtime]
nice = 0

[[camera]]
name   = "yard"
source = %q
loop   = true

[[detector]]
name = "motion"
kind = "motion"
ttl  = "5s"

[[detector]]
name     = "face"
kind     = "remote"
endpoint = %q
max_fps  = 5
timeout  = "2s"
ttl      = "5s"

[[detector]]
name     = "person"
kind     = "remote"
endpoint = %q
max_fps  = 2
max_width = 400
timeout  = "2s"
ttl      = "5s"

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
max_fps   = 5
timeout   = "2s"
ttl       = "5s"

[[detector]]
name    = "script"
kind    = "command"
command = [%q, "-B", %q, %q]
max_fps = 5
timeout = "2s"
ttl     = "5s"

[[rule]]
event = "any"
when  = "person > 1000"
clip  = false
`, vtest, faces.front.url(), people.front.url(), python, script, rubbish),
	})
	remote := func(s *modelService) []drillFault {
		return []drillFault{
			{"killed", func() error { s.kill(); return nil }, s.start, []string{"reset", "refused"}},
			{"stopped", func() error { return s.signal(syscall.SIGSTOP) }, func() error { return s.signal(syscall.SIGCONT) }, []string{"timeout"}},
			{
				"garbled",
				func() error { s.front.garbles.Store(true); return nil },
				func() error { s.front.garbles.Store(false); return nil },
				[]string{"garbage", "reset"},
			},
		}
	}
	child := func(text string) []drillFault {
		send := func(s syscall.Signal) func() error { return func() error { return syscall.Kill(p.child(text), s) } }
		return []drillFault{
			{"killed", send(syscall.SIGKILL), nil, []string{"crashed"}},
			{"segfaulted", send(syscall.SIGSEGV), nil, []string{"crashed"}},
			{"stopped", send(syscall.SIGSTOP), nil, []string{"stuck"}},
		}
	}
	all := []target{
		{"face", remote(faces)},
		{"person", remote(people)},
		{"shape", child(ownChild)},
		{"script", append(child(script), drillFault{
			"garbled",
			func() error { return os.WriteFile(rubbish, []byte("garbage"), 0o600) },
			func() error { return os.Remove(rubbish) },
			[]string{"garbage"},
		})},
	}
	d := &drill{program: p}
	for _, c := range all {
		p.until(drillHeal, c.name+" to answer", func() bool { return known(p.metrics(), c.name) })
	}
	d.quiet(t)
	files := p.usage().files
	for _, c := range all {
		for _, m := range c.faults {
			t.Run(c.name+" "+m.name, func(t *testing.T) { d.check(t, c.name, m) })
		}
		if t.Failed() {
			return
		}
		d.quiet(t)
	}
	for _, w := range d.seen {
		t.Logf("%-16s %4.0f frames, age %6.2f ms (50%%) %7.2f ms (99%%)", w.what, w.frames, 1e3*w.p50, 1e3*w.p99)
	}
	p.until(patience, fmt.Sprintf("no more open files than the %d before the drill", files), func() bool { return p.usage().files <= files+6 })
	p.stop()
}

func known(all map[string]float64, signal string) bool {
	return all[fmt.Sprintf(`rvo_signal_known{camera="yard",signal=%q}`, signal)] == 1
}

// drill measures the ages of frames.
type drill struct {
	program    *program
	seen, calm []window // calm: windows without a fault
}

// window holds the ages at which the engine saw frames, over some seconds.
type window struct {
	what     string
	p50, p99 float64 // in seconds
	frames   float64
	took     time.Duration
}

// quiet measures a window without a fault.
func (d *drill) quiet(t *testing.T) {
	t.Helper()
	before, began := d.program.metrics(), time.Now()
	d.program.until(patience, "a quiet time", func() bool { return time.Since(began) > drillTime })
	w := between("quiet", before, d.program.metrics())
	w.took = time.Since(began)
	d.seen, d.calm = append(d.seen, w), append(d.calm, w)
}

// check fails the test if a fault harms others in every try.
func (d *drill) check(t *testing.T, name string, m drillFault) {
	for n := range drillTry {
		why := d.worse(d.play(t, name, m))
		switch {
		case why == "" || t.Failed():
			return
		case n == drillTry-1:
			t.Error(why)
		default:
			t.Log(why)
			d.quiet(t)
		}
	}
}

// play injects a fault into a detector and waits for its recovery.
func (d *drill) play(t *testing.T, name string, m drillFault) window {
	t.Helper()
	p := d.program
	whole := p.t
	p.t = t
	defer func() { p.t = whole }()
	// If an idle process restarts before the next run, no run fails.
	restarts := fmt.Sprintf(`rvo_detector_restarts_total{camera="yard",detector=%q}`, name)
	before, began := p.metrics(), time.Now()
	restarted := func(all map[string]float64) bool { return all[restarts] > before[restarts] }
	if err := m.inject(); err != nil {
		t.Fatal(err)
	}
	var last map[string]float64
	look := func() map[string]float64 {
		last = p.metrics()
		_, shown := last[fmt.Sprintf(`rvo_signal_value{camera="yard",signal=%q}`, name)]
		if !known(last, name) && shown {
			t.Errorf("%s has a value while it is unknown", name)
		}
		if v := last[`rvo_signal_value{camera="yard",signal="script"}`]; known(last, "script") && v != 1 {
			t.Errorf("script is %v", v)
		}
		if !known(last, "motion") {
			t.Error("motion, which has no fault, is unknown")
		}
		return last
	}
	// The signal of a process that restarts may be known again before the next look.
	p.until(drillHeal, fmt.Sprintf("%s to fail for one of %v", name, m.reasons), func() bool {
		all := look()
		failed := failures(before, all, "yard", name, m.reasons...) > 0 || slices.Contains(m.reasons, "crashed") && restarted(all)
		return failed && (m.repair == nil || !known(all, name))
	})
	failed := time.Since(began)
	if m.repair != nil {
		over := time.Now().Add(drillHold)
		p.until(patience, "the fault to last", func() bool {
			if known(look(), name) {
				t.Fatalf("%s is known before it is repaired", name)
			}
			return time.Now().After(over)
		})
		if err := m.repair(); err != nil {
			t.Fatal(err)
		}
	}
	repaired := time.Now()
	// The signal may outlive a process, so a restarted one must run again.
	p.until(drillHeal, name+" to heal", func() bool {
		all := look()
		return known(all, name) && (m.repair != nil || restarted(all)) && time.Since(began) > drillTime
	})
	t.Logf("it fails after %v, known %v after it was repaired", failed.Round(time.Millisecond), time.Since(repaired).Round(time.Millisecond))

	w := between(name+" "+m.name, before, last)
	w.took = time.Since(began)
	d.seen = append(d.seen, w)
	for _, other := range []string{"motion", "face", "person", "shape", "script"} {
		// Timeouts are ignored: a busy machine causes them.
		if n := failures(before, last, "yard", other, "reset", "refused", "garbage", "crashed"); n > 0 && other != name {
			t.Errorf("%s failed, too: %v", other, reasons(last, other))
		}
	}
	return w
}

// worse returns how the frames of a window are worse than those of quiet times: fewer or older;
// empty: they are not.
func (d *drill) worse(w window) string {
	calm50, calm99, calmRate := 0.0, 0.0, 1e9
	for _, c := range d.calm {
		calm50, calm99, calmRate = max(calm50, c.p50), max(calm99, c.p99), min(calmRate, c.rate())
	}
	if w.p50 <= drillP50*max(calm50, floorP50) && w.p99 <= max(drillP99*calm99, floorP99) && w.rate() >= calmRate/2 {
		return ""
	}
	return fmt.Sprintf("%s: %.1f frames a second, age %.2f ms (50%%) %.2f ms (99%%); in quiet times at least %.1f, at most %.2f ms and %.2f ms",
		w.what, w.rate(), 1e3*w.p50, 1e3*w.p99, calmRate, 1e3*calm50, 1e3*calm99)
}

func (w window) rate() float64 { return w.frames / w.took.Seconds() }

// between returns the differences between two readings of the metrics.
func between(what string, before, after map[string]float64) window {
	const name = `rvo_frame_staleness_seconds_bucket{camera="yard",le="`
	type bucket struct{ upTo, n float64 }
	var all []bucket
	for series, n := range after {
		text, ok := strings.CutPrefix(series, name)
		if !ok {
			continue
		}
		// The last one is "+Inf", which this parses, too.
		upTo, err := strconv.ParseFloat(strings.TrimSuffix(text, `"}`), 64)
		if err == nil {
			all = append(all, bucket{upTo, n - before[series]})
		}
	}
	slices.SortFunc(all, func(a, b bucket) int {
		if a.upTo < b.upTo {
			return -1
		}
		return 1
	})
	w := window{what: what}
	if len(all) == 0 {
		return w
	}
	w.frames = all[len(all)-1].n
	quantile := func(q float64) float64 {
		low, under := 0.0, 0.0
		for _, b := range all {
			if b.n >= q*w.frames && b.n > under {
				return low + (b.upTo-low)*(q*w.frames-under)/(b.n-under)
			}
			low, under = b.upTo, b.n
		}
		return low
	}
	w.p50, w.p99 = quantile(0.5), quantile(0.99)
	return w
}

// failures returns the number of failures of a detector, by some reasons.
func failures(before, after map[string]float64, camera, detector string, reasons ...string) (n float64) {
	for _, r := range reasons {
		series := fmt.Sprintf(`rvo_detector_failures_total{camera=%q,detector=%q,reason=%q}`, camera, detector, r)
		n += after[series] - before[series]
	}
	return n
}

// reasons returns all failure counts of a detector.
func reasons(all map[string]float64, detector string) (found []string) {
	for series, n := range all {
		if strings.HasPrefix(series, fmt.Sprintf(`rvo_detector_failures_total{camera="yard",detector=%q,`, detector)) {
			found = append(found, fmt.Sprintf("%s %v", series, n))
		}
	}
	slices.Sort(found)
	return found
}

// Killing the program kills its children.
func TestChildrenEndWithAKilledProgram(t *testing.T) {
	t.Parallel()
	p := start(t, setup{
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"},
		config: `
[runtime]
nice = 0

[[camera]]
name   = "yard"
source = "synthetic:street"

[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
`,
	})
	p.until(patience, "the child to answer", func() bool { return known(p.metrics(), "shape") })
	pid := p.child(ownChild)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.status(patience)
	wait(t, patience, "the child is gone", func() bool { return ended(t, pid) })
}
