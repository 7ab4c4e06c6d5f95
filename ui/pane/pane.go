// Package pane draws the panes of the dashboard, one file each: pure functions from
// a Scene to lines of text. It knows where on the screen they are, and no terminal.
package pane

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/ui/draw"
)

// ID tells the panes apart.
type ID int

// The panes, in the order in which tab goes through them.
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
	Alerts // this and those after it take the whole screen
	Fleet
	Wall
	Time
	Count
)

// Placed is the number of the panes that have a place on the screen.
const Placed = Alerts

var paneNames = [Count]string{"cameras", "preview", "detectors", "signals", "rules", "events", "latency", "queues", "log", "alerts", "fleet", "wall", "timeline"}

func (p ID) String() string { return paneNames[p] }

// Body is what a pane shows: a head, rows that scroll and of which one may be
// selected, and a foot about the selected one.
type Body struct {
	Title  string
	Note   string // beside the title, at the right
	head   []string
	n      int
	row    func(i int) string
	key    func(i int) string // what stays the same of a row when others come and go
	foot   []string
	pinned int      // first rows that stay visible while the others scroll: what fails
	drawn  []string // instead of rows, where they are no lines
	rows   bool     // when both do not fit, rows go before the foot
	scroll bool     // rows cannot be selected, only scrolled
	follow bool     // a new pane begins at its last row
	empty  string   // what to say where there are no rows

	above, below int // lines that there was no room for, by Lay; with drawn, rows
}

// Cursor is where a pane's selection stands.
type Cursor struct {
	Sel    int
	Key    string
	Top    int  // first row shown of those that scroll
	off    bool // moved by hand: does not follow new rows
	rows   int  // rows there were when it was last drawn
	Height int  // rows that were shown then
	pinned int  // rows that stood above Top then
}

// Settle brings the cursor to where it belongs among the rows there are.
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

// Move selects another row.
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

// Select selects a row by hand.
func (c *Cursor) Select(i int, key string) { c.Sel, c.Key, c.off = i, key, true }

// Matches returns the rows that contain a text, whatever its case, in their order.
func (b *Body) Matches(text string) (rows []int) {
	text = strings.ToLower(text)
	for i := range b.n {
		if text == "" || strings.Contains(strings.ToLower(ansi.Strip(b.row(i))), text) {
			rows = append(rows, i)
		}
	}
	return rows
}

// Lay puts a body into w x h cells, the frame not included.
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
		// The selected row's story gets up to two thirds.
		show = min(rows, max(room-len(foot), room/3, 1))
	}
	c.Height, c.pinned = show, 0
	if rows > show {
		c.pinned = min(b.pinned, show/2)
	}
	move := show - c.pinned // rows that scroll
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

// Mark shows that a row is selected. Its first cell is blank.
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

// More says how many lines a body had no room for when it was laid out; empty: none.
func (b *Body) More(th *draw.Theme) string { return More(th, b.above, b.below) }

// More says how many lines there is no room for, above and below those that are shown;
// empty: none.
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

// Frame draws a box of w x h cells around lines of (w-2) x (h-2). Note stands in its
// upper edge, more in its lower one.
func Frame(title, note, more string, lines []string, th *draw.Theme, focused bool, w, h int) []string {
	if focused {
		return frame(title, note, more, lines, th, th.BorderOn, th.TitleOn, w, h)
	}
	return frame(title, note, more, lines, th, th.Border, th.Title, w, h)
}

// frame draws a box whose edge and title have inks.
func frame(title, note, more string, lines []string, th *draw.Theme, edge, name draw.Ink, w, h int) []string {
	out := make([]string, 0, h)
	title = draw.Fit(title, min(draw.Width(title), w-5))
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
