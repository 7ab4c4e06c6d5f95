package app

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"rvo-tui/capture/device"
	"rvo-tui/internal/cli"
)

func TestListCameras(t *testing.T) {
	var out bytes.Buffer
	err := listCameras(&out, []device.Device{{Number: 2, Path: "/dev/video2", Name: "Cam", Modes: []device.Mode{
		{Format: "MJPG", Width: 1280, Height: 720, Rates: []float64{30, 7.5}},
		{Format: "YUYV", Width: 640, Height: 480},
	}}})
	want := "device:2  /dev/video2  Cam\n          MJPG         1280x720  30, 7.5 fps\n          YUYV         640x480   unknown rate\n"
	if err != nil || out.String() != want {
		t.Errorf("%v:\n%s\nwant:\n%s", err, &out, want)
	}
}

// Verifying nothing is no success: the directory may be misspelt.
func TestVerifyWithoutClips(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Join(dir, "misspelt")} {
		if err := evidence(io.Discard, d, cli.Flags{Verb: "verify"}); err == nil {
			t.Errorf("%s: no error", d)
		}
		if err := evidence(io.Discard, d, cli.Flags{Verb: "list"}); err != nil {
			t.Errorf("%s: %v", d, err)
		}
	}
}
