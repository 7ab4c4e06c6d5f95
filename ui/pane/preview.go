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
	if s.Frame.Frame == 0 {
		b.empty = "No frame yet."
		return b
	}
	if s.Canvas == nil {
		return b
	}
	k := s.Canvas.Clone()
	labels := legend(s, c, k)
	if s.Stale {
		k.Gray()
	}
	lines := k.Lines(s.Theme.ASCII, s.Theme.Colourless)
	pad := draw.Spaces((w - k.W) / 2)
	for range (h - k.H) / 2 {
		b.head = append(b.head, "")
	}
	for _, l := range lines {
		b.head = append(b.head, pad+l)
	}
	if b.Note == "" {
		b.Note = s.Theme.Dim.Of(strings.Join(labels, " "))
	}
	return b
}

// legend draws the fresh detections of every signal and returns what was found,
// in words.
func legend(s *Scene, c *runtime.CameraView, k *draw.Canvas) (found []string) {
	n := 0
	for i := range c.Signals {
		v := &c.Signals[i]
		if v.Unknown != detectors.Known || len(v.Detections) == 0 {
			continue
		}
		col := s.Theme.Box[n%len(s.Theme.Box)]
		n++
		for _, d := range v.Detections {
			k.Outline(d, s.Theme.Text(d.Caption(v.Name)), col, s.Theme.ASCII)
		}
		found = append(found, fmt.Sprintf("%s %d", s.Theme.Text(v.Name), len(v.Detections)))
	}
	return found
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
