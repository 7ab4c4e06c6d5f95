package ui

import (
	"fmt"
	"log/slog"
	"strconv"

	"rvo-tui/ui/draw"
)

// logView shows the log's newest lines.
func logView(s *scene) body {
	b := body{title: "Log", follow: true, empty: "Nothing has been logged."}
	b.n = len(s.log)
	if s.snap != nil && s.snap.Log.Errors+s.snap.Log.Warnings > 0 {
		b.note = fmt.Sprintf("%s errors, %s warnings", draw.Count(s.snap.Log.Errors), draw.Count(s.snap.Log.Warnings))
	}
	if s.filter != "" {
		b.note = "/" + s.filter
		b.empty = "No line contains “" + s.filter + "”."
	}
	b.key = func(i int) string { return strconv.FormatUint(s.log[i].Seq, 10) }
	b.row = func(i int) string {
		l := &s.log[i]
		look, level := levelInk(s.th, l.Level)
		return " " + s.th.Dim.Of(" "+l.Time.Local().Format("15:04:05")) + " " + look.Of(level) + " " + s.th.Text(l.Text)
	}
	return b
}

func levelInk(t *draw.Theme, l slog.Level) (draw.Ink, string) {
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
