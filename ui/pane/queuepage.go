package pane

import (
	"cmp"
	"fmt"

	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// queueText describes what a queue holds, what happens when it is full, and what to do about it.
type queueText struct{ holds, full, do string }

// queueTexts are the texts of all queues but outputs, by name.
var queueTexts = map[string]queueText{
	"frame":    {"the newest frame, until the engine takes it", "a newer frame replaces it: nothing is processed late", "nothing, this is normal; if almost all are replaced, lower the camera's fps"},
	"pool":     {"frames that detectors, clips and previews hold", "the next frame is dropped", "find the detector that is slow or stuck"},
	"capture":  {"frames between the stream and the pool", "frames that came too late, too often or damaged are dropped", "lag: decode less, or use a smaller stream; corrupt: check the connection"},
	"mailbox":  {"detectors that wait for a slot with their frame", "the newest frame replaces theirs", "allow more slots, or lower the max_fps of detectors that use them"},
	"live":     {"packets and results for viewers connected over the API", "a viewer that is too slow misses some", "request a smaller stream, or use a faster connection"},
	"commands": {"commands that wait to be executed", "further ones are refused with an error", "send fewer at a time"},
	"changes":  {"cameras to be added, removed and reloaded", "further ones are refused with an error", "send fewer at a time"},
	"remote":   {"running requests to model services", "a detector has at most one", "check the latency of the service"},
	"slots":    {"local detectors that are computing", "others wait for a slot", "allow more slots, or lower the max_fps of detectors that use them"},
	"evidence": {"recent packets from the camera, for clips", "the oldest are dropped", "evicted: clips lack their beginning; allow more memory, or a shorter time before the event"},
	"encoder":  {"frames that wait to be encoded for clips", "the next frame is skipped", "lower the camera's fps, or use a source whose packets need no encoding"},
	"disk":     {"clips", "the oldest are deleted", "allow more bytes or days in [clips], or free disk space"},
	"stored":   {"events for outputs, until they are delivered", "the oldest are dropped", "check why an output does not accept them"},
	"clips":    {"clips that wait to be written", "the clip of the next event is lost, and logged", "check whether the disk is slow or full"},
	"log":      {"lines that wait to be written to the log", "lines are dropped", "log less, or to a faster destination"},
}

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
	text, known := queueTexts[g.name]
	if !known {
		text = queueText{"events for " + g.name, "further events are dropped", "check why it does not accept them"}
	}
	d.field("holds", th.Text(text.holds)+", of "+of)
	depth := cmp.Or(g.text, fmt.Sprintf("%s of %s", draw.Count(uint64(g.depth)), draw.Count(uint64(g.cap))))
	if g.cap > 0 {
		depth = th.Meter(g.depth/g.cap, 20, th.Good) + "  " + depth
	}
	d.line("depth", depth)
	spark := min(max(w-fieldName-24, 10), sparkCells)
	depths := s.Hist.Values(owner, queueSeries(g.name))
	d.line("history", th.Stage[0].Of(th.Sparkline(depths, 0, max(g.cap, top(depths)), spark))+th.Dim.Of("  of the last minute"))
	d.field("when full", th.Text(text.full))
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
	d.field("do", th.Text(text.do))
	return d.lines
}
