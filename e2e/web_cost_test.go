package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/sys/unix"
)

var webCost = flag.Int("web-cost", 0, "measure what the browser dashboard costs, with this many pairs of runs")

const (
	costSettle = 5 * time.Second
	costSpan   = 20 * time.Second
)

// costConfig has four cameras with a real video, detectors and rules.
func costConfig() string {
	var b strings.Builder
	for i := range 4 {
		fmt.Fprintf(&b, "[[camera]]\nname = \"cam%d\"\nsource = \"square.mp4\"\nloop = true\n", i)
	}
	return b.String() + "[[detector]]\nname = \"motion\"\nkind = \"motion\"\n[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.01\"\nclip = false\n"
}

// TestWebCost measures what 20 pages of a real browser and 8 other watchers cost the
// program, and what the table of 32 cameras costs the browser:
//
//	make bench-web
//
// The program has the first core for itself, Chromium and the rest the second one.
func TestWebCost(t *testing.T) {
	if *webCost == 0 {
		t.Skip("no measurement is asked for: -web-cost PAIRS")
	}
	needOpenCV(t)
	needVideo(t)
	pin(t, os.Getpid(), 1)
	t.Run("20 pages", costOfPages)
	t.Run("32 cameras", costOf32Cameras)
}

// A sample is the cost of the program and its live path over a span.
type sample struct {
	cpu, step, schedule, late float64 // cores; means of both in microseconds; p99 of the time that frames wait for the scheduler
}

func costOfPages(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-t", "40", "-i", vtest, "-vf", "scale=320:240",
		"-c:v", "libx264", "-g", "10", "-bf", "0", "-pix_fmt", "yuv420p", filepath.Join(dir, "square.mp4")).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	prog := start(t, setup{dir: dir, config: costConfig(), args: []string{"--no-ui", "--web", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"}})
	prog.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(prog.stderr.String()) })
	pin(t, prog.cmd.Process.Pid, 0)
	url := "http://" + webAt.FindStringSubmatch(prog.stderr.String())[1]
	views := []string{"fleet", "live/cam0", "detectors/cam1/motion", "signals/cam2", "rules/cam3", "wall", "latency/cam0", "live/cam1", "events", "queues/cam3"}
	var pages []*page // two in each of ten browser contexts: more wait for a place; small, for all are drawn by one core
	for range 10 {
		first := newPage(t)
		pages = append(pages, first, first.beside("about:blank"))
	}
	for _, p := range pages {
		p.do("resize", chromedp.EmulateViewport(640, 480))
	}
	var without, with []sample
	for range *webCost {
		for _, p := range pages {
			p.open("about:blank")
		}
		without = append(without, prog.sampled(t))
		for i, p := range pages {
			p.open(url + "/#/" + views[i%len(views)])
		}
		for i, p := range pages {
			p.until("its view", "document.querySelector('main h1') && !document.querySelector('.banner')")
			if strings.HasPrefix(views[i%len(views)], "live") {
				p.until("frames", "document.querySelector('.screen canvas')?.dataset.frame > 0")
			}
		}
		stop := watchers(t, url, 8)
		with = append(with, prog.sampled(t))
		for _, p := range pages {
			if lost := evaluate[string](p, "document.querySelector('.banner')?.innerText ?? ''"); lost != "" {
				t.Errorf("a page says: %s", lost)
			}
		}
		t.Logf("%d bytes read by 8 watchers", stop())
	}
	for what, of := range map[string]func(sample) float64{
		"% of a core":                           func(s sample) float64 { return 100 * s.cpu },
		"µs a step":                             func(s sample) float64 { return s.step },
		"µs until scheduled, mean":              func(s sample) float64 { return s.schedule },
		"µs until scheduled, 99th of a hundred": func(s sample) float64 { return s.late },
	} {
		t.Logf("| %s | %s | %s |", what, spread(without, of), spread(with, of))
	}
	cpu := func(s sample) float64 { return 100 * s.cpu }
	if more := middleOf(with, cpu) - middleOf(without, cpu); more > 10 {
		t.Errorf("20 pages and 8 watchers cost %.1f %% of a core", more)
	}
}

// spread formats the median of a list with its minimum and maximum.
func spread(list []sample, of func(sample) float64) string {
	var values []float64
	for _, s := range list {
		values = append(values, of(s))
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", middleOf(list, of), slices.Min(values), slices.Max(values))
}

// watchers reads the stream of snapshots with other clients until stop is called, which returns
// the number of bytes read.
func watchers(t *testing.T, url string, n int) (stop func() int64) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	counts := make([]int64, n)
	for i := range n {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/stream?state=10&events&log", nil)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return
			}
			defer answer.Body.Close()
			counts[i], _ = io.Copy(io.Discard, answer.Body) // it ends with the context
		})
	}
	return func() (sum int64) {
		cancel()
		all.Wait()
		for _, n := range counts {
			sum += n
		}
		return sum
	}
}

