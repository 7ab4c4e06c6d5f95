package draw

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func targets(line string, x int) string {
	var parts []string
	for _, t := range TargetsAt(line, x) {
		parts = append(parts, fmt.Sprintf("%s %s %d/%d", t.What, t.Arg, t.X, t.W))
	}
	return strings.Join(parts, ", ")
}

func TestTargets(t *testing.T) {
	red := Ink{"\x1b[31m", "\x1b[m"}
	line := "ab" + Clickable("pane", "3", red.Of("│")+Clickable("row", "7", "x長"+Clickable("key", "esc", red.Of("esc")))+"│") + "z"
	if got := Unmarked(line); got != "ab\x1b[31m│\x1b[mx長\x1b[31mesc\x1b[m│z" {
		t.Errorf("unmarked: %q", got)
	}
	if n := Width(line); n != 11 || ansi.Strip(line) != "ab│x長esc│z" {
		t.Errorf("%d cells of %q", n, ansi.Strip(line))
	}
	tests := []struct {
		x    int
		want string
	}{
		{-1, ""},
		{0, ""},
		{1, ""},
		{2, "pane 3 0/8"},
		{3, "pane 3 1/8, row 7 0/6"},
		{5, "pane 3 3/8, row 7 2/6"},
		{6, "pane 3 4/8, row 7 3/6, key esc 0/3"},
		{8, "pane 3 6/8, row 7 5/6, key esc 2/3"},
		{9, "pane 3 7/8"},
		{10, ""},
		{11, ""},
	}
	for _, tt := range tests {
		if got := targets(line, tt.x); got != tt.want {
			t.Errorf("at %d: %q, want %q", tt.x, got, tt.want)
		}
	}
}

// Text that is cut off or covered cannot be clicked, and the rest can.
func TestTargetsAreCutWithTheirText(t *testing.T) {
	line := Clickable("row", "1", "abcdef") + Clickable("row", "2", "ghijkl")
	cut := Fit(line, 9)
	if got := targets(cut, 7); got != "row 2 1/3" || Width(cut) != 9 || ansi.Strip(cut) != "abcdefgh…" {
		t.Errorf("cut: %q of %q", got, ansi.Strip(cut))
	}
	covered := ansi.Truncate(line, 4, "") + "XXXX" + ansi.Cut(line, 8, 12)
	for x, want := range map[int]string{3: "row 1 3/4", 4: "", 7: "", 8: "row 2 0/4", 11: "row 2 3/4"} {
		if got := targets(covered, x); got != want {
			t.Errorf("covered, at %d: %q, want %q", x, got, want)
		}
	}
	gray := Ink{"\x1b[2m", "\x1b[m"}.Recolored(Clickable("row", "1", "a\x1b[1;31mb\x1b[m"))
	if got := targets(gray, 1); got != "row 1 1/2" || Unmarked(gray) != "\x1b[2mab\x1b[m" {
		t.Errorf("recolored: %q of %q", got, Unmarked(gray))
	}
}
