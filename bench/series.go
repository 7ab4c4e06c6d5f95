package bench

import (
	"bytes"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// seriesHeader is the header of rvo's time series.
const seriesHeader = "elapsed_ms,ticks_delta,execs_delta,skips_delta,events_delta,frame_drops_delta," +
	"tick_p50_ns,tick_p99_ns,exec_p50_ns,exec_p99_ns,staleness_p50_ns,staleness_p99_ns,frame_queue_depth"

// series is the time series of a run: a row and histograms for each interval. As in rvo, percentiles
// cover everything measured so far.
type series struct {
	run     *measurement
	started time.Time
	last    counts
	cut     time.Time // end of the last interval
	rows    bytes.Buffer
	hlog    bytes.Buffer
	log     *hdrhistogram.HistogramLogWriter
}

// counts are the counters whose increase a row shows.
type counts struct{ ticks, execs, skips, events, drops uint64 }

func newSeries(g *measurement, started time.Time) *series {
	s := &series{run: g, started: started, cut: started}
	s.log = hdrhistogram.NewHistogramLogWriter(&s.hlog)
	s.log.SetBaseTime(started.UnixMilli())
	fmt.Fprintln(&s.rows, seriesHeader)
	// Writing to memory cannot fail.
	_ = s.log.OutputLogFormatVersion()
	_ = s.log.OutputBaseTime(started.UnixMilli())
	_ = s.log.OutputStartTime(started.UnixMilli())
	_ = s.log.OutputLegend()
	s.last.skips, s.last.drops, _ = s.shown()
	return s
}

// shown returns the Runtime's counters of skips and drops, and how many frames wait for an engine.
// They may be a tenth of a second old.
func (s *series) shown() (skips, drops uint64, depth int) {
	snap := s.run.rt.Snapshot()
	for i := range snap.Cameras {
		v := &snap.Cameras[i]
		drops += v.Superseded + v.DropPool
		for j := range v.Detectors {
			for _, n := range v.Detectors[j].Skips {
				skips += n
			}
		}
		for _, q := range v.Queues {
			if q.Name == "frame" {
				depth += q.Depth
			}
		}
	}
	return skips, drops, depth
}

// sample ends an interval and writes its row. Elapsed is the time since the measurement began.
func (s *series) sample(elapsed time.Duration) error {
	now := time.Now()
	if err := s.run.timing.cut(s.log, s.cut, now); err != nil {
		return err
	}
	s.cut = now
	var c counts
	var depth int
	c.skips, c.drops, depth = s.shown()
	for _, t := range s.run.tallies {
		c.ticks += t.ticks
		c.execs += t.execs
		c.events += t.events
	}
	t := &s.run.timing
	fmt.Fprintf(&s.rows, "%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d\n", elapsed.Milliseconds(),
		c.ticks-s.last.ticks, c.execs-s.last.execs, c.skips-s.last.skips, c.events-s.last.events, c.drops-s.last.drops,
		t.Tick.at(0.5), t.Tick.at(0.99), t.Exec.at(0.5), t.Exec.at(0.99), t.Age.at(0.5), t.Age.at(0.99), depth)
	s.last = c
	return nil
}

// finish adds samples that arrived after the last row for frames due before.
func (s *series) finish() error { return s.run.timing.cut(s.log, s.cut, time.Now()) }
