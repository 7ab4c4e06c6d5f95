package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"rvo-tui/bench/wait"
	"rvo-tui/bench/workload"
	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

const (
	// startDelay is the time between the start of the Runtime and the first frame.
	startDelay = 100 * time.Millisecond
	// drainLimit is how long the last frames may take until they have been processed.
	drainLimit = 10 * time.Second
	// collectEvery is how often probes are read. idleEvery applies if there is less than one
	// frame a second, so that the harness does not dominate the measurement.
	collectEvery = 20 * time.Millisecond
	idleEvery    = time.Second
)

// threads returns the value of GOMAXPROCS that the program would use.
func threads() int {
	cfg := runtime.DefaultConfig()
	return cfg.Threads()
}

// measurement is a run in progress.
type measurement struct {
	opts    Options
	job     job
	load    workload.Load
	epoch   time.Time
	streams map[string]*stream
	probes  map[string]*probe
	tallies map[string]*tally
	timing  Timing
	rt      *runtime.Runtime
	series  *series
	notify  func(elapsed, total time.Duration)
}

// perform performs one run and returns its result. It calls notify with its progress.
func perform(ctx context.Context, o Options, t job, a *prerendered, notify func(elapsed, total time.Duration)) (res *Result, err error) {
	dir, err := os.MkdirTemp("", "rvo-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the run: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	g := &measurement{
		opts: o, job: t, epoch: time.Now(), timing: newTiming(), notify: notify,
		streams: map[string]*stream{}, probes: map[string]*probe{}, tallies: map[string]*tally{},
	}
	g.load, err = t.scenario.Build(workload.Setup{
		Mode: t.mode, Run: t.run, Width: o.Width, Height: o.Height, Seed: o.Seed + uint64(t.run),
		Kinds: o.Kinds, Muxer: o.Muxer, Dir: dir, Epoch: g.epoch,
	})
	if err != nil {
		return nil, fmt.Errorf("build workload: %w", err)
	}
	if g.load.Close != nil {
		defer func() { err = errors.Join(err, g.load.Close()) }()
	}
	g.assemble(a)
	return g.run(ctx)
}

// assemble creates the Runtime with its cameras, streams and probes.
func (g *measurement) assemble(a *prerendered) {
	l := &g.load
	if l.Config == (runtime.Config{}) {
		l.Config = runtime.DefaultConfig()
	}
	l.Detectors = slices.Clone(l.Detectors) // a scenario may return the same slice each time
	for i := range l.Detectors {
		if d := &l.Detectors[i]; d.Execution == "" {
			d.Execution = detectors.Execution(g.job.mode)
		}
	}
	first := time.Since(g.epoch) + startDelay + g.opts.Warmup
	var configs []capture.Config
	for i, c := range l.Cameras {
		// Spread the cameras over the frame interval.
		phase := time.Duration(float64(i) / float64(len(l.Cameras)) / c.FPS * float64(time.Second))
		s := schedule{begin: first - g.opts.Warmup + phase, fps: c.FPS, first: first, end: first + g.opts.Duration}
		g.streams[c.Name] = newStream(s, g.epoch, a)
		g.tallies[c.Name] = newTally(s, &g.timing, len(l.Detectors))
		g.probes[c.Name] = newProbe(c.FPS * float64(2+5*len(l.Detectors)))
		cfg := capture.DefaultConfig()
		cfg.Name, cfg.Source = c.Name, "synthetic:empty"
		cfg.StallTimeout = text.Duration(5 * time.Minute) // the end of a schedule is not a stall
		configs = append(configs, cfg)
	}
	g.rt = runtime.New(runtime.Options{
		Config: l.Config, Cameras: configs, Detectors: l.Detectors, Rules: l.Rules,
		Drivers: drivers(g.streams), Kinds: l.AllKinds(), JPEG: g.opts.JPEG, Convert: g.opts.Convert, Sinks: l.Sinks, Clips: l.Clips, Roll: l.Roll,
		LogRing: l.LogRing, Log: g.opts.Log, Probe: func(camera string) runtime.Probe { return g.probes[camera] },
	}, g.epoch)
}

