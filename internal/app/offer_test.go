package app

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime/control"
)

func TestNeighbourHoldsACamera(t *testing.T) {
	about := func(sources ...string) control.About {
		a := control.About{PID: 812, Started: time.Now().Add(-3*time.Hour - time.Minute)}
		for i, s := range sources {
			a.Cameras = append(a.Cameras, control.Camera{Name: []string{"door", "yard", "gate"}[i], Source: s})
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
		about control.About
		cfg   config.Config
		flags cli.Flags
		want  string // of String; empty: no neighbour
	}{
		{"the same device", about("device:0"), ours("a.toml", "device:0"), cli.Flags{}, "with camera door"},
		{"the same device in another form", about("/dev/video0"), ours("a.toml", "device:0"), cli.Flags{}, "with camera door"},
		{"the same stream", about("synthetic:dark", "rtsp://u:***@h/s"), ours("a.toml", "rtsp://u:pw@h/s"), cli.Flags{}, "with camera yard and another one"},
		{"a stream whose path is a secret", about("http://h/***"), ours("a.toml", "http://h/hunter2"), cli.Flags{}, "with camera door"},
		{"by flag", about("http://h/v"), ours("a.toml", "http://h/v"), cli.Flags{CameraURI: "http://h/v"}, "with camera door"},
		{"another stream", about("rtsp://u:***@h/s"), ours("a.toml", "rtsp://u:pw@h/t"), cli.Flags{}, ""},
		{"the same file", about("tape.mp4"), ours("a.toml", "tape.mp4"), cli.Flags{}, ""},
		{"the same scene", about("synthetic:street"), ours("a.toml", "synthetic:street"), cli.Flags{}, ""},
		{"nothing configured", about("rtsp://h/s", "device:1", "device:2"), ours(config.BuiltIn, "synthetic:street"), cli.Flags{}, "with camera door and 2 others"},
		{"nothing configured, nothing there", about(), ours(config.BuiltIn, "synthetic:street"), cli.Flags{}, "without a camera"},
		{"a camera by flag", about("rtsp://h/s"), ours(config.BuiltIn, "synthetic:dark"), cli.Flags{CameraURI: "synthetic:dark"}, ""},
		{"a camera to be chosen", about("rtsp://h/s"), ours(config.BuiltIn, "synthetic:street"), cli.Flags{Pick: true}, ""},
	} {
		n := clash(c.about, loader, c.cfg, c.flags)
		switch {
		case n == nil && c.want != "":
			t.Errorf("%s: no neighbour", c.name)
		case n != nil && c.want == "":
			t.Errorf("%s: got %s", c.name, n)
		case n != nil && n.String() != "rvo-tui (pid 812, up 3 h) is running here "+c.want:
			t.Errorf("%s: got %q", c.name, n)
		}
	}
}

func TestNeighbourIsAskedFor(t *testing.T) {
	n := &neighbour{about: control.About{PID: 812, Started: time.Now()}, camera: "do\x1b[31mor"}
	for answer, want := range map[string]bool{"\n": true, "y\n": true, "Yes\n": true, "n\n": false, "no\n": false, "what?\n": false, "": false} {
		var out bytes.Buffer
		if got := n.ask(strings.NewReader(answer), &out); got != want {
			t.Errorf("%q: got %v", answer, got)
		}
		if text := out.String(); !strings.Contains(text, "(pid 812, up 0 s)") || !strings.Contains(text, "Connect to it? [Y/n] ") || strings.Contains(text, "\x1b") {
			t.Errorf("asked %q", text)
		}
	}
}

func TestRough(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 3*time.Hour + 59*time.Minute: "3 h", 47 * time.Hour: "47 h", 50 * time.Hour: "2 days",
	} {
		if got := rough(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
