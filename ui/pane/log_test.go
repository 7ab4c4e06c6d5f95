package pane

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"rvo-tui/internal/logging"
)

// All retries of all cameras are one entry, however many; single lines, and lines that report no
// problem, are unchanged.
func TestRepeatedLinesAreFolded(t *testing.T) {
	var lines []logging.Line
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	add := func(level slog.Level, text string) {
		at = at.Add(time.Second)
		lines = append(lines, logging.Line{Seq: uint64(len(lines) + 1), Time: at, Level: level, Text: text})
	}
	add(slog.LevelInfo, "started cameras=2")
	for i := range 6 {
		for _, camera := range []string{"yard", `"back door"`} {
			add(slog.LevelError, fmt.Sprintf("detector has failed camera=%s detector=person error=refused retry=%ds", camera, 1<<i))
		}
		add(slog.LevelInfo, "camera live camera=yard")
	}
	add(slog.LevelError, "detector has failed camera=yard detector=face error=refused retry=1s")
	got := Fold(lines)
	if len(got) != 9 {
		t.Fatalf("%d entries: %+v", len(got), got)
	}
	e := got[6]
	if e.N != 12 || e.Seq != 18 || !e.First.Equal(lines[1].Time) {
		t.Errorf("got %+v", e)
	}
	for i, e := range got {
		if i != 6 && e.N != 1 {
			t.Errorf("%+v was folded", e)
		}
	}
}
