package pane

import (
	"cmp"
	"fmt"

	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// queueText says what a queue holds, what happens when it is full, and what to do then.
type queueText struct{ holds, full, do string }

// queueTexts are those that every program has, by name.
var queueTexts = map[string]queueText{
	"frame":    {"the newest frame, until the engine takes it", "a newer frame replaces it: nothing is processed late", "nothing: this is how it works; where almost all are replaced, lower the camera's fps"},
	"pool":     {"frames that detectors, clips and previews hold", "the next frame is dropped", "see which detector is slow or stuck"},
	"capture":  {"frames between the stream and the pool", "frames that came too late, too often or damaged are dropped", "lag: decode less, or use a smaller stream; corrupt: check the connection"},
	"mailbox":  {"detectors that wait for a slot with their frame", "the frame is replaced by the newest", "allow more slots, or lower the max_fps of what takes them"},
	"live":     {"packets and results for those who watch over the API", "a viewer that is too slow misses some", "ask for a smaller stream, or use a faster connection"},
	"commands": {"commands that wait to be carried out", "further ones are refused with an error", "send fewer at a time"},
	"changes":  {"cameras to be added, removed and reloaded", "further ones are refused with an error", "send fewer at a time"},
	"remote":   {"requests under way to model services", "a detector has one at most", "see the latency of the service"},
	"slots":    {"local detectors that compute now", "others wait for a slot", "allow more slots, or lower the max_fps of what takes them"},
	"evidence": {"what the camera sent, for clips", "the oldest is dropped", "evicted: clips lack their beginning; allow more memory, or a shorter time before"},
	"encoder":  {"frames that wait to be encoded for clips", "the next frame is skipped", "lower the camera's fps, or let it send packets that need no encoding"},
	"disk":     {"clips", "the oldest are deleted", "allow more bytes or days in [clips], or free the disk"},
	"stored":   {"events for outputs, until they are delivered", "the oldest are dropped", "see why an output does not take them"},
	"clips":    {"clips that wait to be written", "the clip of the next event is lost, and logged", "see whether the disk is slow or full"},
	"log":      {"lines on their way to the log", "lines are dropped", "log less, or to a faster place"},
}

// QueuePage shows all details of a queue, by the key of its row, for w cells.
func QueuePage(s *Scene, c *runtime.CameraView, key string, w int) []string {
	for _, g := range gauges(s.Snap, c) {
		if g.id() == key {
			return queuePage(s, c, &g, w)
		}
	}
	return []string{"It is gone."}
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
		text = queueText{"events for " + g.name, "further events are dropped", "see why it does not take them"}
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
