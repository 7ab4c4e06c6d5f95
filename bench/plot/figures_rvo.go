package main

import (
	"fmt"
	"strings"
)

// figure is one plot: the name of its files, and the function that draws it or returns which data is
// missing.
type figure struct {
	name string
	make func(*results) (*page, error)
}

// figures are all figures, in drawing order. The first five correspond to figures of rvo.
var figures = []figure{
	{"fig1_tick_p50_vs_detector_latency", blocking},
	{"fig2_load_shedding", shedding},
	{"fig3_overload_graceful_degradation", overload},
	{"fig4_tick_cdf", distribution},
	{"fig5_throughput_ceiling", ceiling},
	{"fig6_age_by_stage", stages},
	{"fig7_age_by_detectors", detectors},
	{"fig8_age_by_cameras", cameras},
	{"fig9_remote", remote},
	{"fig10_variance", variance},
	{"fig11_undisturbed", undisturbed},
	{"fig12_loss", loss},
}

const (
	nano  = 1e-9
	micro = 1e-6
	milli = 1e-3
)

// both returns the curves of a column in both modes, with their names.
func both(r *results, scenarios []string, column, label string, unit float64, tail bool, x func(string, string) (float64, bool)) (curves []curve) {
	for _, mode := range modes {
		if p := r.curve(scenarios, mode, column, unit, x); len(p) > 0 {
			curves = append(curves, curve{name: mode + ", " + label, look: inMode(mode, tail), points: p})
		}
	}
	return curves
}

// blocking draws the duration of a step against the latency of a detector.
func blocking(r *results) (*page, error) {
	names := r.scenarios("blocking_")
	if len(names) < 2 {
		return nil, fmt.Errorf("it needs at least two scenarios blocking_*")
	}
	x := r.column("detector_sleep_ms")
	pan := &panel{
		xLabel: "detector latency (ms)", yLabel: "engine step duration",
		x: scale{log: true, write: plain}, y: durations, height: 330,
	}
	pan.curves = append(both(r, names, "tick_p50_ns", "50 %", nano, false, x), both(r, names, "tick_p99_ns", "99 %", nano, true, x)...)
	if len(pan.curves) == 0 {
		return nil, missing("tick_p50_ns", "blocking_*")
	}
	pan.x = pan.x.ticksOf(pan.curves)
	for _, mode := range []string{worker, inline} {
		if v, ok := r.spread("baseline", mode, "tick_p50_ns"); ok && v.mid > 0 {
			pan.refs = append(pan.refs, reference{"no detector, 50 %", look{colour: grey, dashes: dashed}, v.mid * nano})
			break
		}
	}
	return &page{title: "Engine step duration by detector latency", panels: []*panel{pan}}, nil
}

// shedding draws runs over time in which a slow detector is parked, one line each.
func shedding(r *results) (*page, error) {
	const scenario = "load_shed"
	p := &page{title: "A detector of 50 ms with a budget of 33 ms, in backoff for 500 ms after each run"}
	tick := &panel{yLabel: "step, cumulative", x: seconds, y: durations, height: 200}
	skips := &panel{yLabel: "runs skipped", x: seconds, y: counts, height: 120}
	drops := &panel{yLabel: "frames lost", x: seconds, y: counts, height: 120}
	var why error
	for _, mode := range modes {
		runs, err := r.series(scenario, mode)
		if err != nil {
			why = err
			continue
		}
		for _, c := range []struct {
			pan    *panel
			column string
			unit   float64
			label  string
			tail   bool
		}{
			{tick, "tick_p50_ns", nano, mode + ", 50 %", false},
			{tick, "tick_p99_ns", nano, mode + ", 99 %", true},
			{skips, "skips_delta", 1, mode + ", 50 %", false},
			{drops, "frame_drops_delta", 1, mode + ", 50 %", false},
		} {
			l := inMode(mode, c.tail)
			l.shape, l.thin = nil, len(runs) > 1
			for _, t := range runs {
				if points := overTime(t, c.column, c.unit); len(points) > 0 {
					c.pan.curves = append(c.pan.curves, curve{name: c.label, look: l, points: points})
				}
			}
		}
	}
	for _, pan := range []*panel{tick, skips, drops} {
		if len(pan.curves) > 0 {
			p.panels = append(p.panels, pan)
		}
	}
	if len(tick.curves) == 0 {
		if why == nil {
			why = missing("tick_p99_ns", "the time series of "+scenario)
		}
		return nil, why
	}
	p.panels[len(p.panels)-1].xLabel = "time (s)"
	return p, nil
}

