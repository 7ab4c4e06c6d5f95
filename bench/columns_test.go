package bench

import (
	"strings"
	"testing"
	"time"

	"rvo-tui/bench/workload"
)

// rvo's header, from its source: programs that read its tables can read ours.
const rvoHeader = "run_id,scenario,detector_sleep_ms,input_fps,actual_camera_fps,duration_secs,tick_p50_ns,tick_p99_ns,tick_p999_ns,tick_count,exec_p50_ns,exec_p99_ns,exec_p999_ns,total_ticks,total_execs,total_skips,total_events,total_frame_drops,effective_fps,frame_loss_rate"

const rvoSeriesHeader = "elapsed_ms,ticks_delta,execs_delta,skips_delta,events_delta,frame_drops_delta,tick_p50_ns,tick_p99_ns,exec_p50_ns,exec_p99_ns,staleness_p50_ns,staleness_p99_ns,frame_queue_depth"

// crafted returns a result with known values.
func crafted() *Result {
	s, _ := workload.Find("overload_severe")
	r := &Result{
		Outcome: workload.Outcome{
			Scenario: s, Mode: workload.Inline,
			Sent: 1200, Given: 1199, Seen: 400, Superseded: 799, PoolDropped: 1, Ticks: 420, Execs: 390, Skips: 10, Events: 3,
		},
		Run: 2, Duration: 2 * time.Second, Timing: newTiming(), Cameras: 1, Detectors: 1, Late: newHistogram(),
	}
	for range 420 {
		r.Tick.add(5 * time.Millisecond)
	}
	r.Exec.add(1000)
	_ = r.cut(nil, time.Time{}, time.Time{}) // without a log it cannot fail
	return r
}

func TestSummaryIsThatOfRVO(t *testing.T) {
	text, err := table(summaryColumns(), []*Result{crafted()})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] != rvoHeader || SummaryHeader != rvoHeader {
		t.Errorf("the columns are\n%s\nwant\n%s", lines[0], rvoHeader)
	}
	// Loss is what was counted, not the difference of two rates.
	const want = "2,overload_severe,5,600.00,600.00,2,5001215,5001215,5001215,420,1000,1000,1000,420,390,10,3,800,200.00,400.00"
	if len(lines) != 2 || lines[1] != want {
		t.Errorf("got\n%s\nwant\n%s", lines[1], want)
	}
	if seriesHeader != rvoSeriesHeader {
		t.Errorf("the time series' columns are\n%s\nwant\n%s", seriesHeader, rvoSeriesHeader)
	}
}

func TestDetailHasTheArithmeticOfRVOToo(t *testing.T) {
	r := crafted()
	got := map[string]string{}
	for _, c := range detailColumns() {
		if _, twice := got[c.name]; twice {
			t.Errorf("two columns are called %s", c.name)
		}
		got[c.name] = c.value(r)
	}
	for name, want := range map[string]string{
		"mode": "inline", "frames_sent": "1200", "frames_superseded": "799", "frames_pool_dropped": "1", "lost_share": "0.666667",
		"rvo_effective_fps": "210.00", "rvo_frame_loss_rate": "390.00", "age_p50_ns": "0", "noisy": "false",
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	a, b := crafted(), crafted()
	b.Run, b.Load, b.Odd = 3, Load{Known: true, Steal: 0.02}, "no frame was lost"
	rep := &Report{Options: Options{Modes: workload.Modes()}, Results: []*Result{a, b}, Failures: []string{"run 1: it hangs\nbadly"}}
	text := string(rep.Markdown())
	for _, want := range []string{
		"**1 of 2 runs are noisy**", "**run 1: it hangs; badly**", "## inline", "| `overload_severe` | 2 | 5ms ± 0s | – | – |",
		"600.0 | 200.0 | 66.67 %", "- `overload_severe`, run 3: no frame was lost",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "## worker") {
		t.Error("a table without runs")
	}
}
