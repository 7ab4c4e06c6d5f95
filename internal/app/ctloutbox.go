package app

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"rvo-tui/runtime"
)

// printOutbox prints the outputs and the messages that they set aside.
func printOutbox(out io.Writer, v *runtime.OutboxView, asJSON bool) error {
	switch {
	case asJSON:
		return printJSON(out, v)
	case v == nil:
		_, err := fmt.Fprintln(out, "no outputs; add a [[notify]] to the configuration")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(w, "OUTPUT", "TO", "STATE", "WAITING", "OLDEST", "DELIVERED", "RETRIES", "FOLDED", "DROPPED", "ASIDE", "LAST ERROR")
	for i := range v.Outputs {
		o := &v.Outputs[i]
		trouble := o.Reason
		if o.Remedy != "" {
			trouble += "; " + o.Remedy
		}
		var drops uint64
		for _, d := range o.Drops {
			drops += d.N
		}
		row(w, o.Name, o.To, o.State, o.Backlog, since(o.Oldest), o.Delivered, o.Retries, o.Folded, drops, o.AsideCount, cmp.Or(trouble, "-"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "\n%s: %s, %s stored (%s), %d not durable%s\n", v.File, v.State, count(v.Records, "record"),
		megabytes(v.Bytes)+" of "+megabytes(v.MaxBytes), v.NotDurable, because(v)); err != nil {
		return err
	}
	for i := range v.Outputs {
		o := &v.Outputs[i]
		if o.AsideCount == 0 {
			continue
		}
		heading(w, "SET ASIDE BY "+o.Name, "EVENT", "CAMERA", "TIME", "TRIES", "REASON")
		for _, a := range o.Aside {
			row(w, a.ID, a.Event, a.Camera, a.Time.Local().Format(time.RFC3339), a.Tries, a.Reason)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "\nsend them again: ctl resend %s [ID]; forget them: ctl discard %[1]s [ID]\n", o.Name); err != nil {
			return err
		}
	}
	return nil
}

// because returns why the outbox is degraded, and where a damaged one is.
func because(v *runtime.OutboxView) string {
	var parts []string
	if v.Reason != "" {
		parts = append(parts, v.Reason)
	}
	if v.Moved != "" {
		parts = append(parts, "a damaged one was moved to "+v.Moved)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

// since returns the age of an instant; "-": there is none.
func since(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return time.Since(t).Round(time.Second).String()
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
