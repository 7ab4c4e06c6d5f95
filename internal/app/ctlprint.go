package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// printStatus prints a snapshot as one JSON line or as tables.
func printStatus(out io.Writer, s *runtime.Snapshot, asJSON bool) error {
	if asJSON {
		return printJSON(out, s)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, up %s, %s and %s in the log\n",
		s.At.Local().Format(time.RFC3339), s.Uptime.Round(time.Second), count(int(s.Log.Errors), "error"), count(int(s.Log.Warnings), "warning"))
	statusCameras(w, s)
	statusDetectors(w, s)
	statusSignals(w, s)
	statusRules(w, s)
	statusQueues(w, s)
	return w.Flush()
}

// printDiff prints how the running configuration differs from the file.
func printDiff(out io.Writer, d runtime.FileDiff, asJSON bool) error {
	if asJSON {
		return printJSON(out, d)
	}
	for _, line := range d.Lines() {
		if _, err := fmt.Fprintln(out, text.Visible(line)); err != nil {
			return err
		}
	}
	return nil
}

// printAlerts prints alerts as JSON lines or as text.
func printAlerts(out io.Writer, list []runtime.Alert, asJSON bool) error {
	if asJSON {
		for i := range list {
			if err := printJSON(out, list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "no alerts")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(w, "ALERT", "SINCE", "CAMERAS", "CAUSE", "REMEDY", "")
	for i := range list {
		a := &list[i]
		known := ""
		if a.Acknowledged {
			known = "(acknowledged)"
		}
		row(w, a.ID, a.Since.Local().Format(time.RFC3339), cmp.Or(strings.Join(a.Cameras, ","), "-"), cmp.Or(a.Cause, "-"), a.Remedy, known)
	}
	return w.Flush()
}

func statusCameras(w io.Writer, s *runtime.Snapshot) {
	heading(w, "CAMERA", "STATE", "FPS", "SIZE", "AGE", "RECONNECTS", "SOURCE", "")
	for i := range s.Cameras {
		c := &s.Cameras[i]
		size, age := "-", "-"
		if c.Width > 0 {
			size = fmt.Sprintf("%dx%d", c.Width, c.Height)
		}
		if c.FrameID > 0 {
			age = short(c.FrameAge)
		}
		row(w, c.Name, c.State, fmt.Sprintf("%.1f", c.FPS), size, age, max(c.Connects, 1)-1, c.Source, c.Reason)
	}
}

func statusDetectors(w io.Writer, s *runtime.Snapshot) {
	heading(w, "CAMERA", "DETECTOR", "KIND", "STATE", "FPS", "MAX", "RUNS", "ERRORS", "P50", "P99", "AGE", "")
	for i := range s.Cameras {
		for k := range s.Cameras[i].Detectors {
			d := &s.Cameras[i].Detectors[k]
			p50, p99, age := "-", "-", "-"
			if d.Exec != nil && d.Exec.Count() > 0 {
				q := d.Exec.Quantiles(0.5, 0.99)
				p50, p99 = short(q[0]), short(q[1])
			}
			if d.Age > 0 {
				age = short(d.Age)
			}
			var failed uint64
			for _, e := range d.Errors {
				failed += e.N
			}
			row(w, s.Cameras[i].Name, d.Name, d.Kind, d.State, fmt.Sprintf("%.1f", d.FPS), fmt.Sprintf("%.4g", d.MaxFPS), d.Runs, failed, p50, p99, age, d.Reason)
		}
	}
}

func statusSignals(w io.Writer, s *runtime.Snapshot) {
	heading(w, "CAMERA", "SIGNAL", "VALUE", "AGE", "FOUND", "")
	for i := range s.Cameras {
		for k := range s.Cameras[i].Signals {
			v := &s.Cameras[i].Signals[k]
			value, age, found := "unknown", "-", "-"
			if v.Unknown == detectors.Known {
				value, found = fmt.Sprintf("%.4g", v.Value), strconv.Itoa(len(v.Detections))
			}
			if v.Age > 0 {
				age = short(v.Age)
			}
			row(w, s.Cameras[i].Name, v.Name, value, age, found, v.Why)
		}
	}
}

func statusRules(w io.Writer, s *runtime.Snapshot) {
	heading(w, "CAMERA", "RULE", "STATE", "CONDITION", "FIRED", "WHEN")
	for i := range s.Cameras {
		for k := range s.Cameras[i].Rules {
			r := &s.Cameras[i].Rules[k]
			row(w, s.Cameras[i].Name, r.Event, r.Status.State, r.Status.Truth, r.Status.Fired, r.When)
		}
	}
}

func statusQueues(w io.Writer, s *runtime.Snapshot) {
	heading(w, "SINK", "STATE", "WRITTEN", "DROPPED", "FAILED", "")
	for _, k := range s.Sinks {
		row(w, k.Name, k.State, k.Written, k.Dropped, k.Failures, k.Reason)
	}
	heading(w, "CAMERA", "QUEUE", "DEPTH", "OF", "DROPPED")
	queues := func(camera string, list []runtime.QueueView) {
		for _, q := range list {
			var drops []string
			for _, d := range q.Drops {
				if d.N > 0 {
					drops = append(drops, fmt.Sprintf("%s %d", d.Reason, d.N))
				}
			}
			row(w, camera, q.Name, q.Depth, q.Capacity, strings.Join(drops, ", "))
		}
	}
	for i := range s.Cameras {
		queues(s.Cameras[i].Name, s.Cameras[i].Queues)
	}
	row(w, "-", "slots", s.Slots.Busy, s.Slots.Size, "")
	queues("-", s.Queues)
}

func heading(w io.Writer, names ...any) {
	fmt.Fprintln(w)
	row(w, names...)
}

// row prints the cells of a table, cleaned for a terminal.
func row(w io.Writer, cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = text.Clean(fmt.Sprint(c))
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(texts, "\t"), "\t"))
}

