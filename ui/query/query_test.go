package query

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestQuery(t *testing.T) {
	lines := []logging.Line{
		{Seq: 1, Time: noon.Add(-time.Hour), Level: slog.LevelError, Text: "detector has failed camera=yard"},
		{Seq: 2, Time: noon.Add(-time.Minute), Level: slog.LevelInfo, Text: `camera live camera="back yard"`},
		{Seq: 3, Time: noon.Add(-time.Minute), Level: slog.LevelWarn, Text: "detector error camera=door rule=blind"},
	}
	events := []runtime.RecentEvent{
		{Seq: 1, Event: rules.Event{Type: "motion", Camera: "street", Time: noon.Add(-65 * time.Second), Phase: rules.PhaseConfirmed}},
		{Seq: 2, Event: rules.Event{Type: "motion", Camera: "street", Time: noon.Add(-50 * time.Second), Phase: rules.PhaseEnded}},
		{Seq: 3, Event: rules.Event{Type: "blind", Camera: "door", Time: noon.Add(-20 * time.Second), Phase: rules.PhaseConfirmed}},
	}
	for _, tt := range []struct{ line, events, lines string }{
		{"", "123", "123"},
		{"motion", "12", ""},
		{"camera=door", "3", "3"},
		{"rule=blind", "3", "3"},
		{"camera=street since=55s", "2", ""},
		{"since=10m", "123", "23"},
		{"since=1", "123", "123"},
		{"error", "", "13"},
		{"detector error", "", "13"},
		{"MOTION ended", "2", ""},
		{"camera=yard", "", "1"},
		{"camera=back", "", "2"},
	} {
		q := Parse(tt.line)
		var seen, found strings.Builder
		for _, e := range events {
			if q.Event(&e, noon) {
				fmt.Fprint(&seen, e.Seq)
			}
		}
		for _, l := range lines {
			if q.Line(&l, noon) {
				fmt.Fprint(&found, l.Seq)
			}
		}
		if seen.String() != tt.events || found.String() != tt.lines {
			t.Errorf("%q finds events %q and lines %q, want %q and %q", tt.line, seen.String(), found.String(), tt.events, tt.lines)
		}
	}
	for line, want := range map[string]string{"camera=a since=10m b": "", "camra=a": `did you mean "camera="`, "since=soon": "write for example since=10m"} {
		err := Check(line)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}
