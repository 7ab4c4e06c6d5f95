package pane

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/ui/draw"
)

// rowsOf returns the visible rows of n, in h lines.
func rowsOf(c *Cursor, n, pinned, h int) (rows, more string) {
	b := Body{n: n, pinned: pinned, row: func(i int) string { return fmt.Sprint(" ", i) }}
	th := draw.NewTheme(draw.Palette{Stages: make([]string, 6)}, true, colorprofile.ASCII, true)
	lines := b.Lay(c, th, false, 10, h)
	for _, l := range lines {
		fields := strings.Fields(strings.TrimLeft(ansi.Strip(draw.Unmarked(l)), "> "))
		if len(fields) == 0 {
			break
		}
		rows += fields[0] + " "
		if t := draw.TargetsAt(l, 1); len(t) != 1 || t[0].Arg != fields[0] {
			rows += fmt.Sprint("(a click means ", t, ") ")
		}
	}
	return strings.TrimSpace(rows), draw.Unmarked(b.More(th))
}

// Failing rows stay visible while the rest scrolls, and take at most half of the lines. The
// border counts the hidden rows between and below.
func TestFailingRowsArePinned(t *testing.T) {
	for _, tt := range []struct {
		n, pinned, h int
		moves        []int // selected rows, one after the other
		rows, more   string
	}{
		{9, 0, 4, []int{0}, "0 1 2 3", "v 5 more"},
		{9, 2, 4, []int{0}, "0 1 2 3", "v 5 more"},
		{9, 2, 4, []int{8}, "0 1 7 8", "^ 5 more"},
		{9, 2, 4, []int{8, 5}, "0 1 5 6", "^ 3 v 2 more"},
		{9, 2, 4, []int{8, 1}, "0 1 2 3", "v 5 more"},
		{9, 5, 4, []int{4}, "0 1 3 4", "^ 1 v 4 more"}, // no room for all of them
		{9, 9, 4, []int{8}, "0 1 7 8", "^ 5 more"},
		{9, 1, 1, []int{8}, "8", "^ 8 more"}, // nor for any
		{3, 2, 4, []int{2}, "0 1 2", ""},
		{0, 0, 4, []int{0}, "", ""},
	} {
		var c Cursor
		var rows, more string
		for _, sel := range tt.moves {
			c.Sel = sel
			rows, more = rowsOf(&c, tt.n, tt.pinned, tt.h)
		}
		if rows != tt.rows || more != tt.more {
			t.Errorf("%d rows, %d pinned, in %d lines, after %v: %q %q, want %q %q", tt.n, tt.pinned, tt.h, tt.moves, rows, more, tt.rows, tt.more)
		}
	}
}

// A note, such as a camera's state, is visible beside a long title.
func TestNoteBesideALongTitle(t *testing.T) {
	th := draw.NewTheme(draw.Palette{Stages: make([]string, 6)}, true, colorprofile.ASCII, true)
	for w := 40; w < 90; w++ {
		for _, title := range []string{"Log", "4 " + strings.Repeat("North-East.", 6)} {
			edge := Frame(title, "reconnecting", "", nil, th, false, w, 2)[0]
			if draw.Width(edge) != w || !strings.Contains(edge, " reconnecting ") {
				t.Errorf("%d: %q", w, edge)
			}
		}
	}
}
