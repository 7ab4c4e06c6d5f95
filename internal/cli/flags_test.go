package cli

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	zero, text := 0, func(s string) *string { return &s }
	defaults, err := Parse(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want Flags
	}{
		{"", Flags{Command: "run"}},
		{"run --no-ui", Flags{Command: "run", NoUI: true}},
		{"--no-ui --duration 90s --config a.toml", Flags{Command: "run", NoUI: true, Duration: 90e9, Config: "a.toml"}},
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
		{"migrate rvo.yaml --output rvo.toml", Flags{Command: "migrate", Migrate: MigrateFlags{File: "rvo.yaml", Output: "rvo.toml"}}},
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
		{"ctl attach remote name=p endpoint=localhost:1,x --camera door", Flags{Command: "ctl", Verb: "attach", Ctl: CtlFlags{Verbs: Verbs{Attach: AttachArgs{
			Kind: "remote", Set: []string{"name=p", "endpoint=localhost:1,x"}, CameraArgs: CameraArgs{"door"},
		}}}}},
		{"ctl detach p --camera door", Flags{Command: "ctl", Verb: "detach", Ctl: CtlFlags{Verbs: Verbs{Detach: DetectorArgs{CameraArgs{"door"}, "p"}}}}},
		{"ctl set_rate motion 2.5", Flags{Command: "ctl", Verb: "set_rate", Ctl: CtlFlags{Verbs: Verbs{SetRate: RateArgs{DetectorArgs{Detector: "motion"}, 2.5}}}}},
		{"ctl add_camera yard rtsp://h/a,b fps=5", Flags{Command: "ctl", Verb: "add_camera", Ctl: CtlFlags{Verbs: Verbs{AddCamera: AddArgs{"yard", "rtsp://h/a,b", []string{"fps=5"}}}}}},
		{"ctl remove_camera yard", Flags{Command: "ctl", Verb: "remove_camera", Ctl: CtlFlags{Verbs: Verbs{RemoveCamera: RemoveArgs{"yard"}}}}},
		{"ctl rule_off moved", Flags{Command: "ctl", Verb: "rule_off", Ctl: CtlFlags{Verbs: Verbs{RuleOff: RuleArgs{Rule: "moved"}}}}},
		{"ctl pause", Flags{Command: "ctl", Verb: "pause"}},
		{"ctl reload", Flags{Command: "ctl", Verb: "reload"}},
		{"clips --json --clips-dir d", Flags{Command: "clips", Verb: "list", Clips: ClipsFlags{JSON: true}, ClipsDir: text("d")}},
		{"clips verify --clips-dir d a b", Flags{Command: "clips", Verb: "verify", Clips: ClipsFlags{Verify: VerifyFlags{Events: []string{"a", "b"}}}, ClipsDir: text("d")}},
	} {
		got, err := Parse(strings.Fields(c.args), io.Discard)
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
		{"--duration soon", `--duration: "soon" is not a duration`},
		{"--duration 5", `--duration: "5" is not a duration; write a number and a unit, as in "500ms", "10s" or "1m30s"`},
		{"--duration=-1s", "negative"},
		{"--confg x", `did you mean "--config"`},
		{"--metrics-port 9100", "write --metrics-listen 127.0.0.1:PORT"},
		{"run --metrics-port=9100", "write --metrics-listen 127.0.0.1:PORT"},
		{"fly", "unexpected argument fly"},
		{"check a b", "unexpected argument b"},
		{"ctl", "expected one of"},
		{"ctl fly", "unexpected argument fly"},
		{"ctl set_rate motion", `expected "<fps>"`},
		{"ctl set_rate motion fast", "fps"},
		{"ctl set_rate motion -1", "-1 is negative; write a number above 0"},
		{"ctl set_rate motion -12.5", "-12.5 is negative"},
		{"ctl set_rate motion -x 1", "unknown flag -x"},
		{"ctl pause front", "unexpected argument front; a camera is chosen with --camera front"},
		{"ctl rule_off person front", "a camera is chosen with --camera front"},
		{"ctl reload front", "unexpected argument front\n"},
		{"ctl detach", `expected "<detector>"`},
		{"connect a b", "unexpected argument b"},
		{"ctl status --no-ui", "--no-ui: is for run, not for ctl status"},
		{"--camera-uri x ctl status", "--camera-uri: is for run and init, not for ctl status"},
		{"connect --watch", "--watch: is for run, not for connect"},
		{"ctl --config x status", "choose the rvo-tui with --addr"},
		{"ctl status --ascii", "--ascii: is for run and connect"},
	} {
		_, err := Parse(strings.Fields(c.args), io.Discard)
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

// An empty value, as of an unset variable in a script, is not the default: the configured cameras,
// all cameras, all messages.
func TestEmptyValuesAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"--config", ""},
		{"--config="},
		{"--camera-uri", ""},
		{"--find", ""},
		{"check", ""},
		{"connect", ""},
		{"ctl", "disable", "person", "--camera", ""},
		{"ctl", "disarm", ""},
		{"ctl", "discard", "hook", ""},
		{"ctl", "--addr", "", "status"},
	} {
		_, err := Parse(args, io.Discard)
		var usage *UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), "is empty; give a value") {
			t.Errorf("%q: got %v", args, err)
		}
	}
	if cmd, err := ParseVerb([]string{"discard", "hook", ""}, Env{}); err == nil {
		t.Errorf("discard: got %+v", cmd)
	}
	for _, args := range [][]string{{"--metrics-listen", ""}, {"--control-socket="}, {"--web", ""}, {"init", "--tell="}} {
		if _, err := Parse(args, io.Discard); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// A port alone is taken for the address that it is meant to be, and refused with the configuration.
func TestWebTakesAPort(t *testing.T) {
	for args, want := range map[string]string{"--web 8080": "8080", "--web :8080": ":8080", "--web": DefaultWeb, "--web run": DefaultWeb, "--web --no-ui": DefaultWeb} {
		flags, err := Parse(strings.Fields(args), io.Discard)
		if err != nil || flags.Web == nil || *flags.Web != want {
			t.Errorf("%q: got %v, %v; want %s", args, flags.Web, err, want)
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
		"ctl set_rate motion fast":    "rvo-tui ctl set_rate --help",
		"ctl attach motion --no-ui":   "rvo-tui ctl attach --help",
		"ctl attach motion --fly a=b": "rvo-tui ctl attach --help",
	} {
		_, err := Parse(strings.Fields(args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), `"`+want+`"`) {
			t.Errorf("%q: got %v, want it to name %q", args, err, want)
		}
	}
}

func TestWebTakesAnAddressOrNone(t *testing.T) {
	for line, want := range map[string]string{
		"--web": DefaultWeb, "--web --no-ui": DefaultWeb, "--web :80 --no-ui": ":80", "--web=[::1]:0": "[::1]:0", "--web=": "", "--web run": DefaultWeb,
	} {
		flags, err := Parse(strings.Fields(line), io.Discard)
		if err != nil || flags.Web == nil || *flags.Web != want {
			t.Errorf("%s: %v, %v", line, flags.Web, err)
		}
	}
	if flags, err := Parse(nil, io.Discard); err != nil || flags.Web != nil {
		t.Errorf("without the flag: %v, %v", flags.Web, err)
	}
}
