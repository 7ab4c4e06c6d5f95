package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/clips"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// gauge is the fill level and the drops of a queue or other bounded resource.
type gauge struct {
	name       string
	camera     bool // belongs to the camera shown, not to the whole program
	depth, cap float64
	text       string // the depth in words; empty: depth of cap
	drops      []engine.Count
	normal     bool // drops are normal
}

// key identifies a drop counter. A camera and the program may have queues of the same name.
func (g *gauge) key(drop engine.Count) string {
	return fmt.Sprintf("%v/%s/%s", g.camera, g.name, drop.Reason)
}

// id identifies the gauge.
func (g *gauge) id() string { return fmt.Sprintf("%v/%s", g.camera, g.name) }

// trouble returns 1 if there is an alert about the gauge, otherwise 0.
func (g *gauge) trouble(s *runtime.Snapshot) int {
	for i := range s.Alerts {
		switch a := &s.Alerts[i]; a.Kind {
		case runtime.AlertSink, runtime.AlertOutput, runtime.AlertOutputLate, runtime.AlertRefused:
			if a.Subject == g.name && !g.camera {
				return 1
			}
		case runtime.AlertClips:
			if g.name == "clips" {
				return 1
			}
		}
	}
	return 0
}

// lost returns the sum of all drops.
func (g *gauge) lost() (n uint64) {
	for _, d := range g.drops {
		n += d.N
	}
	return n
}

// QueuesView shows the fill level, the drops and the drop rate of every queue, w cells wide.
func QueuesView(s *Scene, w int) Body {
	b := Body{Title: "Queues and drops"}
	c := s.Camera()
	if s.Snap == nil {
		return b
	}
	list := gauges(s.Snap, c)
	slices.SortStableFunc(list, func(a, b gauge) int { return cmp.Compare(b.trouble(s.Snap), a.trouble(s.Snap)) })
	before := map[string]uint64{}
	var since time.Duration
	if old := s.Hist.before(5 * time.Second); old != nil {
		since = s.Snap.At.Sub(old.At)
		var was *runtime.CameraView
		for i := range old.Cameras {
			if c != nil && old.Cameras[i].Name == c.Name {
				was = &old.Cameras[i]
			}
		}
		for _, g := range gauges(old, was) {
			for _, d := range g.drops {
				before[g.key(d)] = d.N
			}
		}
	}
	const name, fill = 10, 14
	bar := min(max(w-name-fill-30, 0), 12)
	head := "  " + draw.Fit("", name)
	if bar >= 4 {
		head += draw.Fit("", bar+1)
	}
	head += draw.Fit("depth", fill) + "dropped (now)"
	b.head = []string{s.Theme.Dim.Of(draw.Fit(head, w))}
	b.n = len(list)
	b.key = func(i int) string { return list[i].id() }
	for i := range list {
		b.pinned += list[i].trouble(s.Snap)
	}
	b.row = func(i int) string {
		g := &list[i]
		share := 0.0
		if g.cap > 0 {
			share = g.depth / g.cap
		}
		look := s.Theme.Good
		if share > 0.75 && g.cap > 1 {
			look = s.Theme.Warn
		}
		line := "  " + draw.Fit(s.Theme.Text(g.name), name)
		if g.trouble(s.Snap) > 0 {
			line = "  " + s.Theme.Bad.Of(draw.Fit(s.Theme.Text(g.name), name))
		}
		if bar >= 4 {
			line += s.Theme.Meter(share, bar, look) + " "
		}
		text := g.text
		if text == "" {
			text = fmt.Sprintf("%s/%s", draw.Count(uint64(g.depth)), draw.Count(uint64(g.cap)))
		}
		line += draw.Fit(text, fill-1) + " "
		var drops []string
		for _, d := range g.drops {
			if d.N == 0 {
				continue
			}
			now := 0.0
			if was, ok := before[g.key(d)]; ok && since > 0 && d.N > was {
				now = float64(d.N-was) / since.Seconds()
			}
			text := s.Theme.Text(d.Reason) + " " + draw.Count(d.N)
			switch {
			case now >= 0.05 && !g.normal:
				text = s.Theme.Warn.Of(text + " (" + draw.Rate(now) + "/s)")
			case now >= 0.05:
				text += s.Theme.Dim.Of(" (" + draw.Rate(now) + "/s)")
			default:
				text = s.Theme.Dim.Of(text)
			}
			drops = append(drops, text)
		}
		if len(drops) == 0 {
			return line + s.Theme.Dim.Of("none")
		}
		return line + strings.Join(drops, s.Theme.Dim.Of(" · "))
	}
	return b
}

