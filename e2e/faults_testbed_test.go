package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// testbed is a running program with its environment, in which faults are played one after the
// other.
type testbed struct {
	*program
	cameras   []string // all of them, each with a rule "seen" that fires every second
	detectors []string // as camera/detector, that provide the signal of their name

	mark    int       // in the log, where the fault began
	began   time.Time // and when
	before  map[string]float64
	since   map[string]float64 // when it was repaired; nil: not yet
	last    *glance
	quiet   usage
	pids    int     // child processes
	routine float64 // goroutines
}

// look reads what the program reports. A page that cannot be read is reported, and its last
// content is kept.
func (b *testbed) look(blind bool) *glance {
	b.t.Helper()
	l := &glance{at: time.Now(), before: b.before, since: b.since, log: b.stderr.String()[b.mark:]}
	if blind {
		if b.last != nil {
			l.metrics, l.alerts, l.health = b.last.metrics, b.last.alerts, b.last.health
		}
		return l
	}
	l.metrics = b.metrics()
	var ready struct{ Alerts []struct{ ID string } }
	var health struct{ Status string }
	b.answer("/ready", &ready)
	b.answer("/health", &health)
	l.health = health.Status
	for _, a := range ready.Alerts {
		l.alerts = append(l.alerts, a.ID)
	}
	b.last = l
	return l
}

// calm reports whether everything works.
func (b *testbed) calm(l *glance) bool {
	return !slices.ContainsFunc(b.cameras, func(c string) bool { return !l.live(c) }) &&
		!slices.ContainsFunc(b.detectors, func(d string) bool { return !l.known(d) }) &&
		!slices.ContainsFunc(l.alerts, func(id string) bool {
			kind, _, _ := strings.Cut(id, ":")
			return !slices.Contains([]string{"detector_slow", "camera_lag", "frames_sparse"}, kind) // a busy machine's
		}) && l.health == "ok"
}

// watch looks again and again until ok. Whatever the row does not hit must work all the time.
func (b *testbed) watch(row *faultRow, what string, blind bool, ok func(l *glance) bool) {
	b.t.Helper()
	b.watchFor(row, func() string { return what }, blind, ok)
}

func (b *testbed) watchFor(row *faultRow, what func() string, blind bool, ok func(l *glance) bool) {
	b.t.Helper()
	over := time.Now().Add(2 * patience)
	next := time.NewTicker(50 * time.Millisecond)
	defer next.Stop()
	for {
		l := b.look(blind)
		if harm := b.harm(row, l); harm != "" && !blind {
			b.t.Fatalf("%s while waiting for %s", harm, what())
		}
		if ok(l) {
			return
		}
		select {
		case <-b.done:
			b.t.Fatalf("it ended with status %d before %s", b.cmd.ProcessState.ExitCode(), what())
		case <-next.C:
		}
		if time.Now().After(over) {
			b.t.Fatalf("not within %v: %s; alerts %v, health %s", 2*patience, what(), l.alerts, l.health)
		}
	}
}

// harm returns what does not work although the row does not hit it; empty: nothing.
func (b *testbed) harm(row *faultRow, l *glance) string {
	for _, c := range b.cameras {
		if !row.hit(c) && !l.live(c) {
			return "camera " + c + " is not live"
		}
	}
	for _, d := range b.detectors {
		if !row.hit(d) && !l.known(d) {
			return "the signal of " + d + " is unknown"
		}
	}
	return ""
}

// hit reports whether a camera, or a detector, may be harmed.
func (r *faultRow) hit(name string) bool {
	camera, _, _ := strings.Cut(name, "/")
	return slices.Contains(r.hits, name) || slices.Contains(r.hits, camera)
}

// settle waits until everything works, and records the resource usage.
func (b *testbed) settle() {
	b.t.Helper()
	all := &faultRow{hits: b.cameras}
	b.watch(all, "everything to work", false, b.calm)
	b.quiet, b.pids, b.routine = b.usage(), len(b.children()), b.last.metrics["go_goroutines"]
}

// Allowed growth of a testbed: connections of its observers, and threads that Go keeps after
// calls into C. It applies to all faults together.
const (
	moreFiles    = 6
	moreThreads  = 8
	moreRoutines = 20
)

// faultTimes are the times that a fault took.
type faultTimes struct {
	first, all time.Duration // until its first sign, and until all of them
	healed     time.Duration // until what it hit works again, from the repair or, without one, from the fault
}

