package main

import (
	"fmt"
	"slices"
	"strings"
)

// stageNames are the stages of a frame's latency, as in the columns.
var stageNames = []string{"capture", "queue", "schedule", "inference", "publish", "event"}

// stages draws the stages of the age of events.
func stages(r *results) (*page, error) {
	const scenario = "age_by_stage"
	if !slices.Contains(r.scenarios(scenario), scenario) {
		return nil, fmt.Errorf("it needs the scenario %s", scenario)
	}
	pan := &panel{yLabel: "time in the stage (0 is not shown)", y: durations, x: scale{names: slices.Concat(stageNames, []string{"all"})}, height: 300}
	for _, mode := range modes {
		for _, q := range []struct {
			column, label string
			tail          bool
		}{{"p50", "50 %", false}, {"p99", "99 %", true}} {
			k := curve{name: mode + ", " + q.label, look: inMode(mode, q.tail)}
			k.look.bare = true
			for at, stage := range slices.Concat(stageNames, []string{"age"}) {
				if v, ok := r.spread(scenario, mode, "event_"+stage+"_"+q.column+"_ns"); ok && v.mid > 0 {
					k.points = append(k.points, point{float64(at) + beside(k.look), v.scaled(nano)})
				}
			}
			if len(k.points) > 0 {
				pan.curves = append(pan.curves, k)
			}
		}
	}
	if len(pan.curves) == 0 {
		return nil, missing("event_age_p50_ns", scenario)
	}
	return &page{title: "Latency by stage, from capture to event", panels: []*panel{pan}}, nil
}

// detectors draws the age of frames and signals by number of detectors.
func detectors(r *results) (*page, error) {
	return ages(r, "detectors_", "detectors", "detectors of 1 ms on one camera", "Age of frames by number of detectors")
}

// cameras draws the same by number of cameras.
func cameras(r *results) (*page, error) {
	return ages(r, "cameras_", "cameras", "cameras at 30 frames per second", "Age of frames by number of cameras")
}

// ages draws the age of frames and, below it, that of signals, against a column.
func ages(r *results, prefix, column, label, title string) (*page, error) {
	names := r.scenarios(prefix)
	if len(names) < 2 {
		return nil, fmt.Errorf("it needs at least two scenarios %s*", prefix)
	}
	x := r.column(column)
	axis := scale{log: true, write: plain}
	p := &page{title: title}
	for _, of := range []struct{ column, label string }{{"age", "age when the engine sees it"}, {"signal_age", "age when its signal is in the table"}} {
		pan := &panel{
			xLabel: label, yLabel: of.label, x: axis, y: durations, height: 210,
			curves: append(both(r, names, of.column+"_p50_ns", "50 %", nano, false, x), both(r, names, of.column+"_p99_ns", "99 %", nano, true, x)...),
		}
		if len(pan.curves) > 0 {
			pan.x = axis.ticksOf(pan.curves)
			p.panels = append(p.panels, pan)
		}
	}
	if len(p.panels) == 0 {
		return nil, missing("age_p50_ns", prefix+"*")
	}
	return p, nil
}

// remote draws what a model service costs the engine's steps, and its own latency.
func remote(r *results) (*page, error) {
	names := r.scenarios("remote_")
	if len(names) < 2 {
		return nil, fmt.Errorf("it needs at least two scenarios remote_*")
	}
	x := r.column("detector_sleep_ms")
	axis := scale{log: true, write: plain}
	pan := &panel{xLabel: "latency of the service (ms)", yLabel: "duration", x: axis, y: durations, height: 320}
	for i, of := range []struct{ column, label string }{
		{"tick_p50_ns", "step, 50 %"},
		{"tick_p99_ns", "step, 99 %"},
		{"age_p99_ns", "age when the engine sees it, 99 %"},
		{"exec_p99_ns", "result, 99 %"},
	} {
		if p := r.curve(names, worker, of.column, nano, x); len(p) > 0 {
			pan.curves = append(pan.curves, curve{name: of.label, look: looks[i], points: p})
		}
	}
	if len(pan.curves) == 0 {
		return nil, missing("tick_p50_ns", "remote_*")
	}
	pan.x = axis.ticksOf(pan.curves)
	return &page{title: "A slow model service over gRPC", panels: []*panel{pan}}, nil
}

