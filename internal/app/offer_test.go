package app

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime/api"
)

func TestNeighbourHoldsACamera(t *testing.T) {
	about := func(sources ...string) api.About {
		a := api.About{PID: 812, Started: time.Now().Add(-3*time.Hour - time.Minute)}
		for i, s := range sources {
			a.Cameras = append(a.Cameras, api.Camera{Name: []string{"door", "yard", "gate"}[i], Source: s})
		}
		return a
	}
	ours := func(file string, sources ...string) config.Config {
		cfg := config.Config{File: file}
		for _, s := range sources {
			c := capture.DefaultConfig()
			c.Source = s
			cfg.Camera = append(cfg.Camera, c)
		}
		return cfg
	}
	loader := testLoader()
	loader.Secrets = new(config.Secrets)
	loader.Secrets.Add("hunter2")
	for _, c := range []struct {
		name  string
		about api.About
		cfg   config.Config
		flags cli.Flags
		want  string // the camera that both have; "-": no conflict
	}{
		{"the same device", about("device:0"), ours("a.toml", "device:0"), cli.Flags{}, "door"},
		{"the same device in another form", about("/dev/video0"), ours("a.toml", "device:0"), cli.Flags{}, "door"},
		{"the same stream", about("synthetic:dark", "rtsp://u:***@h/s"), ours("a.toml", "rtsp://u:pw@h/s"), cli.Flags{}, "yard"},
		{"a stream whose path is a secret", about("http://h/***"), ours("a.toml", "http://h/hunter2"), cli.Flags{}, "door"},
		{"by flag", about("http://h/v"), ours("a.toml", "http://h/v"), cli.Flags{CameraURI: "http://h/v"}, "door"},
		{"another stream", about("rtsp://u:***@h/s"), ours("a.toml", "rtsp://u:pw@h/t"), cli.Flags{}, "-"},
		{"the same file", about("tape.mp4"), ours("a.toml", "tape.mp4"), cli.Flags{}, "-"},
		{"the same scene", about("synthetic:street"), ours("a.toml", "synthetic:street"), cli.Flags{}, "-"},
		{"nothing configured", about("rtsp://h/s", "device:1", "device:2"), ours(config.BuiltIn, "synthetic:street"), cli.Flags{}, ""},
		{"nothing configured, nothing there", about(), ours(config.BuiltIn, "synthetic:street"), cli.Flags{}, ""},
		{"a camera by flag", about("rtsp://h/s"), ours(config.BuiltIn, "synthetic:dark"), cli.Flags{CameraURI: "synthetic:dark"}, "-"},
		{"a camera to be chosen", about("rtsp://h/s"), ours(config.BuiltIn, "synthetic:street"), cli.Flags{Pick: true}, "-"},
	} {
		got := "-"
		if n := conflict(c.about, loader, c.cfg, c.flags); n != nil {
			got = n.camera
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNeighbourIsAskedFor(t *testing.T) {
	n := &instance{about: api.About{PID: 812, Started: time.Now(), Cameras: []api.Camera{{Name: "do\x1b[31mor"}, {Name: "yard"}}}}
	for answer, want := range map[string]bool{"\n": true, "y\n": true, "Yes\n": true, "n\n": false, "no\n": false, "what?\n": false, "": false} {
		var out bytes.Buffer
		if got := n.ask(strings.NewReader(answer), &out); got != want {
			t.Errorf("%q: got %v", answer, got)
		}
		if text := out.String(); text != "rvo-tui is running here (pid 812, up 0s, cameras: do[31mor, yard). Connect to it? [Y/n] " && answer != "" {
			t.Errorf("asked %q", text)
		}
	}
}
