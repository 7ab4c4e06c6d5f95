package pane

import (
	"fmt"
	"image/color"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// PreviewView shows the camera's video with detections, in w x h cells.
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
	lines, labels := s.shot(c, c, w, h)
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

// shot draws the newest frame of a camera in the middle of w x h cells, with the detections of
// known, and returns the labels of what it marked. Nil lines: there is no frame.
func (s *Scene) shot(c, known *runtime.CameraView, w, h int) (lines, labels []string) {
	canvas := s.Shots[c.Name].Canvas
	if canvas == nil || canvas.W > w || canvas.H > h {
		return nil, nil
	}
	if known == nil { // the camera has come back in the meantime
		known = c
	}
	k := canvas.Clone()
	labels = mark(s, known, k)
	if s.Stale || c.State != capture.Live {
		k.Gray()
	}
	return Center(k.Lines(s.Theme.ASCII, s.Theme.Colourless), k.W, w, h), labels
}

// Center centers lines of n cells in w x h cells.
func Center(lines []string, n, w, h int) []string {
	out := make([]string, (h-len(lines))/2, h)
	pad := draw.Spaces((w - n) / 2)
	for _, l := range lines {
		out = append(out, pad+l)
	}
	return out
}

// Colours of overlays on a frame, other than detections.
var (
	zoneInk   = color.RGBA{225, 225, 225, 255}
	lineInk   = color.RGBA{255, 110, 110, 255}
	sketchInk = color.RGBA{255, 255, 255, 255}
)

// mark draws zones, lines, tracks and the fresh detections of every signal onto a frame. It
// returns a description of the signals.
func mark(s *Scene, c *runtime.CameraView, k *draw.Canvas) (found []string) {
	for i := range c.Tracks {
		s.trail(k, &c.Tracks[i], s.Theme.Box[i%len(s.Theme.Box)])
	}
	for i := range c.Zones {
		s.area(k, c.Zones[i].Points, c.Zones[i].Name, zoneInk)
	}
	for i := range c.Lines {
		l := &c.Lines[i]
		s.line(k, l.Points, l.Name, l.Directions, lineInk)
	}
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
	s.Sketch.draw(s, k)
	return found
}

// Outline draws the detections of the n-th signal onto a frame, in that signal's color.
func Outline(th *draw.Theme, k *draw.Canvas, n int, signal string, found []detectors.Detection) {
	for _, d := range found {
		k.Outline(d, th.Text(d.Caption(signal)), th.Box[n%len(th.Box)], th.ASCII)
	}
}

// area draws a zone, with its name at its first corner.
func (s *Scene) area(k *draw.Canvas, area zone.Polygon, name string, col color.RGBA) {
	if len(area) == 0 { // of a peer that sends invalid data
		return
	}
	k.Polygon(area, col, s.Theme.ASCII)
	at := area[0]
	for _, p := range area {
		if p[1] < at[1] || p[1] == at[1] && p[0] < at[0] {
			at = p
		}
	}
	k.Write(at, s.Theme.Text(name), col)
}

// line draws a line with its name, and on each side the name of the direction towards it.
func (s *Scene) line(k *draw.Canvas, ends [2]zone.Point, name string, directions [2]string, col color.RGBA) {
	a, b := ends[0], ends[1]
	k.Stroke(a, b, col, s.Theme.ASCII)
	k.Write(a, s.Theme.Text(name), col)
	for i, side := range []float64{1, -1} {
		x, y := (a[0]+b[0])/2-side*(b[1]-a[1])/8, (a[1]+b[1])/2+side*(b[0]-a[0])/8
		k.Write(zone.Point{x, y}, s.Theme.Text(directions[i]), col)
	}
}

// trail draws the path of a confirmed track, and its ID and state if no detection shows them.
func (s *Scene) trail(k *draw.Canvas, t *engine.TrackView, col color.RGBA) {
	if t.State == "missing" {
		return
	}
	dot := '·'
	if s.Theme.ASCII {
		dot = '.'
	}
	for _, p := range t.Path {
		k.Dot(p, dot, col)
	}
	if n := len(t.Path); n > 0 && t.State != "seen" {
		k.Write(t.Path[n-1], fmt.Sprintf("#%d %s", t.ID, t.State), col)
	}
}

// Sketch is a rectangle or line that the user is drawing on the preview.
type Sketch struct {
	Line       bool
	Begun      bool       // From is set
	From, To   zone.Point // corners or ends; To is at the cursor
	Name       string
	Directions [2]string // of a line
}

// draw draws the sketch and its cursor; nothing if h is nil.
func (h *Sketch) draw(s *Scene, k *draw.Canvas) {
	if h == nil {
		return
	}
	switch {
	case !h.Begun:
	case h.Line:
		s.line(k, [2]zone.Point{h.From, h.To}, h.Name, h.Directions, sketchInk)
	default:
		s.area(k, h.Area(), h.Name, sketchInk)
	}
	k.Dot(h.To, '+', sketchInk)
}

// Area returns the rectangle of the sketch.
func (h *Sketch) Area() zone.Polygon {
	x, y := min(h.From[0], h.To[0]), min(h.From[1], h.To[1])
	return zone.Rect(x, y, max(h.From[0], h.To[0])-x, max(h.From[1], h.To[1])-y)
}

// InPreview returns the position of a frame's canvas in a preview of w x h cells.
func InPreview(k *draw.Canvas, w, h int) (x, y int) { return (w - k.W) / 2, (h - k.H) / 2 }

// PreviewSize returns the size in cells of the camera's frame in a preview of w x h cells.
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
