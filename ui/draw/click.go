package draw

import (
	"strconv"
	"strings"
)

// What a click may be meant for. The argument says which one.
const (
	OnAction = "action" // of the keymap, by its name
	OnBox    = "box"    // an overlay, where there is nothing else
	OnKey    = "key"    // of an overlay
	OnPage   = "page"   // lines that there is no room for: -1 above, 1 below
	OnPane   = "pane"   // by its ID
	OnRow    = "row"    // of a pane, or of a list in an overlay
	OnSeek   = "seek"   // the bar of a clip
	OnSort   = "sort"   // a column, by the name of the order
	OnTab    = "tab"    // the name of a pane
)

// Target is what a click on a part of a line is meant for.
type Target struct {
	What string // OnAction and so on
	Arg  string
	X    int // cell within that part
	W    int // its cells
}

// N returns the argument as a number; -1: it is none.
func (t Target) N() int {
	if n, err := strconv.Atoi(t.Arg); err == nil {
		return n
	}
	return -1
}

// A marked part stands between two application program commands, which take no cells and
// stay where lines are cut. The second one is empty.
const (
	markOpen  = "\x1b_"
	markClose = "\x1b\\"
	markEnd   = markOpen + markClose
)

// Clickable marks a part of a line, which may have such parts itself, as the target of clicks.
// What and arg are ours: they contain neither blanks nor control characters. Lines with marks
// are for Unmarked, and not for a terminal.
func Clickable(what, arg, text string) string {
	if text == "" {
		return ""
	}
	return markOpen + what + " " + arg + markClose + text + markEnd
}

// ClickableLines marks every line.
func ClickableLines(what, arg string, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = Clickable(what, arg, l)
	}
	return out
}

// Unmarked returns text without marks.
func Unmarked(s string) string {
	before, rest, found := strings.Cut(s, markOpen)
	if !found {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for found {
		b.WriteString(before)
		_, rest, _ = strings.Cut(rest, markClose)
		before, rest, found = strings.Cut(rest, markOpen)
	}
	b.WriteString(before)
	return b.String()
}

// TargetsAt returns what a click on a cell of a line is meant for, the outermost part first.
func TargetsAt(line string, x int) (targets []Target) {
	var open []Target // those that contain the place that at is at; X is where they begin
	at, under := 0, 0
	pass := func(text string) {
		n := Width(text)
		if x >= at && x < at+n {
			targets, under = append([]Target(nil), open...), len(open)
		}
		at += n
	}
	for rest, found := line, true; found; {
		var before, mark string
		before, rest, found = strings.Cut(rest, markOpen)
		pass(before)
		if !found {
			break
		}
		mark, rest, _ = strings.Cut(rest, markClose)
		if what, arg, begins := strings.Cut(mark, " "); begins {
			open = append(open, Target{What: what, Arg: arg, X: at})
			continue
		}
		if n := len(open) - 1; n >= 0 {
			if targets != nil && n < under {
				targets[n].W, under = at-open[n].X, n
			}
			open = open[:n]
		}
	}
	for i := range targets {
		targets[i].X = x - targets[i].X
	}
	return targets
}

// Recolored returns text in one ink, without its own colors. Marks stay.
func (i Ink) Recolored(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return i.Of(b.String())
		}
		_, s, _ = strings.Cut(rest, "m")
	}
}