// sampled measures the program for a span.
func (p *program) sampled(t *testing.T) sample {
	t.Helper()
	time.Sleep(costSettle)
	before, cpu := p.metrics(), processorTime(t, p.cmd.Process.Pid)
	time.Sleep(costSpan)
	used := processorTime(t, p.cmd.Process.Pid) - cpu
	after := p.metrics()
	grown := func(series string, match ...string) (sum float64) {
		for name, v := range after {
			if strings.HasPrefix(name, series+"{") && !slices.ContainsFunc(match, func(m string) bool { return !strings.Contains(name, m) }) {
				sum += v - before[name]
			}
		}
		return sum
	}
	const stage, schedule, tick = "rvo_stage_duration_seconds", `stage="schedule"`, "rvo_tick_duration_seconds"
	s := sample{
		cpu:      used.Seconds() / costSpan.Seconds(),
		step:     1e6 * grown(tick+"_sum") / grown(tick+"_count"),
		schedule: 1e6 * grown(stage+"_sum", schedule) / grown(stage+"_count", schedule),
	}
	bounds := map[float64]bool{}
	for name := range after {
		if _, le, found := strings.Cut(name, `le="`); found && strings.HasPrefix(name, stage+"_bucket{") {
			if bound, err := strconv.ParseFloat(strings.TrimRight(le, `"}`), 64); err == nil {
				bounds[bound] = true
			}
		}
	}
	for bound := range bounds {
		share := grown(stage+"_bucket", schedule, fmt.Sprintf(`le="%v"`, bound)) / grown(stage+"_count", schedule)
		if share >= 0.99 && (s.late == 0 || 1e6*bound < s.late) {
			s.late = 1e6 * bound
		}
	}
	return s
}

// The table of 32 cameras, updated ten times a second, costs all processes of the browser
// together at most 15 % of a core.
func costOf32Cameras(t *testing.T) {
	var b strings.Builder
	for i := range 32 {
		fmt.Fprintf(&b, "[[camera]]\nname = \"cam%02d\"\nsource = \"synthetic:street\"\nwidth = 160\nheight = 90\nfps = 5\n", i)
	}
	b.WriteString("[metrics]\nlisten = \"\"\n[[detector]]\nname = \"motion\"\nkind = \"motion\"\n[[rule]]\nevent = \"moved\"\nwhen = \"motion > 0.01\"\nclip = false\n")
	prog, url := startWeb(t, b.String())
	pin(t, prog.cmd.Process.Pid, 0)
	p := openPage(t, url+"/#/fleet")
	p.until("32 rows", "document.querySelectorAll('tbody tr').length === 32")
	evaluate[any](p, "import('/store.js').then(({store}) => { window.seen = 0; let last; const look = () => { if (store.snapshot !== last) { last = store.snapshot; seen++; } requestAnimationFrame(look); }; look(); })")
	var costs []float64
	for range *webCost {
		time.Sleep(costSettle)
		seen, cpu := evaluate[float64](p, "seen"), browserTime(t)
		time.Sleep(costSpan)
		costs = append(costs, 100*(browserTime(t)-cpu).Seconds()/costSpan.Seconds())
		t.Logf("%.1f snapshots a second, %.1f %% of a core", (evaluate[float64](p, "seen")-seen)/costSpan.Seconds(), costs[len(costs)-1])
	}
	slices.Sort(costs)
	if middle := costs[len(costs)/2]; middle > 15 {
		t.Errorf("32 cameras cost the browser %.1f %% of a core", middle)
	}
}

// browserTime is the processor time of all browser processes so far.
func browserTime(t *testing.T) time.Duration {
	t.Helper()
	var below func(pid int) time.Duration
	below = func(pid int) time.Duration {
		sum := ownTime(t, pid)
		for _, child := range children(t, pid) {
			sum += below(child)
		}
		return sum
	}
	for _, child := range children(t, os.Getpid()) {
		if strings.HasPrefix(read(t, fmt.Sprintf("/proc/%d/comm", child)), "chrom") {
			return below(child)
		}
	}
	t.Fatal("there is no browser")
	return 0
}

// pin restricts all threads of a process, also future ones, to one core.
func pin(t *testing.T, pid, core int) {
	t.Helper()
	var set unix.CPUSet
	set.Set(core)
	for _, task := range tasks(t, pid) {
		if err := unix.SchedSetaffinity(task, &set); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatalf("pin %d to core %d: %v", task, core, err)
		}
	}
}
