package draw

import (
	"strconv"
	"strings"
)

// Kinds of click targets. The comments say what the argument of each is.
const (
	OnAction = "action" // runs an action: its name
	OnBox    = "box"    // an overlay, outside other targets: none
	OnKey    = "key"    // acts like a key of an overlay: the key
	OnPage   = "page"   // scrolls by a page: -1 up, 1 down
	OnPane   = "pane"   // a pane: its ID
	OnRow    = "row"    // a row of a pane or of a list in an overlay: its index
	OnSeek   = "seek"   // the progress bar of a clip: none
	OnSort   = "sort"   // the head of a column: the name of the order
	OnTab    = "tab"    // a tab: the name of its pane
)

// Target is a clickable part of a line.
type Target struct {
	What string // a kind, such as OnAction
	Arg  string
	X    int // clicked cell, counted within the part
	W    int // width of the part in cells
}

// N returns the argument as a number; -1 if it is not one.
func (t Target) N() int {
	if n, err := strconv.Atoi(t.Arg); err == nil {
		return n
	}
	return -1
}

// A marked part is enclosed in two APC escape sequences, which take no cells and survive the
// cutting of lines. The second one is empty.
const (
	markOpen  = "\x1b_"
	markClose = "\x1b\\"
	markEnd   = markOpen + markClose
)

// Clickable marks text as a click target; targets may be nested. What and arg must contain
// neither blanks nor control characters. Marks must be removed with Unmarked before the line
// goes to a terminal.
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

// TargetsAt returns the click targets at a cell of a line, outermost first.
func TargetsAt(line string, x int) (targets []Target) {
	var open []Target // targets open at this position; X is their first cell
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

// Recolored replaces all colors of text by one ink and keeps click marks.
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
