package config

import (
	"strings"
	"testing"

	"rvo-tui/internal/cli"
)

const twoCameras = `
[[camera]]
name = "door"
source = "synthetic:street"
[[camera]]
name = "yard"
source = "synthetic:empty"
[[detector]]
name = "door_motion"
kind = "motion"
signal = "motion"
cameras = ["door"]
[[detector]]
name = "yard_motion"
kind = "motion"
signal = "motion"
max_fps = 3
cameras = ["yard"]
[[rule]]
event = "moved"
when = "motion > 0.1"
cameras = ["yard"]
`

func TestFlagsReplaceCameras(t *testing.T) {
	cfg, err := loadText(t, testLoader(), twoCameras, cli.Flags{CameraURI: "synthetic:dark"})
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Camera) != 1 || cfg.Camera[0].Name != "camera" || cfg.Camera[0].Source != "synthetic:dark" {
		t.Errorf("got cameras %+v, want the flag's alone", cfg.Camera)
	}
	if len(cfg.Detector) != 1 || cfg.Detector[0].Name != "door_motion" || cfg.Detector[0].Cameras != nil {
		t.Errorf("got detectors %+v, want the first one for the signal, on every camera", cfg.Detector)
	}
	if len(cfg.Rule) != 1 || cfg.Rule[0].Cameras != nil {
		t.Errorf("got rules %+v, want them on every camera", cfg.Rule)
	}

	zero := 0
	cfg, err = loadText(t, testLoader(), "", cli.Flags{CameraDevice: &zero})
	if err != nil || len(cfg.Camera) != 1 || cfg.Camera[0].Source != "device:0" {
		t.Errorf("got %+v, %v; want the device, though the file has no camera", cfg.Camera, err)
	}
}

// A password in the environment is not in the process list.
func TestFlagsTakeSecretsFromTheEnvironment(t *testing.T) {
	loader := testLoader("PW=a/b@c", "SERVICE=localhost:1")
	cfg, err := loadText(t, loader, twoCameras, cli.Flags{
		CameraURI: "rtsp://me:${PW}@cam/1", Detector: []cli.RemoteDetector{{Endpoint: "${SERVICE}", Signal: "person"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Camera[0].Source; got != "rtsp://me:a%2Fb%40c@cam/1" {
		t.Errorf("source %q", got)
	}
	if got := cfg.Detector[len(cfg.Detector)-1].Text("endpoint"); got != "localhost:1" {
		t.Errorf("endpoint %q", got)
	}
	if got := loader.Secrets.Redact("open rtsp://me:a%2Fb%40c@cam/1"); strings.Contains(got, "a%2Fb") {
		t.Errorf("shown: %s", got)
	}
}

func TestFlagsAddDetectors(t *testing.T) {
	const rule = "[[rule]]\nevent = \"p\"\nwhen = \"PersonDetected > 0\"\n"
	flags := cli.Flags{Detector: []cli.RemoteDetector{{Endpoint: "localhost:1", Signal: "PersonDetected"}, {Endpoint: "localhost:2", Signal: "Yard_Motion"}}}
	cfg, err := loadText(t, testLoader(), twoCameras+rule, flags)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Detector) != 4 {
		t.Fatalf("got %d detectors, want 4", len(cfg.Detector))
	}
	person, yard := cfg.Detector[2], cfg.Detector[3]
	if person.Name != "persondetected" || person.Kind != "remote" || person.Text("endpoint") != "localhost:1" || person.Signal != "PersonDetected" || !person.Enabled {
		t.Errorf("got %+v", person)
	}
	if yard.Name != "yard_motion_2" {
		t.Errorf("got name %q, want one that is free", yard.Name)
	}
}

func TestFlagProblems(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		flags cli.Flags
		want  string
	}{
		{cli.Flags{CameraURI: "gopher://x"}, `--camera-uri: camera "camera": source: `},
		{cli.Flags{CameraURI: "rtsp://me:${GONE}@cam/"}, "--camera-uri: ${GONE} is not set: "},
		{cli.Flags{LogLevel: text("loud")}, `--log-level: log: level: `},
		{cli.Flags{MetricsListen: text("x")}, `--metrics-listen: metrics: listen: `},
		{cli.Flags{Detector: []cli.RemoteDetector{{Endpoint: "localhost:1", Signal: "motion"}}}, `--detector: detector "motion": signal: `},
	} {
		_, err := loadText(t, testLoader(), twoCameras, c.flags)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want it to begin with %q", c.flags, err, c.want)
		}
	}
	_, err := loadText(t, testLoader(), strings.ReplaceAll(twoCameras, `["yard"]`, `["gone"]`), cli.Flags{CameraURI: "synthetic:dark"})
	if err == nil || !strings.Contains(err.Error(), `unknown camera "gone"`) {
		t.Errorf("got %v, want the file's own mistakes even where a flag overrides them", err)
	}
}

// The engines use the conditions parsed here.
func TestRulesBringTheirConditions(t *testing.T) {
	const text = twoCameras + `
[[rule]]
event = "both"
all = ["motion > 0.1", "motion < 0.9"]
[[rule]]
event = "either"
any = ["motion > 0.1 && motion < 0.2", "motion > 0.9"]
`
	cfg, err := loadText(t, testLoader(), text, cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cfg.Rule {
		parsed := r.Parsed
		r.Parsed = nil
		want, err := r.Expr()
		if err != nil || parsed == nil || parsed.String() != want.String() {
			t.Errorf("rule %s: brings %v, want %v (%v)", r.Event, parsed, want, err)
		}
	}
}