// gauges lists every queue of a snapshot, those of the camera shown first.
func gauges(s *runtime.Snapshot, c *runtime.CameraView) []gauge {
	var list []gauge
	queue := func(q *runtime.QueueView) *gauge {
		list = append(list, gauge{
			name: strings.TrimPrefix(q.Name, "sink:"), depth: float64(q.Depth), cap: float64(q.Capacity),
			drops: q.Drops, normal: q.Name == "frame",
		})
		return &list[len(list)-1]
	}
	if c != nil {
		for i := range c.Queues {
			queue(&c.Queues[i]).camera = true
		}
	}
	list = append(list, gauge{
		name: "slots", depth: float64(s.Slots.Busy), cap: float64(s.Slots.Size),
		drops: []engine.Count{{Reason: "revoked", N: s.Slots.Revoked}},
	})
	if s.Clips != nil {
		list = append(list, clipGauges(s.Clips, c)...)
	}
	if s.Outbox != nil {
		list = append(list, outputGauges(s.Outbox, s.At)...)
	}
	for i := range s.Queues {
		if g := queue(&s.Queues[i]); g.name == "commands" {
			g.text = fmt.Sprintf("%d/%d program", s.Queues[i].Depth, s.Queues[i].Capacity)
		}
	}
	return list
}

func clipGauges(st *clips.Status, c *runtime.CameraView) []gauge {
	var list []gauge
	for _, r := range st.Rings {
		if c == nil || r.Camera != c.Name {
			continue
		}
		list = append(list, gauge{
			name: "evidence", camera: true, depth: float64(r.Bytes), cap: float64(r.BytesCap),
			text:  draw.Amount(r.Bytes) + " " + draw.Ago(r.Span.Round(time.Second)),
			drops: []engine.Count{{Reason: "evicted", N: r.Evicted}, {Reason: "failed", N: r.Failed}},
		}, gauge{
			name: "encoder", camera: true, depth: float64(r.Queue), cap: float64(r.QueueCap),
			drops: []engine.Count{{Reason: "skipped", N: r.Skipped}},
		})
	}
	return append(list, gauge{
		name: "disk", text: fmt.Sprintf("%d, %s", st.Clips, draw.Amount(st.Bytes)),
		drops: []engine.Count{{Reason: "age", N: st.Removed["age"]}, {Reason: "bytes", N: st.Removed["bytes"]}, {Reason: "free", N: st.Removed["free"]}, {Reason: "inodes", N: st.Removed["inodes"]}},
	})
}

// outputGauges lists the outbox store and the queue of each output.
func outputGauges(v *runtime.OutboxView, now time.Time) []gauge {
	list := []gauge{{
		name: "stored", depth: float64(v.Bytes), cap: float64(v.MaxBytes), text: draw.Amount(v.Bytes),
		drops: []engine.Count{{Reason: "not durable", N: v.NotDurable}},
	}}
	for i := range v.Outputs {
		o := &v.Outputs[i]
		text := draw.Count(uint64(o.Backlog)) + " wait"
		if !o.Oldest.IsZero() {
			text += " " + draw.Ago(now.Sub(o.Oldest))
		}
		list = append(list, gauge{
			name: o.Name, text: text,
			drops: append([]engine.Count{{Reason: "refused", N: uint64(o.AsideCount)}, {Reason: "retries", N: o.Retries}}, o.Drops...),
		})
	}
	return list
}
