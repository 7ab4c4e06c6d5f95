package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar shows on a terminal how far a set of runs is, in one line. A bar without a
// terminal shows nothing.
type bar struct {
	out   io.Writer
	turns []turn
	each  time.Duration // of one run
	shown time.Time
	drawn bool
}

const (
	barWidth = 24
	barEvery = 200 * time.Millisecond
)

func newBar(out io.Writer, turns []turn, o Options) *bar {
	return &bar{out: out, turns: turns, each: head + o.Warmup + o.Duration + rest}
}

// at returns what the run of this place among all reports its progress to.
func (b *bar) at(i int) func(elapsed, total time.Duration) {
	return func(elapsed, total time.Duration) {
		now := time.Now()
		if b.out == nil || now.Sub(b.shown) < barEvery {
			return
		}
		b.shown, b.drawn = now, true
		fmt.Fprint(b.out, "\r\x1b[2K"+barText(b.turns, i, elapsed, total, b.each))
	}
}

// clear takes the line off the screen.
func (b *bar) clear() {
	if b.drawn {
		fmt.Fprint(b.out, "\r\x1b[2K")
		b.drawn = false
	}
}

// barText returns the line for a run of the list that is so far.
func barText(turns []turn, i int, elapsed, total, each time.Duration) string {
	share := min(1, elapsed.Seconds()/max(total.Seconds(), 1e-9))
	done := int((float64(i) + share) / float64(len(turns)) * barWidth)
	left := time.Duration(float64(each) * (float64(len(turns)-i) - share)).Round(time.Second)
	t := turns[i]
	return fmt.Sprintf("[%s%s] %d/%d  run %d %s %s  %v left", strings.Repeat("=", done), strings.Repeat(" ", barWidth-done),
		i+1, len(turns), t.run, t.scenario.Name, t.mode, left)
}
