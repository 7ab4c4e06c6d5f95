package pane

import (
	"fmt"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// PreviewView shows what the camera sees, with what detectors found in it, in
// w x h cells.
func PreviewView(s *Scene, w, h int) Body {
	b := Body{Title: "Preview", scroll: true}
	c := s.Camera()
	if c == nil {
		b.empty = s.noCamera()
		return b
	}
	b.Title = "Preview · " + s.Theme.Text(c.Name)
	if s.Theme.ASCII {
		b.Title = "Preview: " + s.Theme.Text(c.Name)
	}
	if !s.Preview {
		b.empty = "The preview is off; " + s.Hints.Preview + " turns it on."
		return b
	}
	if c.State != capture.Live {
		b.Note = string(c.State)
	}
	lines, labels := shot(s, c, w, h)
	if lines == nil {
		b.empty = "No frame yet."
		return b
	}
	b.head = lines
	if b.Note == "" {
		b.Note = s.Theme.Dim.Of(strings.Join(labels, " "))
	}
	return b
}

// shot draws the newest frame of a camera in the middle of w x h cells, and returns what is
// marked in it. Nil: there is none.
func shot(s *Scene, c *runtime.CameraView, w, h int) (lines, labels []string) {
	canvas := s.Shots[c.Name].Canvas
	if canvas == nil || canvas.W > w || canvas.H > h {
		return nil, nil
	}
	k := canvas.Clone()
	labels = mark(s, c, k)
	if s.Stale || c.State != capture.Live {
		k.Gray()
	}
	return Center(k.Lines(s.Theme.ASCII, s.Theme.Colourless), k.W, w, h), labels
}

// Center puts lines of n cells in the middle of w x h cells.
func Center(lines []string, n, w, h int) []string {
	out := make([]string, (h-len(lines))/2, h)
	pad := draw.Spaces((w - n) / 2)
	for _, l := range lines {
		out = append(out, pad+l)
	}
	return out
}

// mark draws onto a frame what is known of it: the fresh detections of every signal. It
// returns what was drawn, in words.
func mark(s *Scene, c *runtime.CameraView, k *draw.Canvas) (found []string) {
	n := 0
	for i := range c.Signals {
		v := &c.Signals[i]
		if v.Unknown != detectors.Known || len(v.Detections) == 0 {
			continue
		}
		Outline(s.Theme, k, n, v.Name, v.Detections)
		n++
		found = append(found, fmt.Sprintf("%s %d", s.Theme.Text(v.Name), len(v.Detections)))
	}
	return found
}

// Outline draws what a signal found onto a frame, in the color of the n-th signal.
func Outline(th *draw.Theme, k *draw.Canvas, n int, signal string, found []detectors.Detection) {
	for _, d := range found {
		k.Outline(d, th.Text(d.Caption(signal)), th.Box[n%len(th.Box)], th.ASCII)
	}
}

// PreviewSize returns how many cells of w x h a frame of the camera takes.
func PreviewSize(c *runtime.CameraView, w, h int) (cw, ch int) {
	pw, ph := c.Width, c.Height
	if pw <= 0 || ph <= 0 {
		pw, ph = 16, 9
	}
	cw, ch = w, (w*ph+pw)/(2*pw)
	if ch > h {
		cw, ch = min(2*h*pw/ph, w), h
	}
	return max(cw, 1), max(ch, 1)
}
