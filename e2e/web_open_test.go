package e2e

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var webOpen = flag.Duration("web-open", 0, "keep a page open for this long, and watch what it holds")

// openConfig makes events every second or two and clips now and then, so that the page's bounded
// history is soon full.
const openConfig = `
[runtime]
nice = 0

[metrics]
listen = ""

[[camera]]
name   = "street"
source = "synthetic:street"
width  = 320
height = 180
fps    = 5

[[detector]]
name = "motion"
kind = "motion"

[[rule]]
event    = "seen"
when     = "motion >= 0"
cooldown = "1s"
clip     = false

[[rule]]
event    = "moved"
when     = "motion > 0.001"
cooldown = "20s"
before   = "1s"
after    = "1s"

[clips]
min_free  = "1MiB"
max_bytes = "8MiB"
`

// held is what a page holds after garbage collection.
type held struct {
	heap, buffers    float64 // MB
	nodes, listeners int64
}

// holds runs the garbage collector of a page and returns what is left.
func (p *page) holds() held {
	p.t.Helper()
	for range 2 { // the first run frees objects that reference others
		if _, err := chromedp.Call(p.ctx, heapprofiler.CollectGarbage, struct{}{}); err != nil {
			p.t.Fatal(err)
		}
	}
	heap, err := chromedp.Call(p.ctx, runtime.GetHeapUsage, struct{}{})
	if err != nil {
		p.t.Fatal(err)
	}
	dom, err := chromedp.Call(p.ctx, memory.GetDOMCounters, struct{}{})
	if err != nil {
		p.t.Fatal(err)
	}
	const mb = 1 << 20
	return held{heap.UsedSize / mb, heap.BackingStorageSize / mb, dom.Nodes, dom.JsEventListeners}
}

// TestWebStaysSmall keeps a page open, goes through its views sixty times, and each time
// measures what the page holds:
//
//	make soak-web FOR=1h
func TestWebStaysSmall(t *testing.T) {
	if *webOpen == 0 {
		t.Skip("no page is kept open: -web-open DURATION")
	}
	const rounds = 60
	prog, url := startWeb(t, openConfig)
	p := openPage(t, url+"/#/live/street")
	p.until("a clip", "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0]?.event_id)")
	next := time.NewTicker(*webOpen / rounds)
	defer next.Stop()
	all := make([]held, rounds)
	for i := range all {
		id := evaluate[string](p, "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0].event_id)")
		for _, view := range []string{"events", "events/*/" + id, "timeline?span=1h", "detectors/street/motion", "rules/street/moved", "latency/street", "wall", "log", "live/street"} {
			evaluate[any](p, fmt.Sprintf("location.hash = '/%s'", view))
			name, _, _ := strings.Cut(strings.SplitN(view, "/", 2)[0], "?")
			p.until(view, fmt.Sprintf("document.querySelector('main').dataset.view === %q", name))
		}
		<-next.C
		p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame > 0")
		all[i] = p.holds()
		t.Logf("%8v  heap %5.2f MB, buffers %5.2f MB, %4d nodes, %4d listeners; the program %d MB",
			(*webOpen * time.Duration(i+1) / rounds).Round(time.Second), all[i].heap, all[i].buffers, all[i].nodes, all[i].listeners, prog.usage().memory>>10)
	}
	// Until a third of the time is over, the page's history of events and log lines is not full.
	for what, of := range map[string]func(held) float64{
		"heap in MB":    func(h held) float64 { return h.heap },
		"buffers in MB": func(h held) float64 { return h.buffers },
		"nodes":         func(h held) float64 { return float64(h.nodes) },
		"listeners":     func(h held) float64 { return float64(h.listeners) },
	} {
		middle, last := middleOf(all[rounds/3:2*rounds/3], of), middleOf(all[2*rounds/3:], of)
		t.Logf("%-13s first %.1f, median of the second third %.1f, of the last %.1f", what, of(all[0]), middle, last)
		if last > 1.1*middle+1 {
			t.Errorf("the page grows: %s from %.1f to %.1f", what, middle, last)
		}
	}
}

// middleOf returns the median of a list by one of its values.
func middleOf[T any](list []T, of func(T) float64) float64 {
	values := make([]float64, len(list))
	for i, v := range list {
		values[i] = of(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
