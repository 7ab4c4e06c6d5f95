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

// soakSample is what the program of a soak uses at one moment.
type soakSample struct {
	usage
	heap    float64        // of Go, in kB
	owned   map[string]int // resident memory in kB by owner; read every five seconds
	playing []string       // faults that are under way
}

// foreign is the resident memory that neither Go nor a file accounts for, in kB: malloc's, and
// what is mapped by itself.
func (s soakSample) foreign() float64 {
	return float64(s.owned[ownMain] + s.owned[ownArenas] + s.owned[ownMapped])
}

// soakLimits are the most that the program may grow in a minute once it is warm.
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

// soakPart is how long the parts are into which the time is divided once the program is
// warm. Of each the lowest value counts: faults, clips and the collection of garbage come
// and go. In shorter ones they do not go.
const soakPart = time.Minute

// soakSamples are the samples of a soak. They are written to a file as they come.
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

// late returns by how much the sample that was most late came too late.
func (s *soakSamples) late() (longest time.Duration) {
	for i := range s.all[1:] {
		longest = max(longest, s.all[i+1].at-s.all[i].at-time.Second)
	}
	return longest.Round(10 * time.Millisecond)
}

// judge fails the test when something grows faster than it may: by more than its bound,
// and surely at all. The first third of the time, or five minutes, is left out.
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
		grows := theilSen(low)
		report := fmt.Sprintf("%s: %+.3g%s a minute (%.3g to %.3g), may be %g; the lowest of each minute: %s", limit.what, grows.perMinute, limit.unit,
			grows.least, grows.most, limit.most, values(low))
		if grows.perMinute > limit.most && grows.least > 0 {
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

// lowsOf returns the lowest values of the parts, of which there are samples.
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

// A program that grows fails a soak, and one that does not passes it, whatever comes and goes.
func TestSoakJudges(t *testing.T) {
	defer func(was time.Duration) { *soakFor = was }(*soakFor)
	*soakFor = 30 * time.Minute
	play := func(leak float64) *judgement {
		s := &soakSamples{file: io.Discard}
		for i := range 1800 {
			busy := i / 10 % 3 // a fault now and then
			kept := leak * float64(i) / 60
			s.all = append(s.all, soakSample{
				usage: usage{at: time.Duration(i) * time.Second, memory: 170_000 + i*7919%9000 + int(kept), threads: 35 + busy, files: 40 + 2*busy + int(kept/300), goroutines: 100 + 9*busy},
				owned: map[string]int{ownMain: 17_000 + i*31%900 + int(kept)}, heap: float64(9000 + i*101%7000),
			})
		}
		j := &judgement{TB: t}
		s.judge(j)
		return j
	}
	if got := play(0); len(got.errors) > 0 {
		t.Errorf("without a leak: %v", got.errors)
	}
	got := play(300)
	for _, what := range []string{"the program grows: resident memory: ", "the program grows: resident memory outside of Go: ", "the program grows: descriptors: "} {
		if !slices.ContainsFunc(got.errors, func(e string) bool { return strings.HasPrefix(e, what) }) {
			t.Errorf("with a leak: no %q in %v", what, got.errors)
		}
	}
	if len(got.errors) != 3 {
		t.Errorf("with a leak: %v", got.errors)
	}
}

// judgement collects the errors of a test that is tested.
type judgement struct {
	testing.TB
	errors []string
}

func (j *judgement) Errorf(format string, args ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}
func (*judgement) Log(...any)          {}
func (*judgement) Logf(string, ...any) {}
