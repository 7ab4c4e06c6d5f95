package app

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"rvo-tui/capture/opencv"
	"rvo-tui/clips"
	"rvo-tui/detectors"
)

// listCameras prints the capture devices and their modes.
func listCameras(out io.Writer, devices []opencv.Device) error {
	if len(devices) == 0 {
		_, err := fmt.Fprintln(out, "no capture device found; --camera-uri takes rtsp:// and http:// addresses, files and synthetic:street")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, d := range devices {
		fmt.Fprintf(w, "device:%d\t%s\t%s\n", d.Number, d.Path, detectors.Clean(d.Name))
		if d.Err != nil {
			fmt.Fprintf(w, "\tcannot be queried: %v\t\n", d.Err)
		}
		for _, m := range d.Modes {
			rates := make([]string, len(m.Rates))
			for i, r := range m.Rates {
				rates[i] = fmt.Sprintf("%.4g", r)
			}
			fmt.Fprintf(w, "\t%s\t%dx%d\t%s fps\n", m.Format, m.Width, m.Height, strings.Join(rates, ", "))
		}
	}
	return w.Flush()
}

// listClips prints the clips of a directory, oldest first.
func listClips(out io.Writer, dir string, asJSON bool) error {
	entries, err := clips.List(dir)
	if err != nil {
		return err
	}
	return printClips(out, dir, entries, asJSON)
}
