package main

import (
	"errors"
	"io"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

func TestParseFlags(t *testing.T) {
	zero, text := 0, func(s string) *string { return &s }
	defaults, err := ParseFlags(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want Flags
	}{
		{"", Flags{Command: "run"}},
		{"run --no-ui", Flags{Command: "run", NoUI: true}},
		{"--no-ui --duration 90s --config a.toml", Flags{Command: "run", NoUI: true, Duration: 90 * time.Second, Config: "a.toml"}},
		{"--camera-device 0", Flags{Command: "run", CameraDevice: &zero}},
		{"--camera-uri=rtsp://a/b,c", Flags{Command: "run", CameraURI: "rtsp://a/b,c"}},
		{"--detector http://localhost:50051=PersonDetected --detector unix:///run/a=b.sock=cat", Flags{Command: "run", Detector: []RemoteDetector{
			{"http://localhost:50051", "PersonDetected"}, {"unix:///run/a=b.sock", "cat"},
		}}},
		{"--clips-dir d --event-log e --metrics-listen= --log-level debug --log-file l", Flags{
			Command: "run", ClipsDir: text("d"), EventLog: text("e"), MetricsListen: text(""), LogLevel: text("debug"), LogFile: text("l"),
		}},
		{"--list-cameras", Flags{Command: "run", ListCameras: true}},
		{"--version", Flags{Command: "run", Version: true}},
		{"check", Flags{Command: "check"}},
		{"check a.toml", Flags{Command: "check", Check: CheckFlags{File: "a.toml"}}},
		{"--control-socket /run/x.sock", Flags{Command: "run", ControlSocket: text("/run/x.sock")}},
		{"connect", Flags{Command: "connect"}},
		{"connect nvr:7443 --tls-ca ca.pem --token-file t --ascii", Flags{Command: "connect", ASCII: true, Connect: ConnectFlags{
			Addr: "nvr:7443", LinkFlags: LinkFlags{TLSCA: "ca.pem", TokenFile: "t"},
		}}},
		{"connect --no-tls localhost:7443", Flags{Command: "connect", Connect: ConnectFlags{Addr: "localhost:7443", LinkFlags: LinkFlags{NoTLS: true}}}},
		{"ctl status", Flags{Command: "ctl", Verb: "status"}},
		{"ctl --json status", Flags{Command: "ctl", Verb: "status", Ctl: CtlFlags{JSON: true}}},
		{"ctl status --json --addr /run/x.sock", Flags{Command: "ctl", Verb: "status", Ctl: CtlFlags{JSON: true, Addr: "/run/x.sock"}}},
		{"ctl watch --rate 2", Flags{Command: "ctl", Verb: "watch", Ctl: CtlFlags{Watch: WatchFlags{Rate: 2}}}},
		{"ctl events -f", Flags{Command: "ctl", Verb: "events", Ctl: CtlFlags{Events: TailFlags{Follow: true}}}},
		{"ctl log --follow", Flags{Command: "ctl", Verb: "log", Ctl: CtlFlags{Log: TailFlags{Follow: true}}}},
		{"ctl clips --limit 5", Flags{Command: "ctl", Verb: "clips", Ctl: CtlFlags{Clips: LimitFlags{Limit: 5}}}},
		{"ctl attach remote name=p endpoint=localhost:1,x --camera door", Flags{Command: "ctl", Verb: "attach", Ctl: CtlFlags{Attach: AttachFlags{
			Kind: "remote", Set: []string{"name=p", "endpoint=localhost:1,x"}, CameraFlags: CameraFlags{"door"},
		}}}},
		{"ctl detach p --camera door", Flags{Command: "ctl", Verb: "detach", Ctl: CtlFlags{Detach: DetectorFlags{CameraFlags{"door"}, "p"}}}},
		{"ctl rate motion 2.5", Flags{Command: "ctl", Verb: "rate", Ctl: CtlFlags{Rate: RateFlags{DetectorFlags{Detector: "motion"}, 2.5}}}},
		{"ctl add-camera yard rtsp://h/a,b fps=5", Flags{Command: "ctl", Verb: "add-camera", Ctl: CtlFlags{AddCamera: AddFlags{"yard", "rtsp://h/a,b", []string{"fps=5"}}}}},
		{"ctl remove-camera yard", Flags{Command: "ctl", Verb: "remove-camera", Ctl: CtlFlags{RemoveCamera: NameFlags{"yard"}}}},
		{"ctl rule-off moved", Flags{Command: "ctl", Verb: "rule-off", Ctl: CtlFlags{RuleOff: RuleFlags{Rule: "moved"}}}},
		{"ctl pause", Flags{Command: "ctl", Verb: "pause"}},
		{"ctl reload", Flags{Command: "ctl", Verb: "reload"}},
		{"clips --json --clips-dir d", Flags{Command: "clips", Clips: ClipsFlags{JSON: true}, ClipsDir: text("d")}},
	} {
		got, err := ParseFlags(strings.Fields(c.args), io.Discard)
		c.want.Bench = defaults.Bench
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, %v; want %+v", c.args, got, err, c.want)
		}
	}
}

