// Package pane draws the panes of the dashboard, one file each, and lays them out. Its functions
// turn a Scene into lines of text and do no input or output.
package pane

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/ui/draw"
)

// ID identifies a pane.
type ID int

// The panes, in the order of the tab key.
const (
	Cameras ID = iota
	Preview
	Detectors
	Signals
	Rules
	Events
	Latency
	Queues
	Log
	Alerts // from here on: full-screen panes
	Fleet
	Wall
	Time
	Count
)

// Placed is the number of panes that share the screen, which come before the full-screen ones.
const Placed = Alerts

var paneNames = [Count]string{"cameras", "preview", "detectors", "signals", "rules", "events", "latency", "queues", "log", "alerts", "fleet", "wall", "timeline"}

func (p ID) String() string { return paneNames[p] }

// Body is the content of a pane: a head, scrolling rows with a selection, and a foot with
// details of the selected row.
type Body struct {
	Title  string
	Note   string // right of the title
	head   []string
	n      int
	row    func(i int) string
	key    func(i int) string // identifies a row when others come and go
	foot   []string
	pinned int      // leading rows that do not scroll: those with alerts
	drawn  []string // drawn instead of rows, if these are not lines
	rows   bool     // if both do not fit, rows have priority over the foot
	scroll bool     // rows can be scrolled but not selected
	follow bool     // stays at the last row until the user moves
	empty  string   // text if there are no rows

	above, below int // lines that did not fit, set by Lay; with drawn: rows
}

// Cursor is the selection and scroll position of a pane.
type Cursor struct {
	Sel    int
	Key    string
	Top    int  // first scrolling row shown
	off    bool // the user moved it: do not follow new rows
	rows   int  // number of rows in the last draw
	Height int  // rows shown in the last draw
	pinned int  // pinned rows in the last draw
}

// Settle moves the cursor to its row after rows have changed.
func (c *Cursor) Settle(b *Body) {
	c.rows = b.n
	if b.n == 0 {
		c.Sel, c.Top = 0, 0
		return
	}
	if b.follow && !c.off {
		c.Sel = b.n - 1
	} else if c.Key != "" && b.key != nil && (c.Sel >= b.n || b.key(c.Sel) != c.Key) {
		for i := range b.n {
			if b.key(i) == c.Key {
				c.Sel = i
				break
			}
		}
	}
	c.Sel = min(max(c.Sel, 0), b.n-1)
	if b.key != nil {
		c.Key = b.key(c.Sel)
	}
}

// Move moves the selection by a number of rows.
func (c *Cursor) Move(by int, b *Body) {
	if b.n == 0 {
		return
	}
	c.Sel = min(max(c.Sel+by, 0), b.n-1)
	c.off = c.Sel != b.n-1
	c.Key = ""
	if b.key != nil {
		c.Key = b.key(c.Sel)
	}
}

// Select selects a row on behalf of the user.
func (c *Cursor) Select(i int, key string) { c.Sel, c.Key, c.off = i, key, true }

// Matches returns the rows that contain a text, in order. Case is ignored.
func (b *Body) Matches(text string) (rows []int) {
	text = strings.ToLower(text)
	for i := range b.n {
		if text == "" || strings.Contains(strings.ToLower(ansi.Strip(b.row(i))), text) {
			rows = append(rows, i)
		}
	}
	return rows
}

