package config

import (
	"fmt"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
)

// apply overrides the file with the flags. It expands ${NAME} in addresses, so that no password has
// to be on the command line.
func (b *builder) apply(v vault, flags cli.Flags) {
	expand := func(flag, text string) string {
		expanded, err := v.expand(text)
		if err != nil {
			b.problems = append(b.problems, Problem{Flag: flag, Text: err.Error()})
			return text
		}
		return expanded
	}
	switch {
	case flags.CameraDevice != nil:
		b.oneCamera("--camera-device", fmt.Sprintf("device:%d", *flags.CameraDevice))
	case flags.CameraURI != "":
		b.oneCamera("--camera-uri", expand("--camera-uri", flags.CameraURI))
	}
	for _, d := range flags.Detector {
		d.Endpoint = expand("--detector", d.Endpoint)
		b.addRemote(d)
	}
	for _, f := range []struct {
		flag, path string
		value      *string
		set        *string
	}{
		{"--clips-dir", "clips.dir", flags.ClipsDir, &b.cfg.Clips.Dir},
		{"--event-log", "events.log", flags.EventLog, &b.cfg.Events.Log},
		{"--metrics-listen", "metrics.listen", flags.MetricsListen, &b.cfg.Metrics.Listen},
		{"--web", "web.listen", flags.Web, &b.cfg.Web.Listen},
		{"--control-socket", "control.socket", flags.ControlSocket, &b.cfg.Control.Socket},
		{"--log-level", "log.level", flags.LogLevel, &b.cfg.Log.Level},
		{"--log-file", "log.file", flags.LogFile, &b.cfg.Log.File},
	} {
		if f.value != nil {
			*f.set, b.flags[f.path] = *f.value, f.flag
		}
	}
	b.cfg.Runtime.Watch = b.cfg.Runtime.Watch || flags.Watch
}

// oneCamera replaces all cameras with one, to which every detector and rule applies. Of several
// detectors that provide the same signal, it keeps the first.
func (b *builder) oneCamera(flag, source string) {
	c := capture.DefaultConfig()
	c.Name, c.Source = "camera", source
	b.cfg.Camera, b.cameras = []capture.Config{c}, []origin{{flag: flag}}
	delete(b.broken, "camera")

	// Providers that conflict in the file itself were reported before.
	var kept []detectors.Config
	var origins []origin
	var provided [][]string
	taken := map[string]bool{}
	for i, d := range b.cfg.Detector {
		signals := b.signals[i]
		if len(d.Cameras) > 0 && slices.ContainsFunc(signals, func(s string) bool { return taken[s] }) {
			continue
		}
		for _, s := range signals {
			taken[s] = true
		}
		d.Cameras, d.DisabledOn = nil, nil
		kept, origins, provided = append(kept, d), append(origins, b.detectors[i]), append(provided, signals)
	}
	b.cfg.Detector, b.detectors, b.signals = kept, origins, provided
	for i := range b.cfg.Rule {
		b.cfg.Rule[i].Cameras, b.cfg.Rule[i].DisabledOn = nil, nil
	}
}

// addRemote adds a model service, named after its signal.
func (b *builder) addRemote(r cli.RemoteDetector) {
	// Ignore errors: validation will report them.
	d, _ := b.kinds.Parse("remote", []string{"signal=" + r.Signal, "endpoint=" + r.Endpoint})
	name := strings.ToLower(r.Signal)
	d.Name = name
	for n := 2; slices.ContainsFunc(b.cfg.Detector, func(o detectors.Config) bool { return o.Name == d.Name }); n++ {
		d.Name = fmt.Sprintf("%s_%d", name, n)
	}
	b.cfg.Detector, b.detectors = append(b.cfg.Detector, d), append(b.detectors, origin{flag: "--detector"})
	b.signals = append(b.signals, b.provides(d))
}
