package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	allFaults   = flag.Bool("faults", false, "play every fault; make test plays those that take seconds")
	faultsTable = flag.String("faults-table", "", "file for the table of how long each fault took to show and to heal")
)

// faultRow is a fault that is injected into a testbed: a row of the table in
// docs/reliability.md.
type faultRow struct {
	name   string
	fast   bool     // played by make test, too
	hits   []string // cameras, and detectors as camera/detector, that it may harm: everything else runs on
	inject func() error
	repair func() error  // nil: it heals by itself
	lasts  time.Duration // between its last sign and the repair
	signs  []sign        // places where it shows, all of them
	heals  []sign        // that it is over, beside what it hits being at work again
	blind  bool          // the pages of metrics may be out of reach while it lasts
}

// sign is one place where something shows.
type sign struct {
	what string // for the table
	seen func(l *glance) bool
}

// glance is what a program says of itself at one moment.
type glance struct {
	at      time.Time
	metrics map[string]float64
	before  map[string]float64 // when the fault began
	since   map[string]float64 // when it was repaired; nil: not yet
	alerts  []string           // their IDs
	health  string             // status
	log     string             // since the fault began
}

// again is the sign that a counter has grown since the repair.
func again(series string) sign {
	return sign{"", func(l *glance) bool { return l.since != nil && l.metrics[series] > l.since[series] }}
}

// inState is the sign that a camera is in one of some states.
func inState(camera string, states ...string) sign {
	return sign{"state `" + strings.Join(states, "` or `") + "`", func(l *glance) bool {
		return slices.ContainsFunc(states, func(s string) bool {
			return l.metrics[fmt.Sprintf("rvo_camera_state{camera=%q,state=%q}", camera, s)] == 1
		})
	}}
}

// counted is the sign that one of some counters has grown.
func counted(series ...string) sign {
	name, _, _ := strings.Cut(series[0], "{")
	if reason := strings.Index(series[0], "reason="); reason >= 0 {
		name += "{" + series[0][reason:]
	}
	return sign{"`" + name + "`", func(l *glance) bool {
		return slices.ContainsFunc(series, func(s string) bool { return l.metrics[s] > l.before[s] })
	}}
}

// valued is the sign that a metric has a value.
func valued(series string, value float64) sign {
	name, labels, _ := strings.Cut(series, "{")
	what := fmt.Sprintf("`%s` %v", name, value)
	if _, state, ok := strings.Cut(labels, "state=\""); ok {
		what = fmt.Sprintf("`%s` `%s`", name, strings.TrimSuffix(state, "\"}"))
	}
	return sign{what, func(l *glance) bool { v, is := l.metrics[series]; return is && v == value }}
}

// failed is the sign that a detector's runs have failed for one of some reasons.
func failed(detector string, reasons ...string) sign {
	camera, name, _ := strings.Cut(detector, "/")
	var series []string
	for _, r := range reasons {
		series = append(series, fmt.Sprintf("rvo_detector_failures_total{camera=%q,detector=%q,reason=%q}", camera, name, r))
	}
	s := counted(series...)
	s.what = "`rvo_detector_failures_total{reason=\"" + strings.Join(reasons, "|") + "\"}`"
	return s
}

// unknown is the sign that a detector's signal is unknown.
func unknown(detector string) sign {
	return sign{"signal unknown", func(l *glance) bool { return !l.known(detector) }}
}

// alerted is the sign that there is an alert.
func alerted(id string) sign {
	kind, _, _ := strings.Cut(id, ":")
	return sign{"alert `" + kind + "`", func(l *glance) bool { return slices.Contains(l.alerts, id) }}
}

// said is the sign that the log has a line with a text.
func said(text string) sign {
	return sign{"log “" + text + "”", func(l *glance) bool { return strings.Contains(l.log, text) }}
}

// unwell is the sign that /health is degraded.
func unwell() sign {
	return sign{"`/health`", func(l *glance) bool { return l.health == "degraded" }}
}

