package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// sign is one place where a fault can show.
type sign struct {
	what string // for the table
	seen func(l *glance) bool
}

// signNames are readable names of signs.
func signNames(signs []sign) string {
	var names []string
	for _, s := range signs {
		names = append(names, s.what)
	}
	return strings.Join(names, ", ")
}

// glance is a reading of all that a program reports.
type glance struct {
	at      time.Time
	metrics map[string]float64
	before  map[string]float64 // when the fault began
	since   map[string]float64 // when it was repaired; nil: not yet
	alerts  []string           // their IDs
	health  string             // status
	log     string             // since the fault began
}

// again is the sign that a counter has increased since the repair.
func again(series string) sign {
	return sign{"", func(l *glance) bool { return l.since != nil && l.metrics[series] > l.since[series] }}
}

// inState is the sign that a camera is in one of some states.
func inState(camera string, states ...string) sign {
	return sign{"state `" + strings.Join(states, "` or `") + "`", func(l *glance) bool {
		return slices.ContainsFunc(states, func(s string) bool {
			return l.metrics[fmt.Sprintf("rvo_camera_state{camera=%q,state=%q}", camera, s)] == 1
		})
	}}
}

// counted is the sign that one of some counters has increased.
func counted(series ...string) sign {
	name, _, _ := strings.Cut(series[0], "{")
	if reason := strings.Index(series[0], "reason="); reason >= 0 {
		name += "{" + series[0][reason:]
	}
	return sign{"`" + name + "`", func(l *glance) bool {
		return slices.ContainsFunc(series, func(s string) bool { return l.metrics[s] > l.before[s] })
	}}
}

// valued is the sign that a metric has a value.
func valued(series string, value float64) sign {
	name, labels, _ := strings.Cut(series, "{")
	what := fmt.Sprintf("`%s` %v", name, value)
	if _, state, ok := strings.Cut(labels, "state=\""); ok {
		what = fmt.Sprintf("`%s` `%s`", name, strings.TrimSuffix(state, "\"}"))
	}
	return sign{what, func(l *glance) bool { v, is := l.metrics[series]; return is && v == value }}
}

// gapped is the sign that there were more than two seconds between two frames of a camera.
func gapped(camera string) sign {
	const name = "rvo_frame_interval_seconds"
	all, short := fmt.Sprintf("%s_count{camera=%q}", name, camera), fmt.Sprintf("%s_bucket{camera=%q,le=\"2\"}", name, camera)
	return sign{"`" + name + "` over 2", func(l *glance) bool {
		return l.metrics[all]-l.metrics[short] > l.before[all]-l.before[short]
	}}
}

// failed is the sign that a detector's runs have failed for one of some reasons.
func failed(detector string, reasons ...string) sign {
	camera, name, _ := strings.Cut(detector, "/")
	var series []string
	for _, r := range reasons {
		series = append(series, fmt.Sprintf("rvo_detector_failures_total{camera=%q,detector=%q,reason=%q}", camera, name, r))
	}
	s := counted(series...)
	s.what = "`rvo_detector_failures_total{reason=\"" + strings.Join(reasons, " or ") + "\"}`"
	return s
}

// unknown is the sign that a detector's signal is unknown.
func unknown(detector string) sign {
	return sign{"signal unknown", func(l *glance) bool { return !l.known(detector) }}
}

// alerted is the sign that there is an alert.
func alerted(id string) sign {
	kind, _, _ := strings.Cut(id, ":")
	return sign{"alert `" + kind + "`", func(l *glance) bool { return slices.Contains(l.alerts, id) }}
}

// said is the sign that the log has a line with a text.
func said(text string) sign {
	return sign{"log “" + text + "”", func(l *glance) bool { return strings.Contains(l.log, text) }}
}

// unwell is the sign that /health is degraded.
func unwell() sign {
	return sign{"`/health`", func(l *glance) bool { return l.health == "degraded" }}
}

func (l *glance) live(camera string) bool {
	return l.metrics[fmt.Sprintf("rvo_camera_state{camera=%q,state=%q}", camera, "live")] == 1
}

func (l *glance) known(detector string) bool {
	camera, name, _ := strings.Cut(detector, "/")
	return l.metrics[fmt.Sprintf("rvo_signal_known{camera=%q,signal=%q}", camera, name)] == 1
}

// fresh reports whether an age seen in a glance belongs to something after a time.
func (l *glance) fresh(series string, than time.Time) bool {
	age, is := l.metrics[series]
	return is && l.at.Sub(than).Seconds() > age
}