// play injects a fault, and waits for it to show and to be over. Everything that it does not hit
// must keep running, and nothing may be left of it.
func (b *testbed) play(t *testing.T, row *faultRow) (took faultTimes) {
	t.Helper()
	whole := b.t
	b.t = t
	defer func() { b.t = whole }()
	b.watch(&faultRow{hits: b.cameras}, "everything to work", false, b.calm)
	b.mark, b.before, b.since = len(b.stderr.String()), b.last.metrics, nil

	began := time.Now()
	b.began = began
	if err := row.inject(); err != nil {
		t.Fatal(err)
	}
	var shown []string
	missing := slices.Clone(row.signs)
	what := func() string { return "it to show as " + signNames(missing) }
	b.watchFor(row, what, row.blind, func(l *glance) bool {
		missing = slices.DeleteFunc(missing, func(s sign) bool {
			seen := s.seen(l)
			if seen && len(shown) == 0 {
				took.first = time.Since(began)
			}
			if seen {
				shown = append(shown, fmt.Sprintf("%s %.1f s", s.what, time.Since(began).Seconds()))
			}
			return seen
		})
		return len(missing) == 0
	})
	took.all = time.Since(began)
	from, base := time.Now(), began
	b.watch(row, "the fault to last", row.blind, func(*glance) bool { return time.Since(from) >= row.lasts })
	if row.repair != nil {
		from = time.Now()
		base = from
		if err := row.repair(); err != nil {
			t.Fatal(err)
		}
	}
	b.since = b.look(false).metrics
	b.watch(row, "what it hit to work again", false, func(l *glance) bool { return b.works(row, l, from) })
	took.healed = time.Since(base)
	b.watch(row, "the alerts to go", false, b.calm)
	b.events(row)
	b.leaks(row)
	t.Logf("shows: %s; works again after %.1f s", strings.Join(shown, ", "), took.healed.Seconds())
	return took
}

// works reports whether what a row hits has produced something after a time.
func (b *testbed) works(row *faultRow, l *glance, than time.Time) bool {
	for _, c := range b.cameras {
		if row.hit(c) && !(l.live(c) && l.fresh(fmt.Sprintf("rvo_frame_age_seconds{camera=%q}", c), than)) {
			return false
		}
	}
	for _, d := range b.detectors {
		camera, name, _ := strings.Cut(d, "/")
		if row.hit(d) && !(l.known(d) && l.fresh(fmt.Sprintf("rvo_signal_age_seconds{camera=%q,signal=%q}", camera, name), than)) {
			return false
		}
	}
	return !slices.ContainsFunc(row.heals, func(s sign) bool { return !s.seen(l) })
}

// events waits until each camera has reported one more event. Those not hit must have done so all
// the time.
func (b *testbed) events(row *faultRow) {
	b.t.Helper()
	from := b.last.metrics
	for _, c := range b.cameras {
		series := fmt.Sprintf("rvo_events_total{camera=%q,event=%q}", c, "seen")
		b.watch(row, "one more event of "+c, false, func(l *glance) bool { return l.metrics[series] > from[series] })
		if connects := fmt.Sprintf("rvo_camera_connects_total{camera=%q}", c); !row.hit(c) && b.last.metrics[connects] > b.before[connects] {
			b.t.Errorf("camera %s was reconnected", c)
		}
	}
	for _, d := range b.detectors {
		camera, name, _ := strings.Cut(d, "/")
		// A busy machine also causes timeouts.
		if n := failures(b.before, b.last.metrics, camera, name, "reset", "refused", "garbage", "crashed", "panic", "service"); !row.hit(d) && n > 0 {
			b.t.Errorf("%s has failed, too", d)
		}
	}
}

// leaks waits until the program uses no more than at first.
func (b *testbed) leaks(row *faultRow) {
	b.t.Helper()
	var left string
	b.watch(row, "nothing to be left of the fault", false, func(l *glance) bool {
		u, children, routines := b.usage(), len(b.children()), l.metrics["go_goroutines"]
		left = fmt.Sprintf("%d of %d files, %d of %d threads, %d of %d children, %v of %v goroutines",
			u.files, b.quiet.files, u.threads, b.quiet.threads, children, b.pids, routines, b.routine)
		return u.files <= b.quiet.files+moreFiles && u.threads <= b.quiet.threads+moreThreads &&
			children == b.pids && routines <= b.routine+moreRoutines
	})
	b.t.Log("it uses " + left)
}
