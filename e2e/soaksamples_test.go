package e2e

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// soakSample is the resource usage of the program at one moment.
type soakSample struct {
	usage
	heap    float64        // of Go, in kB
	owned   map[string]int // resident memory in kB by owner; read every five seconds
	playing []string       // faults that are under way
}

// foreign is the resident memory of neither Go nor files, in kB: malloc's and anonymous mappings.
func (s soakSample) foreign() float64 {
	return float64(s.owned[ownMain] + s.owned[ownArenas] + s.owned[ownMapped])
}

// soakLimits are the limits for growth per minute once the program is warm.
var soakLimits = []struct {
	what string
	most float64 // a minute
	unit string
	of   func(s soakSample) float64
}{
	{"resident memory", 100, " kB", func(s soakSample) float64 { return float64(s.memory) }},
	{"resident memory outside of Go", 100, " kB", soakSample.foreign},
	{"Go's heap", 100, " kB", func(s soakSample) float64 { return s.heap }},
	{"goroutines", 0.1, "", func(s soakSample) float64 { return float64(s.goroutines) }},
	{"threads", 0.1, "", func(s soakSample) float64 { return float64(s.threads) }},
	{"descriptors", 0.1, "", func(s soakSample) float64 { return float64(s.files) }},
}

// soakPart is the length of the parts into which the time is divided once the program is warm.
// The lowest value of each counts, because faults, clips and garbage collection cause temporary
// peaks, which would fill shorter parts.
const soakPart = time.Minute

// soakSamples are the samples of a soak. They are written to a file as they are taken.
type soakSamples struct {
	all  []soakSample
	file io.Writer
}

