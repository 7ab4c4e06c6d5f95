package pane

import (
	"cmp"
	"fmt"

	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// QueuePage shows all details of a queue, given the key of its row, w cells wide.
func QueuePage(s *Scene, c *runtime.CameraView, key string, w int) []string {
	for _, g := range gauges(s.Snap, c) {
		if g.id() == key {
			return queuePage(s, c, &g, w)
		}
	}
	return []string{"It was removed."}
}

func queuePage(s *Scene, c *runtime.CameraView, g *gauge, w int) []string {
	th, owner := s.Theme, ""
	d := &details{th: th, w: w}
	of := "the whole program"
	if g.camera {
		owner = c.Name
		of = "camera " + th.Text(c.Name)
	}
	text, known := runtime.QueueTexts()[g.name]
	if !known {
		text = runtime.QueueText{Holds: "events for " + g.name, Full: "new events are dropped", Remedy: "check why it does not accept them"}
		if g.cap == 0 { // an output, whose messages are in the outbox
			text.Full = "the oldest events are dropped"
		}
	}
	d.field("holds", th.Text(text.Holds)+", of "+of)
	depth := cmp.Or(g.text, fmt.Sprintf("%s of %s", draw.Count(uint64(g.depth)), draw.Count(uint64(g.cap))))
	if g.cap > 0 {
		depth = th.Meter(g.depth/g.cap, 20, th.Good) + "  " + depth
	}
	d.line("depth", depth)
	spark := min(max(w-fieldName-24, 10), sparkCells)
	depths := s.Hist.Values(owner, queueSeries(g.name))
	d.line("history", th.Stage[0].Of(th.Sparkline(depths, 0, max(g.cap, top(depths)), spark))+th.Dim.Of("  of the last minute"))
	d.field("when full", th.Text(text.Full))
	if g.name == "slots" || g.name == "mailbox" {
		d.slots(s)
	}

	d.title("Drops since the start")
	if g.lost() == 0 {
		d.line("", th.Dim.Of("none"))
		return d.lines
	}
	look := th.Warn
	if g.normal {
		look = th.Dim
	}
	lost := s.Hist.Values(owner, dropSeries(g.name))
	for _, n := range g.drops {
		if n.N > 0 {
			d.line("  "+th.Text(n.Reason), look.Of(draw.Count(n.N)))
		}
	}
	d.line("history", look.Of(th.Sparkline(lost, 0, max(top(lost), 1), spark))+th.Dim.Of(fmt.Sprintf("  up to %s in %s", draw.Number(top(lost)), draw.Ago(sparkStep))))
	d.field("do", th.Text(text.Remedy))
	return d.lines
}
