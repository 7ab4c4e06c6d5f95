package ui

import (
	"fmt"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// previewView shows what the camera sees, with what detectors found in it, in
// w x h cells.
func previewView(s *scene, w, h int) body {
	b := body{title: "Preview", scroll: true}
	c := s.camera()
	if c == nil {
		return b
	}
	b.title = "Preview · " + s.th.Text(c.Name)
	if s.th.ASCII {
		b.title = "Preview: " + s.th.Text(c.Name)
	}
	if !s.preview {
		b.empty = "The preview is off; " + s.hints.preview + " turns it on."
		return b
	}
	if c.State != capture.Live {
		b.note = string(c.State)
	}
	if s.picture.Frame == 0 {
		b.empty = "No frame yet."
		return b
	}
	if s.held == nil {
		return b
	}
	k := s.held.Clone()
	labels := legend(s, c, k)
	lines := k.Lines(s.th.ASCII, s.th.Colourless)
	pad := draw.Spaces((w - k.W) / 2)
	for range (h - k.H) / 2 {
		b.head = append(b.head, "")
	}
	for _, l := range lines {
		b.head = append(b.head, pad+l)
	}
	if b.note == "" {
		b.note = s.th.Dim.Of(strings.Join(labels, " "))
	}
	return b
}

// legend draws the fresh detections of every signal and returns what was found,
// in words.
func legend(s *scene, c *runtime.CameraView, k *draw.Canvas) (found []string) {
	n := 0
	for i := range c.Signals {
		v := &c.Signals[i]
		if v.Unknown != detectors.Known || len(v.Detections) == 0 {
			continue
		}
		col := s.th.Box[n%len(s.th.Box)]
		n++
		for _, d := range v.Detections {
			label := d.Label
			if label == "" {
				label = v.Name
			}
			k.Outline(d, s.th.Text(label), col, s.th.ASCII)
		}
		found = append(found, fmt.Sprintf("%s %d", s.th.Text(v.Name), len(v.Detections)))
	}
	return found
}

// previewSize returns how many cells a picture of the camera takes of w x h.
func previewSize(c *runtime.CameraView, w, h int) (cw, ch int) {
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
