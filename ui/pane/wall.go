package pane

import (
	"fmt"
	"strconv"
	"time"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// The minimum size of a tile with its frame: 4 tiles fit on a screen of 120x40, 12 on one of
// 200x60.
const (
	tileWidth  = 49
	tileHeight = 18
)

// Tile is a camera of the wall and its position within the pane.
type Tile struct {
	Camera int // its index
	Rect
}

// grid returns the columns and rows of tiles for n cameras in w x h cells that make the frames
// largest.
func grid(n, w, h int) (columns, rows int) {
	most, high := max(w/tileWidth, 1), max(h/tileHeight, 1)
	best := -1
	for c := 1; c <= most; c++ {
		r := min((n+c-1)/c, high)
		// Showing more tiles comes before larger ones.
		shown := min(c*r, n)
		wide := min(w/c-2, (h/r-2)*32/9)
		if score := shown*10_000 + wide; score > best {
			best, columns, rows = score, c, r
		}
	}
	return columns, rows
}

// Tiles returns the tiles visible in w x h cells when camera sel is selected, in the order of
// the cameras, and the number of columns.
func (s *Scene) Tiles(sel, w, h int) (tiles []Tile, columns int) {
	if s.Snap == nil || len(s.Snap.Cameras) == 0 || w < 1 || h < 1 {
		return nil, 1
	}
	n := len(s.Snap.Cameras)
	columns, rows := grid(n, w, h)
	page := columns * rows
	first := min(max(sel, 0), n-1) / page * page
	for i := first; i < min(first+page, n); i++ {
		x, y := (i-first)%columns, (i-first)/columns
		left, top := x*w/columns, y*h/rows
		tiles = append(tiles, Tile{i, Rect{left, top, (x+1)*w/columns - left, (y+1)*h/rows - top}})
	}
	return tiles, columns
}

// WallView shows several cameras side by side, in w x h cells.
func WallView(s *Scene, sel, w, h int) Body {
	b := Body{Title: "Wall", empty: s.noCamera()}
	if s.Snap == nil || len(s.Snap.Cameras) == 0 {
		return b
	}
	cams := s.Snap.Cameras
	b.n = len(cams)
	b.key = func(i int) string { return cams[i].Name }
	b.row = func(i int) string { return s.Theme.Text(cams[i].Name + " " + string(cams[i].State)) } // only for search
	tiles, columns := s.Tiles(sel, w, h)
	if len(tiles) == 0 { // there is no room
		return b
	}
	first, last := tiles[0].Camera, tiles[len(tiles)-1].Camera
	b.Note = fmt.Sprintf("%d to %d of %d cameras", first+1, last+1, len(cams))
	if first == last {
		b.Note = fmt.Sprintf("camera %d of %d", first+1, len(cams))
	}
	b.above, b.below = first, len(cams)-1-last
	hidden := 0
	for i := range cams {
		if any, _ := AlertsOf(s.Snap.Alerts, cams[i].Name, ""); any && (i < first || i > last) {
			hidden++
		}
	}
	if hidden > 0 {
		b.Note = s.Theme.Warn.Of(fmt.Sprintf("%d more with alerts", hidden)) + "  " + s.Theme.Dim.Of(b.Note)
	}
	for len(tiles) > 0 {
		n := min(columns, len(tiles))
		drawn := make([][]string, n)
		for i, t := range tiles[:n] {
			drawn[i] = draw.ClickableLines(draw.OnRow, strconv.Itoa(t.Camera), s.tile(t, t.Camera == sel))
		}
		for y := range tiles[0].H {
			line := ""
			for i := range drawn {
				line += drawn[i][y]
			}
			b.drawn = append(b.drawn, draw.Fit(line, w))
		}
		tiles = tiles[n:]
	}
	return b
}

// tile draws a tile.
func (s *Scene) tile(t Tile, selected bool) []string {
	th, c := s.Theme, &s.Snap.Cameras[t.Camera]
	edge, name := th.Border, th.Title
	title := fmt.Sprintf("%d %s", t.Camera+1, th.Text(c.Name))
	if selected {
		edge, name = th.BorderOn, th.TitleOn
		title = th.Pointer + " " + title
	}
	switch any, severe := AlertsOf(s.Snap.Alerts, c.Name, ""); {
	case severe:
		edge, name, title = th.Bad, th.Bad, title+" "+th.Warning
	case any:
		edge, name, title = th.Warn, th.Warn, title+" "+th.Warning
	}
	lit, bright := edge, name
	note := th.Dim.Of(draw.Rate(c.FPS) + " fps")
	if c.State != capture.Live {
		note = cameraInk(th, c.State).Of(string(c.State))
	}
	if e, age := s.fresh(c.Name); e != nil && c.State == capture.Live {
		note = th.Good.Of(th.Dot + " " + th.Text(e.Type))
		if age/flashTime%2 == 0 {
			lit, bright = th.Good, th.Cursor
		}
	}
	w, h := t.W-2, t.H-2
	lines, _ := s.shot(c, s.Shots[c.Name].Camera, w, h)
	if lines == nil {
		text := c.Reason
		if text == "" {
			text = "No frame yet."
		}
		for _, l := range draw.Wrap(th.Text(text), max(w-2, 1)) {
			lines = append(lines, " "+th.Dim.Of(l))
		}
	}
	for i := range lines {
		lines[i] = draw.Fit(lines[i], w)
	}
	for len(lines) < h {
		lines = append(lines, draw.Spaces(w))
	}
	lines = frame(title, note, "", lines[:max(h, 0)], th, edge, name, t.W, t.H)
	// The sides do not flash: changing both ends of a line would send the whole line.
	flash := frame(title, note, "", nil, th, lit, bright, t.W, 2)
	lines[0], lines[len(lines)-1] = flash[0], flash[1]
	return lines
}

// A new event makes the frame of its camera's tile flash.
const (
	flashing  = 4 * time.Second
	flashTime = time.Second / 2
)

// fresh returns the newest event of a camera, and its age, if it is recent enough to flash.
func (s *Scene) fresh(camera string) (*rules.Event, time.Duration) {
	for i := len(s.AllEvents) - 1; i >= 0; i-- {
		e := &s.AllEvents[i].Event
		age := s.Snap.At.Sub(e.Time)
		if age >= flashing {
			return nil, 0
		}
		if age <= -flashing { // the clock was set back
			continue
		}
		if e.Camera == camera && e.Phase == rules.PhaseConfirmed {
			return e, max(age, 0)
		}
	}
	return nil, 0
}

// PreviewSpecs returns the camera and size in pixels of each tile's frame.
func (s *Scene) PreviewSpecs(tiles []Tile) (list []runtime.PreviewSpec) {
	for _, t := range tiles {
		c := &s.Snap.Cameras[t.Camera]
		if w, h := PreviewSize(c, t.W-2, t.H-2); t.W > 2 && t.H > 2 {
			list = append(list, runtime.PreviewSpec{Camera: c.Name, Width: w, Height: 2 * h})
		}
	}
	return list
}
