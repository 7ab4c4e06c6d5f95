package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"rvo-tui/capture/device"
	"rvo-tui/clips"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/text"
)

// listCameras prints the capture devices and their modes.
func listCameras(out io.Writer, devices []device.Device) error {
	if len(devices) == 0 {
		_, err := fmt.Fprintln(out, "no capture device found; --camera-uri takes rtsp:// and http:// addresses, files and synthetic:street")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, d := range devices {
		fmt.Fprintf(w, "device:%d\t%s\t%s\n", d.Number, d.Path, text.Clean(d.Name))
		if d.Err != nil {
			fmt.Fprintf(w, "\tcannot be queried: %v\t\n", d.Err)
		}
		for _, m := range d.Modes {
			fmt.Fprintf(w, "\t%s\t%dx%d\t%s\n", text.Clean(m.Format), m.Width, m.Height, ratesOf(m))
		}
	}
	return w.Flush()
}

// ratesOf returns the frame rates of a mode for display.
func ratesOf(m device.Mode) string {
	if len(m.Rates) == 0 {
		return "unknown rate"
	}
	rates := make([]string, len(m.Rates))
	for i, r := range m.Rates {
		rates[i] = fmt.Sprintf("%.4g", r)
	}
	return strings.Join(rates, ", ") + " fps"
}

// evidence lists or verifies the clips in a directory, oldest first.
func evidence(out io.Writer, dir string, flags cli.Flags) error {
	entries, err := clips.List(dir)
	if err != nil {
		return err
	}
	if flags.Verb != "verify" {
		return printClips(out, dir, entries, flags.Clips.JSON)
	}
	if len(entries) == 0 {
		return fmt.Errorf("verify clips: there are none in %s; name their directory with --clips-dir or a configuration with --config", text.Visible(dir))
	}
	wanted := flags.Clips.Verify.Events
	for _, event := range wanted {
		if !slices.ContainsFunc(entries, func(e clips.Entry) bool { return e.Shows(event) }) {
			return fmt.Errorf("verify clips: event %q has no clip in %s; rvo-tui clips lists them", event, dir)
		}
	}
	return interruptible(func(ctx context.Context) error {
		return verifyClips(ctx, out, dir, slices.DeleteFunc(entries, func(e clips.Entry) bool {
			return len(wanted) > 0 && !slices.ContainsFunc(wanted, e.Shows)
		}), flags.Clips.JSON)
	})
}

// verdict is the result of verifying one clip.
type verdict struct {
	EventID string `json:"event_id"`
	Path    string `json:"path"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
}

// verifyClips prints a line for each clip and fails when one has changed since it was
// saved.
func verifyClips(ctx context.Context, out io.Writer, dir string, entries []clips.Entry, asJSON bool) error {
	bad := 0
	for _, e := range entries {
		v := verdict{EventID: e.EventID, Path: e.Path, OK: true}
		if err := clips.Verify(ctx, dir, e); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			bad++
			v.OK, v.Error = false, err.Error()
		}
		if asJSON {
			if err := printJSON(out, v); err != nil {
				return err
			}
			continue
		}
		word := "ok"
		if !v.OK {
			word = "BAD"
		}
		if _, err := fmt.Fprintf(out, "%-4s%s  %s\n", word, text.Visible(v.Path), text.Visible(strings.ReplaceAll(v.Error, "\n", "; "))); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("verify clips: %d of %d have changed since they were saved", bad, len(entries))
	}
	return nil
}