// overTime returns a column of a time series.
func overTime(t *table, column string, unit float64) (points []point) {
	for i := range t.rows {
		at, ok := t.number(i, "elapsed_ms")
		v, there := t.number(i, column)
		if ok && there {
			points = append(points, point{at * milli, spread{v * unit, v * unit, v * unit, 1}})
		}
	}
	return points
}

// overload draws the frames lost if a camera is faster than its detector.
func overload(r *results) (*page, error) {
	return lossAndTick(r, "overload_", "A detector of 5 ms with faster cameras")
}

// ceiling draws the frames lost if a camera is faster than the engine.
func ceiling(r *results) (*page, error) {
	return lossAndTick(r, "fps_", "A detector that takes no time, with cameras up to the maximum rate")
}

// lossAndTick draws frames lost and the 99th percentile of a step against the
// rate of the camera.
func lossAndTick(r *results, prefix, title string) (*page, error) {
	names := r.scenarios(prefix)
	if len(names) < 2 {
		return nil, fmt.Errorf("it needs at least two scenarios %s*", prefix)
	}
	x := r.column("actual_camera_fps")
	loss := &panel{yLabel: "frames lost (1/s)", x: rates, y: rates, curves: both(r, names, "frame_loss_rate", "lost", 1, false, x), height: 190}
	tick := &panel{
		yLabel: "step, 99 %", xLabel: "frames from the camera (1/s)", x: rates, y: durations,
		curves: both(r, names, "tick_p99_ns", "step, 99 %", nano, false, x), height: 190,
	}
	if len(loss.curves) == 0 {
		return nil, missing("frame_loss_rate", prefix+"*")
	}
	if len(tick.curves) == 0 {
		return nil, missing("tick_p99_ns", prefix+"*")
	}
	for _, pan := range []*panel{loss, tick} {
		for i := range pan.curves {
			pan.curves[i].name, _, _ = strings.Cut(pan.curves[i].name, ",")
		}
	}
	return &page{title: title, panels: []*panel{loss, tick}}, nil
}

// distribution draws the share of steps that took longer than a time, for every run. The files are in
// microseconds.
func distribution(r *results) (*page, error) {
	p := &page{title: "Engine step durations, by run"}
	var why error
	for _, mode := range modes {
		pan := &panel{
			xLabel: "step duration, " + mode, yLabel: "share of longer steps", x: durations,
			y: scale{log: true, write: share}, height: 230,
		}
		for i, scenario := range []string{"baseline", "inproc_low", "blocking_3ms", "blocking_10ms"} {
			runs, err := r.tails(scenario, mode, "tick")
			if err != nil {
				why = err
				continue
			}
			l := looks[i]
			l.shape, l.thin = nil, len(runs) > 1
			for _, tails := range runs {
				k := curve{name: scenario, look: l, steps: true}
				for _, t := range tails {
					if t.larger > 0 {
						k.points = append(k.points, point{t.value * micro, spread{t.larger, t.larger, t.larger, 1}})
					}
				}
				if len(k.points) > 1 {
					pan.curves = append(pan.curves, k)
				}
			}
		}
		if len(pan.curves) > 0 {
			p.panels = append(p.panels, pan)
		}
	}
	if len(p.panels) == 0 {
		if why == nil {
			why = fmt.Errorf("no distribution of baseline, inproc_low, blocking_3ms or blocking_10ms has two steps")
		}
		return nil, why
	}
	return p, nil
}

// share formats a share (0 to 1) in percent.
func share(v float64) string { return plain(v*100) + " %" }

func missing(column, scenarios string) error {
	return fmt.Errorf("the column %q is missing or empty for %s", column, scenarios)
}