// variance draws the effect of latency distributions of equal mean.
func variance(r *results) (*page, error) {
	names := r.scenarios("variance_")
	if len(names) < 2 {
		return nil, fmt.Errorf("it needs at least two scenarios variance_*")
	}
	var short []string
	for _, n := range names {
		short = append(short, strings.ReplaceAll(strings.TrimPrefix(n, "variance_"), "_", " "))
	}
	x := place(names)
	p := &page{title: "Four latency distributions with the same mean"}
	for _, of := range []struct{ column, label string }{{"tick", "step"}, {"age", "age, engine"}, {"signal_age", "age, signal"}} {
		pan := &panel{
			yLabel: of.label, x: scale{names: short}, y: durations, height: 170,
			curves: append(both(r, names, of.column+"_p50_ns", "50 %", nano, false, x), both(r, names, of.column+"_p99_ns", "99 %", nano, true, x)...),
		}
		for _, k := range pan.curves {
			for j := range k.points {
				k.points[j].x += beside(k.look)
			}
		}
		for i := range pan.curves {
			pan.curves[i].look.bare = true
		}
		if len(pan.curves) > 0 {
			p.panels = append(p.panels, pan)
		}
	}
	if len(p.panels) == 0 {
		return nil, missing("tick_p50_ns", "variance_*")
	}
	return p, nil
}

// undisturbed draws the effect of other activity on the live path.
func undisturbed(r *results) (*page, error) {
	var names []string
	for _, n := range []string{
		"baseline", "inproc_low", "clips_on", "dashboard_on", "event_storm", "stuck_detector", "crashing_detector", "crashing_child", "cpu_saturated",
	} {
		if len(r.of(n, worker)) > 0 {
			names = append(names, n)
		}
	}
	if len(names) < 2 {
		return nil, fmt.Errorf("it needs two of clips_on, dashboard_on, event_storm, stuck_detector, crashing_detector, crashing_child, cpu_saturated and baseline, in mode worker")
	}
	slices.Reverse(names) // show the first one at the top
	p := &page{title: "The live path under other load"}
	for _, of := range []struct{ column, label string }{{"tick", "engine step duration"}, {"age", "age of frames when the engine sees them"}} {
		pan := &panel{xLabel: of.label, x: durations, y: scale{names: names}, flat: true, height: 60 + 22*float64(len(names))}
		for _, q := range []struct {
			column, label string
			tail          bool
		}{{"p50", "50 %", false}, {"p99", "99 %", true}} {
			k := curve{name: q.label, look: inMode(worker, q.tail), points: r.curve(names, worker, of.column+"_"+q.column+"_ns", nano, place(names))}
			k.look.bare = true
			if len(k.points) > 0 {
				pan.curves = append(pan.curves, k)
			}
		}
		if len(pan.curves) > 0 {
			p.panels = append(p.panels, pan)
		}
	}
	if len(p.panels) == 0 {
		return nil, missing("tick_p50_ns", "them")
	}
	return p, nil
}

// beside returns the offset of a mode's marks from the middle of the row, so that the modes do not
// cover each other.
func beside(l look) float64 {
	if l.colour == vermilion {
		return -0.09
	}
	return 0.09
}

// place returns a function that gives the index of a scenario in a list as an x value.
func place(names []string) func(scenario, mode string) (float64, bool) {
	return func(scenario, _ string) (float64, bool) {
		i := slices.Index(names, scenario)
		return float64(i), i >= 0
	}
}

// loss draws the share of frames that each scenario lost.
func loss(r *results) (*page, error) {
	names := r.scenarios("")
	var lossy []string
	for _, n := range names {
		for _, mode := range modes {
			if v, ok := r.spread(n, mode, "lost_share"); ok && v.high > 0 {
				lossy = append(lossy, n)
				break
			}
		}
	}
	if len(lossy) == 0 {
		return nil, fmt.Errorf("no scenario lost a frame, or the column \"lost_share\" is missing")
	}
	slices.Reverse(lossy)
	pan := &panel{xLabel: "frames that the engine never saw (%), if any", x: rates, y: scale{names: lossy}, flat: true, height: 60 + 20*float64(len(lossy))}
	for _, mode := range modes {
		k := curve{name: mode, look: inMode(mode, false), points: r.curve(lossy, mode, "lost_share", 100, place(lossy))}
		k.look.bare = true
		for j := range k.points {
			k.points[j].x -= beside(k.look)
		}
		if len(k.points) > 0 {
			pan.curves = append(pan.curves, k)
		}
	}
	return &page{title: fmt.Sprintf("Frames lost: %d of %d scenarios lost any", len(lossy), len(names)), panels: []*panel{pan}}, nil
}