func (l *glance) live(camera string) bool {
	return l.metrics[fmt.Sprintf("rvo_camera_state{camera=%q,state=%q}", camera, "live")] == 1
}

func (l *glance) known(detector string) bool {
	camera, name, _ := strings.Cut(detector, "/")
	return l.metrics[fmt.Sprintf("rvo_signal_known{camera=%q,signal=%q}", camera, name)] == 1
}

// fresh reports whether the age of something at the look says that it is of a later time.
func (l *glance) fresh(series string, than time.Time) bool {
	age, is := l.metrics[series]
	return is && l.at.Sub(than).Seconds() > age
}

// testbed is a program that runs, and what surrounds it, for faults that are played one
// after the other.
type testbed struct {
	*program
	cameras   []string // all of them, each with a rule "seen" that fires every second
	detectors []string // as camera/detector, that provide the signal of their name
	loads     []string // alerts about the load of the machine, which are nobody's fault

	mark    int       // in the log, where the fault began
	began   time.Time // and when
	before  map[string]float64
	since   map[string]float64 // when it was repaired; nil: not yet
	last    *glance
	quiet   usage
	pids    int     // child processes
	routine float64 // goroutines
}

// look reads what the program says. A page that cannot be had is told, and what was
// said last stands.
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
	for path, into := range map[string]any{"/ready": &ready, "/health": &health} {
		_, text, err := b.get(path)
		if err == nil {
			err = json.Unmarshal([]byte(text), into)
		}
		if err != nil {
			b.t.Fatalf("GET %s: %v: %q", path, err, text)
		}
	}
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

// watch looks again and again until ok. What the row does not hit must be at work all
// the time.
func (b *testbed) watch(row *faultRow, what string, blind bool, ok func(l *glance) bool) {
	b.t.Helper()
	over := time.Now().Add(2 * patience)
	next := time.NewTicker(50 * time.Millisecond)
	defer next.Stop()
	for {
		l := b.look(blind)
		if harm := b.harm(row, l); harm != "" && !blind {
			b.t.Fatalf("%s while waiting for %s", harm, what)
		}
		if ok(l) {
			return
		}
		select {
		case <-b.done:
			b.t.Fatalf("it ended with status %d before %s", b.cmd.ProcessState.ExitCode(), what)
		case <-next.C:
		}
		if time.Now().After(over) {
			b.t.Fatalf("not within %v: %s; alerts %v, health %s", 2*patience, what, l.alerts, l.health)
		}
	}
}

// harm says what does not work that the row does not hit; empty: nothing.
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

// settle waits until everything works, and notes what the program uses then.
func (b *testbed) settle() {
	b.t.Helper()
	all := &faultRow{hits: b.cameras}
	b.watch(all, "everything to work", false, b.calm)
	b.quiet, b.pids, b.routine = b.usage(), len(b.children()), b.last.metrics["go_goroutines"]
}

// Beyond what a testbed used at first: connections of those who look at it, and threads
// that Go keeps once a call into C needed them. Counted over all its faults.
const (
	moreFiles    = 6
	moreThreads  = 8
	moreRoutines = 20
)

// play injects a fault, watches it show and heal, and tells how long both took. Beside
// what it hits, everything must run on; nothing may be left of it.
func (b *testbed) play(t *testing.T, row *faultRow) (visible, healed time.Duration) {
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
	b.watch(row, "it to show", row.blind, func(l *glance) bool {
		missing = slices.DeleteFunc(missing, func(s sign) bool {
			seen := s.seen(l)
			if seen {
				shown = append(shown, fmt.Sprintf("%s %.1f s", s.what, time.Since(began).Seconds()))
			}
			return seen
		})
		return len(missing) == 0
	})
	visible = time.Since(began)
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
	healed = time.Since(base)
	b.watch(row, "the alerts to go", false, b.calm)
	b.events(row)
	b.leaks(row)
	t.Logf("shows: %s; works again after %.1f s", strings.Join(shown, ", "), healed.Seconds())
	return visible, healed
}