// Lay draws a body in w x h cells, without the frame.
func (b *Body) Lay(c *Cursor, th *draw.Theme, focused bool, w, h int) []string {
	lines := make([]string, 0, h)
	for _, l := range b.head {
		lines = append(lines, draw.Fit(l, w))
	}
	foot := b.foot
	room := max(h-len(lines), 0)
	rows := b.n
	if b.drawn != nil {
		lines = append(lines, b.drawn...)
		rows, foot = 0, nil
	} else if b.n == 0 && b.empty != "" {
		for _, l := range draw.Wrap(b.empty, w-2) {
			lines = append(lines, draw.Fit(" "+th.Dim.Of(l), w))
		}
		rows, foot = 0, nil
	}
	show := min(rows, room)
	switch over := show+len(foot) > room; {
	case len(foot) > 0 && over && b.rows:
		show = min(rows, max(room-1, 1))
	case len(foot) > 0 && over:
		// The foot gets up to two thirds.
		show = min(rows, max(room-len(foot), room/3, 1))
	}
	c.Height, c.pinned = show, 0
	if rows > show {
		c.pinned = min(b.pinned, show/2)
	}
	move := show - c.pinned // number of scrolling rows
	c.Top = min(max(c.Top, c.Sel-move+1), c.Sel)
	c.Top = max(min(c.Top, rows-move), c.pinned)
	for i := range show {
		row := i
		if i >= c.pinned {
			row += c.Top - c.pinned
		}
		l := draw.Fit(b.row(row), w)
		if row == c.Sel && !b.scroll {
			l = Mark(l, th, focused)
		}
		lines = append(lines, draw.Clickable(draw.OnRow, strconv.Itoa(row), l))
	}
	for _, l := range foot {
		lines = append(lines, draw.Fit(l, w))
	}
	if b.drawn == nil {
		b.above, b.below = c.Top-c.pinned, rows-c.Top-move
	}
	if len(lines) > h {
		b.below += len(lines) - h
		lines = lines[:h]
	}
	for len(lines) < h {
		lines = append(lines, draw.Spaces(w))
	}
	return lines
}

// Mark draws a row as selected. The first cell of the line must be blank.
func Mark(line string, th *draw.Theme, focused bool) string {
	i := th.CursorOff
	pointer := th.Dim.Of(th.Pointer)
	if focused {
		i, pointer = th.Cursor, th.Accent.Of(th.Pointer)
	}
	if strings.HasPrefix(line, " ") {
		line = pointer + line[1:]
	}
	if i.On == "" {
		return line
	}
	return i.On + strings.ReplaceAll(line, "\x1b[m", "\x1b[m"+i.On) + "\x1b[m"
}

// More returns how many lines did not fit when the body was laid out, as text; empty if none.
func (b *Body) More(th *draw.Theme) string { return More(th, b.above, b.below) }

// More returns how many lines are hidden above and below, as text; empty if none.
func More(th *draw.Theme, above, below int) string {
	var parts []string
	if above > 0 {
		parts = append(parts, draw.Clickable(draw.OnPage, "-1", th.Up+" "+draw.Count(uint64(above))))
	}
	if below > 0 {
		parts = append(parts, draw.Clickable(draw.OnPage, "1", th.Down+" "+draw.Count(uint64(below))))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, " ") + " more"
}

// leastTitle is how many cells of a title a note leaves.
const leastTitle = 12

// Frame draws a box of w x h cells around lines of (w-2) x (h-2) cells, with title and note in
// its upper edge and more in its lower one.
func Frame(title, note, more string, lines []string, th *draw.Theme, focused bool, w, h int) []string {
	if focused {
		return frame(title, note, more, lines, th, th.BorderOn, th.TitleOn, w, h)
	}
	return frame(title, note, more, lines, th, th.Border, th.Title, w, h)
}

// frame is Frame with given inks for edge and title.
func frame(title, note, more string, lines []string, th *draw.Theme, edge, name draw.Ink, w, h int) []string {
	out := make([]string, 0, h)
	cells := min(draw.Width(title), w-5)
	if n := draw.Width(note); note != "" && cells+n+4 > w-5 { // the end of a long name is less important
		cells = min(cells, max(w-5-n-4, leastTitle))
	}
	title = draw.Fit(title, cells)
	rest := w - 5 - draw.Width(title)
	if n := draw.Width(note); note != "" && n+4 <= rest {
		note = " " + note + " "
		rest -= n + 2
		out = append(out, edge.Of(th.Corner[0]+th.Line)+" "+name.Of(title)+" "+edge.Of(strings.Repeat(th.Line, rest-1))+note+edge.Of(th.Line+th.Corner[1]))
	} else {
		out = append(out, edge.Of(th.Corner[0]+th.Line)+" "+name.Of(title)+" "+edge.Of(strings.Repeat(th.Line, max(rest, 0))+th.Corner[1]))
	}
	side := edge.Of(th.Pillar)
	for _, l := range lines {
		out = append(out, side+l+side)
	}
	if n := draw.Width(more); more != "" && n+5 <= w {
		return append(out, edge.Of(th.Corner[2]+strings.Repeat(th.Line, w-n-5))+" "+th.Warn.Of(more)+" "+edge.Of(th.Line+th.Corner[3]))
	}
	return append(out, edge.Of(th.Corner[2]+strings.Repeat(th.Line, w-2)+th.Corner[3]))
}
