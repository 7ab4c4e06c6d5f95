package pane

import (
	"fmt"
	"log/slog"
	"strconv"

	"rvo-tui/ui/draw"
)

// LogView shows the log's newest lines.
func LogView(s *Scene) Body {
	b := Body{Title: "Log", follow: true, empty: "Nothing has been logged."}
	b.n = len(s.Log)
	if s.Snap != nil && s.Snap.Log.Errors+s.Snap.Log.Warnings > 0 {
		b.Note = fmt.Sprintf("%s errors, %s warnings", draw.Count(s.Snap.Log.Errors), draw.Count(s.Snap.Log.Warnings))
	}
	if s.Filter != "" {
		b.Note = "/" + s.Filter
		b.empty = "No line contains “" + s.Filter + "”."
	}
	b.key = func(i int) string { return strconv.FormatUint(s.Log[i].Seq, 10) }
	b.row = func(i int) string {
		l := &s.Log[i]
		look, level := LevelInk(s.Theme, l.Level)
		return " " + s.Theme.Dim.Of(" "+l.Time.Local().Format("15:04:05")) + " " + look.Of(level) + " " + s.Theme.Text(l.Text)
	}
	return b
}

// LevelInk returns how a level of the log is drawn: its color, and its name in five
// characters.
func LevelInk(t *draw.Theme, l slog.Level) (draw.Ink, string) {
	switch {
	case l >= slog.LevelError:
		return t.Bad, "error"
	case l >= slog.LevelWarn:
		return t.Warn, "warn "
	case l >= slog.LevelInfo:
		return t.Dim, "info "
	}
	return t.Dim, "debug"
}