// works reports whether what a row hits gives something of a later time.
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

// events waits until each camera has reported one more event. What no row hits must have
// done so all the time.
func (b *testbed) events(row *faultRow) {
	b.t.Helper()
	from := b.last.metrics
	for _, c := range b.cameras {
		series := fmt.Sprintf("rvo_events_total{camera=%q,event=%q}", c, "seen")
		b.watch(row, "one more event of "+c, false, func(l *glance) bool { return l.metrics[series] > from[series] })
		if connects := fmt.Sprintf("rvo_camera_connects_total{camera=%q}", c); !row.hit(c) && b.last.metrics[connects] > b.before[connects] {
			b.t.Errorf("camera %s was connected to anew", c)
		}
	}
	for _, d := range b.detectors {
		camera, name, _ := strings.Cut(d, "/")
		// A busy machine causes timeouts by itself.
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

// faultTime is a line of the table.
type faultTime struct {
	of, name, signs string
	visible, healed time.Duration
}

// faultResults collects what was measured.
type faultResults struct {
	mu   sync.Mutex // guards rows
	rows []faultTime
}

func (r *faultResults) add(m faultTime) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, m)
}

// once plays a fault that needs a program of its own, where it is asked for. Play returns
// how long the program took to end, and to work again after that; below 0: it does not.
func (r *faultResults) once(t *testing.T, of, name, signs string, play func(t *testing.T) (visible, healed time.Duration)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		visible, healed := play(t)
		t.Logf("ends after %.1f s; works again after %.1f s", visible.Seconds(), healed.Seconds())
		r.add(faultTime{of, name, signs, visible, healed})
	})
}

// table returns the rows as Markdown.
func (r *faultResults) table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seconds := func(d time.Duration) string {
		if d < 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	var b strings.Builder
	b.WriteString("| Part | Fault | Shows as | Visible after | Works again after |\n|---|---|---|---|---|\n")
	for _, m := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.of, m.name, m.signs, seconds(m.visible), seconds(m.healed))
	}
	return b.String()
}

// TestFaults plays faults on running programs: each must show where its row says, harm
// nothing else, heal by itself once it is over, and leave nothing behind.
func TestFaults(t *testing.T) {
	results := new(faultResults)
	for _, part := range []struct {
		name string
		fast bool // has rows that are
		play func(t *testing.T, r *faultResults)
	}{
		{"cameras", true, playCameraFaults},
		{"detectors", true, playModelFaults},
		{"program", true, playProgramFaults},
		{"storm", false, playStorm},
		{"network", false, playNetworkFaults},
		{"memory", false, playMemoryLimit},
		{"disk", false, playDiskFaults},
		{"ends", false, playEnds},
		{"clock", false, playClock},
	} {
		if !part.fast && !*allFaults {
			continue
		}
		t.Run(part.name, func(t *testing.T) {
			if !*allFaults {
				t.Parallel()
			}
			part.play(t, results)
		})
	}
	if *faultsTable != "" && !t.Failed() {
		if err := os.WriteFile(*faultsTable, []byte(results.table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// playAll plays the rows that are asked for.
func (b *testbed) playAll(t *testing.T, of string, r *faultResults, rows []faultRow) {
	t.Helper()
	b.settle()
	for _, row := range rows {
		if !row.fast && !*allFaults {
			continue
		}
		ok := t.Run(row.name, func(t *testing.T) {
			visible, healed := b.play(t, &row)
			var signs []string
			for _, s := range row.signs {
				signs = append(signs, s.what)
			}
			r.add(faultTime{of, row.name, strings.Join(signs, ", "), visible, healed})
		})
		if !ok {
			return // what follows would judge by what this one has left
		}
	}
	b.stop()
}
