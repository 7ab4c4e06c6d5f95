package metrics

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	p := page{out: out, seen: map[series]bool{}}
	defer func() { p.gauge(c.series, float64(p.series+1)) }()
	p.gauge(c.buildInfo, 1, c.build...)
	if n := c.page.Load(); n > 0 {
		p.gauge(c.pageBytes, float64(n))
	}
	s := c.latest()
	if s == nil {
		return
	}
	p.gauge(c.uptime, s.Uptime.Seconds())
	p.time(c.snapshotTime, s.At)
	p.gauge(c.slots, float64(s.Slots.Size))
	p.gauge(c.slotsBusy, float64(s.Slots.Busy))
	p.gauge(c.slotsWaiting, float64(s.Slots.Waiting))
	p.count(c.revoked, s.Slots.Revoked)
	p.count(c.logLines, s.Log.Errors, "error")
	p.count(c.logLines, s.Log.Warnings, "warning")
	p.count(c.loopIterations, s.Loop.Iterations)
	p.gauge(c.loopBusy, s.Loop.Busy.Seconds())
	c.reload(&p, &s.Reload)
	c.present(&p, s.Alerts)
	c.queues(&p, "", s.Queues)
	for i := range s.Sinks {
		c.sink(&p, &s.Sinks[i])
	}
	if s.Outbox != nil {
		c.outbox.collect(&p, s.Outbox)
	}
	if s.Clips != nil {
		c.clips.collect(&p, s.Clips)
	}
	for i := range s.Cameras {
		cam := &s.Cameras[i]
		c.camera(&p, cam)
		c.queues(&p, cam.Name, cam.Queues)
		for j := range cam.Detectors {
			c.detector(&p, cam.Name, &cam.Detectors[j])
		}
		for j := range cam.Signals {
			c.signal(&p, cam.Name, &cam.Signals[j])
		}
		for j := range cam.Zones {
			if z := &cam.Zones[j]; z.Dwell != nil {
				p.histogram(c.zoneDwell, z.Dwell, dwellBounds, cam.Name, z.Name)
			}
		}
		for j := range cam.Rules {
			c.rule(&p, cam.Name, &cam.Rules[j])
		}
	}
}

func (c *Collector) queues(p *page, camera string, queues []runtime.QueueView) {
	for _, q := range queues {
		p.gauge(c.queueDepth, float64(q.Depth), camera, q.Name)
		p.gauge(c.queueCapacity, float64(q.Capacity), camera, q.Name)
		for _, d := range q.Drops {
			if d.Reason != "" {
				p.count(c.queueDrops, d.N, camera, q.Name, d.Reason)
			}
		}
	}
}

func (c *Collector) reload(p *page, v *runtime.ReloadView) {
	for _, n := range v.Results {
		p.count(c.reloads, n.N, n.Reason)
	}
	p.time(c.reloadOK, v.OK)
	p.gauge(c.reloadLast, number(v.Last == "" || v.Last == runtime.ReloadOK))
}

// present counts alerts. Every kind always has a series, so that Prometheus can alert
// on its first one.
func (c *Collector) present(p *page, list []runtime.Alert) {
	n := map[runtime.AlertKind]int{}
	for i := range list {
		n[list[i].Kind]++
	}
	for _, kind := range runtime.AlertKinds() {
		p.gauge(c.alerts, float64(n[kind]), string(kind))
	}
}

func (c *Collector) sink(p *page, v *runtime.SinkView) {
	oneHot(p, c.sinkState, v.State, []string{runtime.SinkOK, runtime.SinkDegraded}, v.Name)
	p.count(c.sinkWritten, v.Written, v.Name)
	p.count(c.sinkDrops, v.Dropped, v.Name)
	p.count(c.sinkFailures, v.Failures, v.Name)
	p.gauge(c.sinkDepth, float64(v.Depth), v.Name)
	p.gauge(c.sinkCapacity, float64(v.Capacity), v.Name)
}