// short formats a duration with about three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < 10*time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// printEvent prints an event as a JSON line of the event log or as text.
func printEvent(out io.Writer, e runtime.RecentEvent, asJSON bool) error {
	if asJSON {
		line, err := e.Event.AppendLine(nil)
		if err != nil {
			return err
		}
		_, err = out.Write(escaped(line))
		return err
	}
	v := &e.Event
	more := fmt.Sprintf("confidence %.0f%%, latency %s", v.Confidence*100, short(v.Age.Total()))
	if v.Phase == rules.PhaseEnded {
		more = "lasted " + short(v.Duration)
	}
	_, err := fmt.Fprintf(out, "%s  %-9s  %s  %s  %s  %s\n", v.Time.Local().Format(time.RFC3339), text.Clean(string(v.Phase)),
		text.Clean(v.Camera), text.Clean(v.Type), more, text.Clean(v.ID))
	return err
}

// printLine prints a log line.
func printLine(out io.Writer, l logging.Line, asJSON bool) error {
	if asJSON {
		return printJSON(out, l)
	}
	_, err := fmt.Fprintf(out, "%s  %-5s  %s\n", l.Time.Local().Format(time.RFC3339), l.Level, text.Clean(l.Text))
	return err
}

// printClips prints the clips of a directory.
func printClips(out io.Writer, dir string, entries []clips.Entry, asJSON bool) error {
	if asJSON {
		for _, e := range entries {
			if err := printJSON(out, e); err != nil {
				return err
			}
		}
		return nil
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintf(out, "no clips in %s\n", text.Visible(dir))
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tCAMERA\tEVENT\tLENGTH\tSIZE\tPATH")
	for _, e := range entries {
		note := ""
		if e.Damaged != "" {
			note = "  (" + text.Clean(e.Damaged) + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1fs\t%.1f MB\t%s%s\n", e.Time.Format(time.RFC3339), text.Clean(e.Camera), text.Clean(e.EventType),
			float64(e.DurationMS)/1000, float64(e.Bytes)/1e6, text.Visible(path.Join(dir, e.Path, e.Movie)), note)
	}
	return w.Flush()
}

// printJSON prints a value as one JSON line that is safe for a terminal.
func printJSON(out io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = out.Write(append(escaped(line), '\n'))
	return err
}

// escaped escapes what could control a terminal and JSON does not escape: control characters
// from U+007F on, and those that change the direction of text.
func escaped(line []byte) []byte {
	unsafe := func(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }
	if !bytes.ContainsFunc(line, unsafe) {
		return line
	}
	var b bytes.Buffer
	for _, r := range string(line) {
		switch {
		case !unsafe(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}