// run runs warm-up, measurement and drain.
func (g *measurement) run(ctx context.Context) (*Result, error) {
	work, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var ran, beside error
	wg.Go(func() { ran = g.rt.Run(work) })
	if g.load.Beside != nil {
		wg.Go(func() {
			if err := g.load.Beside(work, g.rt); err != nil && work.Err() == nil {
				beside = fmt.Errorf("run beside the runtime: %w", err)
			}
		})
	}
	res, err := g.watch(ctx)
	stop()
	wg.Wait()
	if err := errors.Join(err, ran, beside); err != nil {
		return nil, err
	}
	return res, nil
}

// watch waits until the run has ended and returns its result.
func (g *measurement) watch(ctx context.Context) (*Result, error) {
	first := g.schedule().first
	if err := g.collectUntil(ctx, first); err != nil {
		return nil, err
	}
	started := time.Now()
	before := readUsage()
	g.series = newSeries(g, started)
	for end := first; end < first+g.opts.Duration; {
		end = min(end+g.opts.Sample, first+g.opts.Duration)
		if err := g.collectUntil(ctx, end); err != nil {
			return nil, err
		}
		if err := g.series.sample(time.Since(g.epoch) - first); err != nil {
			return nil, err
		}
	}
	after := readUsage()
	snap, err := g.drain(ctx)
	if err != nil {
		return nil, err
	}
	if err := g.series.finish(); err != nil {
		return nil, err
	}
	res := g.result(snap, started)
	res.Load = loadBetween(before, after)
	var problems []error
	for i := range res.Accounts {
		problems = append(problems, res.Accounts[i].Check())
	}
	for _, c := range g.load.Cameras {
		problems = append(problems, g.tallies[c.Name].disorder)
		if n := g.probes[c.Name].dropped.Load(); n > 0 {
			problems = append(problems, fmt.Errorf("camera %s: %d samples were lost: the harness did not keep up", c.Name, n))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("the run does not add up:\n%w", err)
	}
	return res, nil
}

// schedule returns the schedule of the first camera; all have the same measured time.
func (g *measurement) schedule() schedule { return g.streams[g.load.Cameras[0].Name].schedule }

// collectUntil reads the probes repeatedly until a time.
func (g *measurement) collectUntil(ctx context.Context, until time.Duration) error {
	s, every := g.schedule(), collectEvery
	if s.fps < 1 {
		every = idleEvery
	}
	for {
		g.collect()
		now := time.Since(g.epoch)
		g.notify(max(0, now-s.begin), s.end-s.begin)
		if now >= until {
			return nil
		}
		if err := wait.For(ctx, min(every, until-now)); err != nil {
			return err
		}
	}
}

func (g *measurement) collect() {
	for name, p := range g.probes {
		p.collect(g.tallies[name].add)
	}
}

// drain waits until every sent frame was seen or dropped and no detector is running. It returns the
// final snapshot.
func (g *measurement) drain(ctx context.Context) (*runtime.Snapshot, error) {
	limit := time.Now().Add(drainLimit)
	for _, f := range g.streams {
		select {
		case <-f.over:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Until(limit)):
			return nil, fmt.Errorf("a camera hangs: it did not end its schedule within %v", drainLimit)
		}
	}
	for {
		snap := g.rt.Snapshot()
		g.collect()
		busy := g.busy(snap)
		switch {
		case busy == "":
			return snap, nil
		case time.Now().After(limit):
			return nil, fmt.Errorf("%s: still not done %v after the last frame", busy, drainLimit)
		}
		if err := wait.For(ctx, collectEvery); err != nil {
			return nil, err
		}
	}
}

// busy returns the camera or detector that is still working; empty if none.
func (g *measurement) busy(snap *runtime.Snapshot) string {
	for i := range snap.Cameras {
		v := &snap.Cameras[i]
		if v.Seen+v.Superseded < v.Frames || v.Seen > g.tallies[v.Name].allSeen {
			return "camera " + v.Name
		}
		for j := range v.Detectors {
			d := &v.Detectors[j]
			waits := d.State == engine.DetectorWaiting && d.Reason == engine.GateSlot.String()
			if waits || d.State == engine.DetectorRunning || d.State == engine.DetectorStarting {
				return "detector " + d.Name + " of camera " + v.Name
			}
		}
	}
	return ""
}
