package pane

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"

	"rvo-tui/ui/draw"
)

// Entry is a log line with the earlier repetitions folded into it.
type Entry struct {
	logging.Line

	N     int       // number of lines
	First time.Time // of the first of them
}

const (
	foldLines = 16               // entries back within which a line is folded
	foldTime  = 10 * time.Minute // maximum time that an entry covers
)

// Fold merges repeated warnings and errors, such as those of each retry. An entry shows its newest
// line, at that line's position.
func Fold(lines []logging.Line) []Entry {
	out := make([]Entry, 0, len(lines))
	keys := make([]string, 0, len(lines))
	for _, l := range lines {
		e := Entry{Line: l, N: 1, First: l.Time}
		key := ""
		if l.Level >= slog.LevelWarn {
			key = text.Gist(l.Text)
			for i := len(out) - 1; i >= max(len(out)-foldLines, 0); i-- {
				if keys[i] == key && out[i].Level == l.Level && l.Time.Sub(out[i].First) < foldTime {
					e.N, e.First = out[i].N+1, out[i].First
					out = append(out[:i], out[i+1:]...)
					keys = append(keys[:i], keys[i+1:]...)
					break
				}
			}
		}
		out, keys = append(out, e), append(keys, key)
	}
	return out
}

// LogView shows the newest log lines, w cells wide.
func LogView(s *Scene, w int) Body {
	b := Body{Title: "Log", follow: true, empty: "Nothing has been logged."}
	b.n = len(s.Log)
	if s.Snap != nil && s.Snap.Log.Errors+s.Snap.Log.Warnings > 0 {
		b.Note = fmt.Sprintf("%s errors, %s warnings", draw.Count(s.Snap.Log.Errors), draw.Count(s.Snap.Log.Warnings))
	}
	above := ""
	if s.LogLevel > slog.LevelDebug {
		_, name := LevelInk(s.Theme, s.LogLevel)
		b.Note = strings.TrimSpace(name) + " and above"
		b.empty = "Nothing of level " + b.Note + " has been logged."
		above = ", " + b.Note
	}
	if s.Filter != "" {
		b.Note = "/" + s.Filter + above
		b.empty = "No line contains “" + s.Filter + "”."
	}
	var times draw.Column
	if n := len(s.Log); n > 0 {
		times = draw.NewColumn(s.Log[0].Time, s.Log[n-1].Time)
		b.Title = "Log · " + times.Zone()
		if s.Theme.ASCII {
			b.Title = "Log: " + times.Zone()
		}
	}
	b.key = func(i int) string { return strconv.FormatUint(s.Log[i].Seq, 10) }
	b.row = func(i int) string {
		l := &s.Log[i]
		look, level := LevelInk(s.Theme, l.Level)
		line := " " + s.Theme.Dim.Of(" "+times.Of(l.Time)) + " " + look.Of(level) + " "
		if l.N == 1 {
			return line + s.Theme.Text(l.Text)
		}
		times := fmt.Sprintf(" %s%d ", s.Theme.Times, l.N)
		return line + draw.Fit(s.Theme.Text(l.Text), w-draw.Width(line)-draw.Width(times)) + look.Of(times)
	}
	return b
}

// LevelInk returns the color of a log level, and its name in five characters.
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