func (c *Collector) camera(p *page, v *runtime.CameraView) {
	name := v.Name
	oneHot(p, c.cameraState, v.State, []capture.State{
		capture.Connecting, capture.Live, capture.Stalled, capture.Reconnecting,
		capture.Paused, capture.Ended, capture.Failed,
	}, name)
	p.count(c.cameraFrames, v.Frames, name)
	p.time(c.cameraLast, v.LastFrame, name)
	p.gauge(c.cameraWidth, float64(v.Width), name)
	p.gauge(c.cameraHeight, float64(v.Height), name)
	p.gauge(c.cameraLag, v.Lag.Seconds(), name)
	p.gauge(c.cameraLagging, number(v.Lagging), name)
	p.count(c.connects, v.Connects, name)
	p.count(c.reconnects, max(v.Connects, 1)-1, name)
	p.count(c.connectFailures, v.Failures, name)
	p.count(c.stalls, v.Stalls, name)
	p.count(c.resizes, v.Resizes, name)
	p.count(c.packets, v.Packets, name)
	p.count(c.decoded, v.Decoded, name)
	p.count(c.damaged, v.Damaged, name)
	p.gauge(c.poolOut, float64(v.Pool.Out), name)
	p.gauge(c.poolSize, float64(v.Pool.Size), name)
	p.gauge(c.poolHeld, float64(v.Pool.Retired), name)
	p.count(c.poolRetired, v.Pool.RetiredTotal, name)
	for _, d := range []engine.Count{
		{Reason: capture.DropPool, N: v.DropPool},
		{Reason: capture.DropLag, N: v.DropLag},
		{Reason: capture.DropRate, N: v.DropRate},
		{Reason: capture.DropCorrupt, N: v.DropBroken},
		{Reason: "superseded", N: v.Superseded},
	} {
		p.count(c.frameDrops, d.N, name, d.Reason)
	}
	p.count(c.framesSeen, v.Seen, name)
	if v.Seen > 0 {
		p.gauge(c.frameAge, v.FrameAge.Seconds(), name)
	}
	p.count(c.ticks, v.Ticks, name)
	p.histogram(c.tick, v.Tick, tickBounds, name)
	p.histogram(c.staleness, v.Age, ageBounds, name)
	p.histogram(c.interval, v.Interval, intervalBounds, name)
	for stage, h := range v.Stages {
		p.histogram(c.stage, h, ageBounds, name, engine.Stage(stage).String())
	}
}

func (c *Collector) detector(p *page, camera string, v *engine.DetectorView) {
	name := v.Name
	p.gauge(c.detectorInfo, 1, camera, name, v.Kind, string(v.Cost), string(v.Execution), strconv.FormatBool(v.Remote))
	oneHot(p, c.detectorState, v.State, []engine.DetectorState{
		engine.DetectorStarting, engine.DetectorWaiting, engine.DetectorRunning, engine.DetectorBackoff,
		engine.DetectorStuck, engine.DetectorFailed, engine.DetectorDisabled,
	}, camera, name)
	p.count(c.detectorRuns, v.Runs, camera, name)
	for gate := engine.GateOpen + 1; gate < engine.GateCount; gate++ {
		p.count(c.detectorSkips, v.Skips[gate], camera, name, gate.String())
	}
	for _, e := range v.Errors {
		p.count(c.detectorFails, e.N, camera, name, e.Reason)
	}
	p.count(c.detectorBackoffs, v.Backoffs, camera, name)
	p.count(c.detectorTimeouts, v.Timeouts, camera, name)
	p.count(c.detectorDiscards, v.Late, camera, name, "late")
	p.count(c.detectorDiscards, v.Expired, camera, name, "expired")
	p.count(c.detectorRestarts, v.Restarts, camera, name)
	if t := v.Tracks; t != nil {
		p.gauge(c.tracks, float64(t.Present), camera, name)
		p.count(c.tracksBorn, t.Born, camera, name)
		p.count(c.tracksLost, t.Lost, camera, name)
	}
	p.time(c.detectorLast, v.LastRun, camera, name)
	if v.MaxFPS > 0 {
		p.gauge(c.detectorPeriod, 1/v.MaxFPS, camera, name)
	}
	p.gauge(c.detectorTTL, v.TTL.Seconds(), camera, name)
	if v.Timeout > 0 {
		p.gauge(c.detectorTimeout, v.Timeout.Seconds(), camera, name)
	}
	p.histogram(c.detectorExec, v.Exec, ageBounds, camera, name)
	p.histogram(c.detectorAge, v.AgeHist, ageBounds, camera, name)
}