func newSoakSamples(t *testing.T) *soakSamples {
	t.Helper()
	s := &soakSamples{file: io.Discard}
	if *soakFile != "" {
		if err := os.MkdirAll(filepath.Dir(*soakFile), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(*soakFile)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		s.file = f
	}
	s.write(t, "seconds\tload\tgoroutines\tthreads\tdescriptors\tresident kB\tGo's heap kB\t"+strings.Join(owners, " kB\t")+" kB\tfaults\n")
	return s
}

func (s *soakSamples) write(t testing.TB, line string) {
	t.Helper()
	if _, err := io.WriteString(s.file, line); err != nil {
		t.Fatal(err)
	}
}

// add takes a sample.
func (s *soakSamples) add(of *soak, at time.Duration) {
	now := soakSample{usage: of.usage(), heap: of.last["go_memstats_heap_alloc_bytes"] / 1024}
	now.at, now.goroutines = at, int(of.last["go_goroutines"])
	if n := len(s.all); n%5 == 0 {
		now.owned = resident(of.t, of.cmd.Process.Pid)
	} else {
		now.owned = s.all[n-1].owned
	}
	for _, p := range of.players {
		if p.now != nil {
			now.playing = append(now.playing, p.now.name)
		}
	}
	s.all = append(s.all, now)
	load, _, _ := strings.Cut(read(of.t, "/proc/loadavg"), " ")
	line := fmt.Sprintf("%.1f\t%s\t%d\t%d\t%d\t%d\t%.0f", at.Seconds(), load, now.goroutines, now.threads, now.files, now.memory, now.heap)
	for _, owner := range owners {
		line += fmt.Sprintf("\t%d", now.owned[owner])
	}
	s.write(of.t, line+"\t"+strings.Join(now.playing, ", ")+"\n")
}

// soakGaps counts, by camera, gaps between frames longer than soakGap while no fault was played
// on it.
type soakGaps struct {
	own     map[string]float64
	machine map[string]float64 // while this test, which goes before all others, did not run either
	seen    map[string]float64 // both, before the program was warm, too
	at      time.Duration      // of the last look
	late    [3]time.Duration   // lateness of the last looks
}

// look reads the metrics of each second.
func (g *soakGaps) look(all map[string]float64, at time.Duration) {
	first := g.seen == nil
	if first {
		g.own, g.machine, g.seen = map[string]float64{}, map[string]float64{}, map[string]float64{}
	}
	g.late[2], g.late[1], g.late[0] = g.late[1], g.late[0], at-g.at-time.Second
	g.at = at
	for _, camera := range soakUntouched {
		const name = "rvo_frame_interval_seconds"
		gaps := all[fmt.Sprintf("%s_count{camera=%q}", name, camera)] - all[fmt.Sprintf("%s_bucket{camera=%q,le=\"%g\"}", name, camera, soakGap.Seconds())]
		more := gaps - g.seen[camera]
		g.seen[camera] = gaps
		switch {
		case first:
		case slices.Max(g.late[:]) > soakGap/2:
			g.machine[camera] += more
		default:
			g.own[camera] += more
		}
	}
}

func TestSoakGaps(t *testing.T) {
	var g soakGaps
	page := func(gaps float64) map[string]float64 {
		return map[string]float64{
			`rvo_frame_interval_seconds_count{camera="steady"}`: 100 + gaps, `rvo_frame_interval_seconds_bucket{camera="steady",le="1"}`: 100,
		}
	}
	at := time.Duration(0)
	for _, step := range []struct {
		after time.Duration
		gaps  float64
	}{{0, 1}, {1, 1}, {1, 2}, {1, 2}, {3, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 7}} {
		at += step.after * time.Second
		g.look(page(step.gaps), at)
	}
	if g.own["steady"] != 3 || g.machine["steady"] != 3 {
		t.Errorf("%v gaps, and %v of the machine; want 3 and 3", g.own["steady"], g.machine["steady"])
	}
}

// judge fails the test if something grows too fast: by more than its limit, and significantly,
// over the whole time and over its second half. A single rise by an unusually bad mix of faults
// is no leak. The first third, or five minutes, is ignored.
func (s *soakSamples) judge(t testing.TB) {
	t.Helper()
	warm := s.all
	for len(warm) > 0 && warm[0].at < max(5*time.Minute, *soakFor/3) {
		warm = warm[1:]
	}
	if len(warm) == 0 || warm[len(warm)-1].at-warm[0].at < 3*soakPart {
		t.Log("too short to tell what grows")
		return
	}
	for _, limit := range soakLimits {
		low := lowsOf(warm, limit.of)
		grows, late := theilSen(low), theilSen(low[len(low)/2:])
		report := fmt.Sprintf("%s: %+.3g%s a minute (%.3g to %.3g), in the second half %+.3g (%.3g to %.3g), may be %g; the lowest of each minute: %s", limit.what, grows.perMinute, limit.unit,
			grows.least, grows.most, late.perMinute, late.least, late.most, limit.most, values(low))
		if min(grows.perMinute, late.perMinute) > limit.most && min(grows.least, late.least) > 0 {
			t.Errorf("the program grows: %s; all samples are in %q", report, *soakFile)
		} else {
			t.Log(report)
		}
	}
	for _, owner := range owners {
		low := lowsOf(warm, func(s soakSample) float64 { return float64(s.owned[owner]) })
		grows := theilSen(low)
		t.Logf("%s: %+.3g kB a minute (%.3g to %.3g): %s", owner, grows.perMinute, grows.least, grows.most, values(low))
	}
}

// lowsOf returns the lowest values of the parts that have samples.
func lowsOf(all []soakSample, of func(s soakSample) float64) []point {
	var points []point
	for _, s := range all {
		points = append(points, point{s.at, of(s)})
	}
	return lows(points, int((all[len(all)-1].at-all[0].at+time.Second)/soakPart))
}

// values lists the values of points.
func values(points []point) string {
	var list []string
	for _, p := range points {
		list = append(list, fmt.Sprintf("%.0f", p.value))
	}
	return strings.Join(list, " ")
}

// A growing program fails a soak, and one with temporary peaks passes.
func TestSoakJudges(t *testing.T) {
	defer func(was time.Duration) { *soakFor = was }(*soakFor)
	*soakFor = 30 * time.Minute
	play := func(leak float64, step int) *judgement {
		s := &soakSamples{file: io.Discard}
		for i := range 1800 {
			busy := i / 10 % 3 // a fault now and then
			kept := leak * float64(i) / 60
			if i > 1100 {
				kept += float64(step)
			}
			s.all = append(s.all, soakSample{
				usage: usage{at: time.Duration(i) * time.Second, memory: 170_000 + i*7919%9000 + int(kept), threads: 35 + busy, files: 40 + 2*busy + int(kept/300), goroutines: 100 + 9*busy},
				owned: map[string]int{ownMain: 17_000 + i*31%900 + int(kept)}, heap: float64(9000 + i*101%7000),
			})
		}
		j := &judgement{TB: t}
		s.judge(j)
		return j
	}
	if got := play(0, 0); len(got.errors) > 0 {
		t.Errorf("without a leak: %v", got.errors)
	}
	if got := play(0, 9000); len(got.errors) > 0 {
		t.Errorf("with a step: %v", got.errors)
	}
	got := play(300, 0)
	for _, what := range []string{"the program grows: resident memory: ", "the program grows: resident memory outside of Go: ", "the program grows: descriptors: "} {
		if !slices.ContainsFunc(got.errors, func(e string) bool { return strings.HasPrefix(e, what) }) {
			t.Errorf("with a leak: no %q in %v", what, got.errors)
		}
	}
	if len(got.errors) != 3 {
		t.Errorf("with a leak: %v", got.errors)
	}
}

// judgement collects the errors of a test under test.
type judgement struct {
	testing.TB
	errors []string
}

func (j *judgement) Errorf(format string, args ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}
func (*judgement) Log(...any)          {}
func (*judgement) Logf(string, ...any) {}
