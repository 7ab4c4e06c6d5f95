package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar is a progress bar for a set of runs. Without a terminal it shows nothing.
type bar struct {
	out   io.Writer
	jobs  []job
	each  time.Duration // duration of one run
	shown time.Time
	drawn bool
}

const (
	barWidth = 24
	barEvery = 200 * time.Millisecond
)

func newBar(out io.Writer, jobs []job, o Options) *bar {
	return &bar{out: out, jobs: jobs, each: startDelay + o.Warmup + o.Duration + rest}
}

// at returns the progress function for the i-th run.
func (b *bar) at(i int) func(elapsed, total time.Duration) {
	return func(elapsed, total time.Duration) {
		now := time.Now()
		if b.out == nil || now.Sub(b.shown) < barEvery {
			return
		}
		b.shown, b.drawn = now, true
		fmt.Fprint(b.out, "\r\x1b[2K"+barText(b.jobs, i, elapsed, total, b.each))
	}
}

// clear removes the bar from the screen.
func (b *bar) clear() {
	if b.drawn {
		fmt.Fprint(b.out, "\r\x1b[2K")
		b.drawn = false
	}
}

// barText returns the line of the bar for the progress of the i-th run.
func barText(jobs []job, i int, elapsed, total, each time.Duration) string {
	share := min(1, elapsed.Seconds()/max(total.Seconds(), 1e-9))
	done := int((float64(i) + share) / float64(len(jobs)) * barWidth)
	left := time.Duration(float64(each) * (float64(len(jobs)-i) - share)).Round(time.Second)
	t := jobs[i]
	return fmt.Sprintf("[%s%s] %d/%d  run %d %s %s  %v left", strings.Repeat("=", done), strings.Repeat(" ", barWidth-done),
		i+1, len(jobs), t.run, t.scenario.Name, t.mode, left)
}