func (c *Collector) signal(p *page, camera string, v *engine.SignalView) {
	known := v.Why == ""
	p.gauge(c.signalKnown, number(known), camera, v.Name)
	if known {
		p.gauge(c.signalValue, v.Value, camera, v.Name)
	}
	if v.Age > 0 {
		p.gauge(c.signalAge, v.Age.Seconds(), camera, v.Name)
	}
}

func (c *Collector) rule(p *page, camera string, v *engine.RuleView) {
	oneHot(p, c.ruleState, v.Status.State, []rules.State{
		rules.Idle, rules.Potential, rules.Confirmed, rules.Cooldown, rules.Inactive, rules.Disabled,
	}, camera, v.Event)
	oneHot(p, c.ruleTruth, v.Status.Truth.String(), []string{
		rules.True.String(), rules.False.String(), rules.Unknown.String(),
	}, camera, v.Event)
	p.gauge(c.ruleProgress, v.Status.Progress, camera, v.Event)
	p.count(c.ruleEvents, v.Status.Fired, camera, v.Event)
}

// page is one scrape. A duplicate series would invalidate the whole scrape, so only the
// first one is written.
type page struct {
	out    chan<- prometheus.Metric
	seen   map[series]bool
	series int // written so far
}

type series struct {
	desc   *prometheus.Desc
	labels string
}

func (p *page) gauge(d *prometheus.Desc, v float64, labels ...string) {
	p.value(d, prometheus.GaugeValue, v, labels)
}

func (p *page) count(d *prometheus.Desc, n uint64, labels ...string) {
	p.value(d, prometheus.CounterValue, float64(n), labels)
}

// time writes a timestamp, unless it is zero.
func (p *page) time(d *prometheus.Desc, t time.Time, labels ...string) {
	if !t.IsZero() {
		p.gauge(d, float64(t.UnixNano())/1e9, labels...)
	}
}

func (p *page) value(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels []string) {
	if labels, fresh := p.label(d, labels); fresh {
		p.series++
		p.out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
}

// histogram writes a Histogram. A bucket's count may lack durations in its top 6.25 %,
// which is the width of a bin; sum and count are exact.
func (p *page) histogram(d *prometheus.Desc, h *engine.Histogram, bounds []time.Duration, labels ...string) {
	if h == nil {
		return
	}
	labels, fresh := p.label(d, labels)
	if !fresh {
		return
	}
	counts := h.Cumulative(bounds)
	buckets := make(map[float64]uint64, len(bounds))
	for i, b := range bounds {
		buckets[b.Seconds()] = counts[i]
	}
	// The writer is still recording: the total must not be below a bucket.
	p.series += len(bounds) + 3 // and +Inf, sum, count
	total := max(h.Count(), counts[len(counts)-1])
	p.out <- prometheus.MustNewConstHistogram(d, total, h.Sum().Seconds(), buckets, labels...)
}

// label returns cleaned label values, and whether the series is new on the page.
func (p *page) label(d *prometheus.Desc, labels []string) ([]string, bool) {
	labels = slices.Clone(labels)
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "\uFFFD")
	}
	key := series{d, strings.Join(labels, "\x00")}
	if p.seen[key] {
		return nil, false
	}
	p.seen[key] = true
	return labels, true
}

// oneHot writes 1 for the current state and 0 for all others.
func oneHot[S ~string](p *page, d *prometheus.Desc, is S, states []S, labels ...string) {
	for _, s := range states {
		p.gauge(d, number(s == is), append(slices.Clip(labels), string(s))...)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
