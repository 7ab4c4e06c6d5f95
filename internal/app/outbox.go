package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"rvo-tui/clips"
	"rvo-tui/internal/config"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/mqtt"
	"rvo-tui/runtime/sink/notify"
	"rvo-tui/runtime/sink/outbox"
)

// events is the outbox of a configuration. Its box is nil if there are no outputs.
type events struct {
	box  *outbox.Outbox
	side *side
	log  *slog.Logger
}

// side is what outputs need from the rest of the program. It is filled in before the outbox runs.
type side struct {
	*runtime.Runtime

	do func(context.Context, []string) error
}

func newOutbox(cfg config.Config, log *slog.Logger) (events, error) {
	notify.Bound()
	e := events{side: new(side), log: log}
	outs, err := e.outputsOf(cfg)
	if err != nil || len(outs) == 0 {
		return e, err
	}
	e.box = outbox.New(outbox.Options{Config: cfg.Outbox, Outputs: outs, ClipsDir: cfg.Clips.Dir, Log: log})
	return e, nil
}

// outputsOf returns the outputs of a configuration. A quarantined output is held, so that a mistake
// in its table loses no messages.
func (e events) outputsOf(cfg config.Config) ([]outbox.Output, error) {
	outs, err := notify.Outputs(cfg.Notify, notify.Options{Agent: "rvo-tui", Nice: cfg.Runtime.Nice, Log: e.log})
	if err == nil && cfg.MQTT.Server != "" {
		var out outbox.Output
		out, err = mqtt.Output(cfg.MQTT, mqtt.Options{
			Runtime: e.side, Do: func(ctx context.Context, words []string) error { return e.side.do(ctx, words) }, Version: ownVersion(), Log: e.log,
		})
		outs = append(outs, out)
	}
	for _, q := range cfg.Quarantined {
		if q.Output != "" {
			outs = append(outs, outbox.Held(q.Output, errors.New(q.Problems[0].String())))
		}
	}
	return outs, err
}

// replace applies the outputs of a reloaded configuration.
func (e events) replace(ctx context.Context, cfg config.Config) error {
	outs, err := e.outputsOf(cfg)
	switch {
	case err != nil:
		return err
	case e.box != nil:
		return e.box.Replace(ctx, outs)
	case len(outs) > 0:
		e.log.Warn("outputs take effect at the next start, because there were none at this one", "outputs", len(outs))
	}
	return nil
}

// behind wraps a sink so that it receives an event after the outbox has stored it.
func (e events) behind(s runtime.Sink) runtime.Sink {
	if e.box == nil {
		return s
	}
	return e.box.Behind(s)
}

func (e events) appendTo(sinks []runtime.Sink) []runtime.Sink {
	if e.box == nil {
		return sinks
	}
	return append(sinks, e.box)
}

// outputs returns the outbox for the runtime.
func (e events) outputs() runtime.Outbox {
	if e.box == nil {
		return nil
	}
	return e.box
}

// clipDone returns the function that the recorder calls for each finished or lost clip.
func (e events) clipDone() func(rules.Event, *clips.Entry, string) {
	if e.box == nil {
		return nil
	}
	return e.box.ClipDone
}

// printOutbox prints the outputs and their set-aside messages.
func printOutbox(out io.Writer, v *runtime.OutboxView, asJSON bool) error {
	switch {
	case asJSON:
		return printJSON(out, v)
	case v == nil:
		_, err := fmt.Fprintln(out, "no outputs; add a [[notify]] or [mqtt] to the configuration")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(w, "OUTPUT", "TO", "STATE", "CONNECTION", "WAITING", "OLDEST", "DELIVERED", "RETRIES", "FOLDED", "DROPPED", "ASIDE", "LAST ERROR")
	for i := range v.Outputs {
		o := &v.Outputs[i]
		trouble := o.Reason
		if o.Remedy != "" {
			trouble += "; " + o.Remedy
		}
		if wait := time.Until(o.NextTry).Round(time.Second); trouble != "" && wait > 0 {
			trouble += "; next try in " + wait.String()
		}
		var drops uint64
		for _, d := range o.Drops {
			drops += d.N
		}
		row(w, o.Name, o.To, o.State, cmp.Or(o.Connection, "-"), o.Backlog, since(o.Oldest), o.Delivered, o.Retries, o.Folded, drops, o.AsideCount, cmp.Or(trouble, "-"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "\n%s: %s, %s stored (%s), %d not durable%s\n", text.Visible(v.File), text.Clean(v.State), count(v.Records, "record"),
		megabytes(v.Bytes)+" of "+megabytes(v.MaxBytes), v.NotDurable, text.Visible(because(v))); err != nil {
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
		if _, err := fmt.Fprintf(out, "\nresend them: ctl resend %s [ID]; discard them: ctl discard %[1]s [ID]\n", text.Clean(o.Name)); err != nil {
			return err
		}
	}
	return nil
}

// because returns why the outbox is degraded, and where a damaged file was moved.
func because(v *runtime.OutboxView) string {
	var parts []string
	if v.Reason != "" {
		parts = append(parts, v.Reason)
	}
	if v.Moved != "" {
		parts = append(parts, "a damaged file was moved to "+v.Moved)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

// since returns the age of a time; "-" if it is zero.
func since(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return time.Since(t).Round(time.Second).String()
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