func TestParseFlagsRefuses(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--camera-device 0 --camera-uri x", "can't be used together"},
		{"--camera-device=-1", "negative"},
		{"--camera-device front", "--camera-device"},
		{"--detector localhost:50051", "must be ENDPOINT=SIGNAL"},
		{"--detector =person", "must be ENDPOINT=SIGNAL"},
		{"--detector localhost:50051=", "cannot name a signal"},
		{"--detector localhost:50051=1st", "cannot name a signal"},
		{"--duration soon", "--duration"},
		{"--duration=-1s", "negative"},
		{"--confg x", `did you mean "--config"`},
		{"fly", "unexpected argument fly"},
		{"check a b", "unexpected argument b"},
		{"ctl", "expected one of"},
		{"ctl fly", "unexpected argument fly"},
		{"ctl rate motion", `expected "<fps>"`},
		{"ctl rate motion fast", "fps"},
		{"ctl detach", `expected "<detector>"`},
		{"connect a b", "unexpected argument b"},
		{"ctl status --no-ui", "--no-ui: is for run, not for ctl status"},
		{"--camera-uri x ctl status", "--camera-uri: is for run, not for ctl status"},
		{"connect --watch", "--watch: is for run, not for connect"},
		{"ctl --config x status", "say with --addr which"},
		{"ctl status --ascii", "--ascii: is for run and connect"},
	} {
		_, err := ParseFlags(strings.Fields(c.args), io.Discard)
		var usage *UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%q: got %v, want a *UsageError", c.args, err)
			continue
		}
		if got := err.Error(); !strings.Contains(got, c.want) || !strings.Contains(got, `Run "rvo-tui `) || !strings.HasSuffix(got, `--help" for how to use it.`) {
			t.Errorf("%q: got %q, want it to say %q and where to find help", c.args, got, c.want)
		}
	}
}

func TestUsageErrorsNameTheHelpOfTheCommand(t *testing.T) {
	for args, want := range map[string]string{
		"--fly":                       "rvo-tui --help",
		"fly":                         "rvo-tui --help",
		"check a b":                   "rvo-tui check --help",
		"connect --fly":               "rvo-tui connect --help",
		"ctl":                         "rvo-tui ctl --help",
		"ctl fly":                     "rvo-tui ctl --help",
		"ctl attach":                  "rvo-tui ctl attach --help",
		"ctl rate motion fast":        "rvo-tui ctl rate --help",
		"ctl attach motion --no-ui":   "rvo-tui ctl attach --help",
		"ctl attach motion --fly a=b": "rvo-tui ctl attach --help",
	} {
		_, err := ParseFlags(strings.Fields(args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), `"`+want+`"`) {
			t.Errorf("%q: got %v, want it to name %q", args, err, want)
		}
	}
}

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
	cfg, err := loadText(t, testLoader(), twoCameras, Flags{CameraURI: "synthetic:dark"})
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
	cfg, err = loadText(t, testLoader(), "", Flags{CameraDevice: &zero})
	if err != nil || len(cfg.Camera) != 1 || cfg.Camera[0].Source != "device:0" {
		t.Errorf("got %+v, %v; want the device, though the file has no camera", cfg.Camera, err)
	}
}

func TestFlagsAddDetectors(t *testing.T) {
	const rule = "[[rule]]\nevent = \"p\"\nwhen = \"PersonDetected > 0\"\n"
	flags := Flags{Detector: []RemoteDetector{{"localhost:1", "PersonDetected"}, {"localhost:2", "Yard_Motion"}}}
	cfg, err := loadText(t, testLoader(), twoCameras+rule, flags)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Detector) != 4 {
		t.Fatalf("got %d detectors, want 4", len(cfg.Detector))
	}
	person, yard := cfg.Detector[2], cfg.Detector[3]
	if person.Name != "persondetected" || person.Kind != "remote" || person.Endpoint != "localhost:1" || person.Signal != "PersonDetected" || !person.Enabled {
		t.Errorf("got %+v", person)
	}
	if yard.Name != "yard_motion_2" {
		t.Errorf("got name %q, want one that is free", yard.Name)
	}
}

func TestFlagProblems(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		flags Flags
		want  string
	}{
		{Flags{CameraURI: "gopher://x"}, `--camera-uri: camera "camera": source: `},
		{Flags{LogLevel: text("loud")}, `--log-level: log: level: `},
		{Flags{MetricsListen: text("x")}, `--metrics-listen: metrics: listen: `},
		{Flags{Detector: []RemoteDetector{{"localhost:1", "motion"}}}, `--detector: detector "motion": signal: `},
	} {
		_, err := loadText(t, testLoader(), twoCameras, c.flags)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want it to begin with %q", c.flags, err, c.want)
		}
	}
	_, err := loadText(t, testLoader(), strings.ReplaceAll(twoCameras, `["yard"]`, `["gone"]`), Flags{CameraURI: "synthetic:dark"})
	if err == nil || !strings.Contains(err.Error(), `unknown camera "gone"`) {
		t.Errorf("got %v, want the file's own mistakes even where a flag overrides them", err)
	}
}

func TestVersion(t *testing.T) {
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{}, "devel"},
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
		}}, "0123456789ab+dirty"},
	} {
		if got := revision(&c.info); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := Version(""); !strings.Contains(got, "without OpenCV") || !strings.Contains(got, "go1.") {
		t.Errorf("got %q, want it to name Go and that there is no OpenCV", got)
	}
	if got := Version("4.6.0"); !strings.Contains(got, "OpenCV 4.6.0") {
		t.Errorf("got %q", got)
	}
}
