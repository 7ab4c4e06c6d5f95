package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// commandOf returns the command for a line of ctl.
func commandOf(t *testing.T, l config.Loader, args ...string) (runtime.Command, error) {
	t.Helper()
	flags, err := cli.Parse(append([]string{"ctl"}, args...), new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	return command(l, flags)
}

func TestCtlCommands(t *testing.T) {
	l := testLoader("TOKEN=sesame", "PW=a@b")
	attached := func(change func(c *detectors.Config)) *detectors.Config {
		c := detectors.DefaultConfig()
		change(&c)
		return &c
	}
	camera := capture.DefaultConfig()
	camera.Name, camera.Source, camera.FPS = "yard", "rtsp://u:a%40b@h/s", 5
	for _, c := range []struct {
		args []string
		want runtime.Command
	}{
		{[]string{"attach", "motion"}, runtime.Command{Do: runtime.Attach, Attached: attached(func(c *detectors.Config) { c.Kind, c.Name = "motion", "motion" })}},
		{[]string{
			"attach", "remote", "--camera", "door", "name=p", "endpoint=localhost:1", "token=${TOKEN}", "max_fps=2.5", "ttl=2s", "enabled=false",
			"needs=a > 1", "needs=b < 2", "signals=[\"x\", \"y\"]",
		}, runtime.Command{Do: runtime.Attach, Camera: "door", Attached: attached(func(c *detectors.Config) {
			c.Kind, c.Name, c.MaxFPS, c.Enabled = "remote", "p", 2.5, false
			c.TTL, c.Needs = text.Duration(2*time.Second), []string{"a > 1", "b < 2"}
			c.Options = remote.Options{Connection: remote.Connection{Endpoint: "localhost:1", Token: "sesame"}, Sending: remote.Sending{Signals: []string{"x", "y"}}}
		})}},
		{[]string{"attach", "onnx", "name=n", "model=/models/there.onnx", "mean=1", "mean=2", "mean=3"}, runtime.Command{Do: runtime.Attach, Attached: attached(func(c *detectors.Config) {
			with, err := l.Kinds.Parse("onnx", []string{"model=/models/there.onnx", "mean=1, 2, 3"})
			if err != nil {
				t.Fatal(err)
			}
			c.Kind, c.Name, c.Options = "onnx", "n", with.Options
		})}},
		{[]string{"add_camera", "yard", "rtsp://u:${PW}@h/s", "fps=5"}, runtime.Command{Do: runtime.AddCamera, Added: &camera}},
		{[]string{"detach", "m", "--camera", "door"}, runtime.Command{Do: runtime.Detach, Camera: "door", Detector: "m"}},
		{[]string{"enable", "m"}, runtime.Command{Do: runtime.Enable, Detector: "m"}},
		{[]string{"disable", "m"}, runtime.Command{Do: runtime.Disable, Detector: "m"}},
		{[]string{"set_rate", "m", "3"}, runtime.Command{Do: runtime.SetRate, Detector: "m", FPS: 3}},
		{[]string{"remove_camera", "yard"}, runtime.Command{Do: runtime.RemoveCamera, Camera: "yard"}},
		{[]string{"pause", "--camera", "all"}, runtime.Command{Do: runtime.Pause}},
		{[]string{"resume", "--camera", "door"}, runtime.Command{Do: runtime.Resume, Camera: "door"}},
		{[]string{"rule_on", "r"}, runtime.Command{Do: runtime.RuleOn, Rule: "r"}},
		{[]string{"rule_off", "r"}, runtime.Command{Do: runtime.RuleOff, Rule: "r"}},
		{[]string{"clip", "--camera", "door"}, runtime.Command{Do: runtime.SaveClip, Camera: "door"}},
		{[]string{"reload"}, runtime.Command{Do: runtime.Reload}},
		{[]string{"acknowledge", "detector_failed:person"}, runtime.Command{Do: runtime.Acknowledge, Alert: "detector_failed:person"}},
		{[]string{"notify", "test", "phone"}, runtime.Command{Do: runtime.Notify, Output: "phone"}},
		{[]string{"resend", "phone"}, runtime.Command{Do: runtime.Resend, Output: "phone"}},
		{[]string{"resend", "phone", "all"}, runtime.Command{Do: runtime.Resend, Output: "phone"}},
		{[]string{"discard", "phone", "x-clip"}, runtime.Command{Do: runtime.Discard, Output: "phone", Message: "x-clip"}},
	} {
		got, err := commandOf(t, l, c.args...)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, %v; want %+v", c.args, got, err, c.want)
		}
	}
	if text := l.Secrets.Redact("sesame"); text != "***" {
		t.Error("what ${TOKEN} gave is not secret")
	}
}

// Every verb of the runtime is a command of ctl.
func TestCtlHasEveryVerb(t *testing.T) {
	lines := [][]string{
		{"attach", "motion"},
		{"detach", "x"},
		{"enable", "x"},
		{"disable", "x"},
		{"set_rate", "x", "1"},
		{"add_camera", "a", "synthetic:dark"},
		{"remove_camera", "a"},
		{"pause", "--camera", "all"},
		{"resume", "--camera", "all"},
		{"rule_on", "x"},
		{"rule_off", "x"},
		{"arm"},
		{"disarm", "x"},
		{"clip", "--camera", "all"},
		{"reload"},
		{"acknowledge", "detector_failed:x"},
		{"notify", "test", "x"},
		{"resend", "x"},
		{"discard", "x"},
	}
	var got []runtime.Verb
	for _, line := range lines {
		c, err := commandOf(t, testLoader(), line...)
		if err != nil {
			t.Errorf("%q: %v", line, err)
		}
		got = append(got, c.Do)
	}
	if !reflect.DeepEqual(got, runtime.Verbs()) {
		t.Errorf("ctl has %v, want %v", got, runtime.Verbs())
	}
}

func TestCtlRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"attach", "moton"}, `did you mean "motion"?`},
		{[]string{"attach", "motion", "max_fps"}, `"max_fps" must be KEY=VALUE`},
		{[]string{"attach", "motion", "max_fsp=3"}, `did you mean "max_fps"?`},
		{[]string{"attach", "motion", "max_fps=fast"}, `max_fps: must be a number, not "fast"`},
		{[]string{"attach", "motion", "max_fps=1", "max_fps=2"}, "max_fps: is given twice"},
		{[]string{"attach", "motion", "kind=quality"}, "kind: is given twice"},
		{[]string{"attach", "motion", "enabled=perhaps"}, "enabled: must be true or false"},
		{[]string{"attach", "motion", "needs=[a"}, "is not a list"},
		{[]string{"attach", "motion", "ttl=soon"}, "is not a duration"},
		{[]string{"attach", "remote", "endpoint=a:1", "token=${GONE}"}, "${GONE} is not set"},
		{[]string{"add_camera", "a b", "synthetic:dark"}, "name:"},
		{[]string{"set_rate", "m", "nan"}, "set_rate: fps: must be above 0"},
		{[]string{"set_rate", "m", "inf"}, "set_rate: fps: must be above 0"},
		{[]string{"pause"}, "pause: no camera was named; write --camera NAME, or --camera all for every camera"},
		{[]string{"resume"}, "--camera all"},
		{[]string{"clip"}, "--camera all"},
		{[]string{"add_camera", "a", "gopher://x"}, "source:"},
		{[]string{"add_camera", "a", "synthetic:dark", "source=synthetic:street"}, "source: is given twice"},
	} {
		_, err := commandOf(t, testLoader(), c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want it to say %q", c.args, err, c.want)
		}
	}
}

func TestCtlAnswersInJSON(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--json", "attach", "moton"}, exitUsage, "moton"},
		{[]string{"--json", "pause"}, exitUsage, "--camera all"},
		{[]string{"--json", "reload", "--addr", filepath.Join(t.TempDir(), "none.sock")}, exitFailure, "no rvo-tui answers"},
		{[]string{"--json", "status", "--addr", filepath.Join(t.TempDir(), "none.sock")}, exitFailure, "no rvo-tui answers"},
		{[]string{"--json", "watch", "--rate", "100"}, exitUsage, "--rate"},
		{[]string{"--json", "clips", "--limit=-1"}, exitUsage, "--limit"},
		{[]string{"--json", "status", "--token", "a-token-in-plain"}, exitUsage, "write '${NAME}'"},
	} {
		flags, err := cli.Parse(append([]string{"ctl"}, c.args...), new(bytes.Buffer))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		got := status(ctl(context.Background(), testLoader(), flags, &out))
		var answer struct{ Error string }
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil || got != c.status || !strings.Contains(answer.Error, c.want) {
			t.Errorf("%q: status %d and %q; want %d and %q", c.args, got, out.String(), c.status, c.want)
		}
		if strings.Contains(out.String(), "in-plain") {
			t.Errorf("%q: a token is shown: %s", c.args, out.String())
		}
	}
}

func TestCtlNamesTheHelpOfItsVerb(t *testing.T) {
	for _, args := range [][]string{{"attach", "moton"}, {"watch", "--rate", "100"}, {"status", "--token", "plain"}} {
		flags, err := cli.Parse(append([]string{"ctl"}, args...), new(bytes.Buffer))
		if err != nil {
			t.Fatal(err)
		}
		err = ctl(t.Context(), testLoader(), flags, new(bytes.Buffer))
		if want := `"rvo-tui ctl ` + args[0] + ` --help"`; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to name %s", args, err, want)
		}
	}
}

// An interrupt during a command gives a readable message, and an error: without an answer, alerts
// are not known to be none.
func TestCtlInterrupted(t *testing.T) {
	for verb, want := range map[string]string{
		"reload": "check with ctl status whether it was done", "alerts": "interrupted before", "status": "interrupted before", "diff": "interrupted before",
	} {
		t.Run(verb, func(t *testing.T) { ctlInterrupted(t, verb, want) })
	}
}

func ctlInterrupted(t *testing.T, verb, want string) {
	at := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer ln.Close()
	wg.Go(func() { // takes the connection, and never answers
		if conn, err := ln.Accept(); err == nil {
			defer conn.Close()
			interrupt()
			<-ctx.Done()
		}
	})
	flags, err := cli.Parse([]string{"ctl", verb, "--addr", at}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := ctl(ctx, testLoader(), flags, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestPrintOutboxIsSafeForATerminal(t *testing.T) {
	const bad = "\x1b]0;x\x07"
	v := &runtime.OutboxView{
		File: "/var" + bad, State: "degraded" + bad, Reason: "full" + bad, Moved: "/old" + bad,
		Outputs: []runtime.OutputView{{Name: "hook" + bad, Reason: bad, AsideCount: 1, Aside: []runtime.AsideView{{ID: "7" + bad, Reason: bad}}}},
	}
	var out bytes.Buffer
	if err := printOutbox(&out, v, false); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.ContainsAny(text, "\x1b\x07") || !strings.Contains(text, "resend them: ctl resend hook") {
		t.Errorf("printed %q", text)
	}
}

func TestPrintStatusIsSafeForATerminal(t *testing.T) {
	s := &runtime.Snapshot{Cameras: []runtime.CameraView{{
		Status: capture.Status{Name: "do\x1b[31mor", State: capture.Reconnecting, Reason: "no\nanswer", Source: "rtsp://h"},
		View: engine.View{
			Detectors: []engine.DetectorView{{Spec: detectors.Spec{Name: "d\tx", Kind: "remote"}, State: engine.DetectorFailed, Reason: "\x1b]0;x\x07"}},
			Signals:   []engine.SignalView{{Name: "s", Unknown: detectors.Errored, Why: "detector failed", Value: 7, Detections: make([]detectors.Detection, 7)}},
			Rules:     []engine.RuleView{{Event: "e", When: "s > 1", Status: rules.Status{State: rules.Idle}}},
		},
		Queues: []runtime.QueueView{{Name: "pool", Capacity: 8, Drops: []engine.Count{{Reason: "pool", N: 3}}}},
	}}, Sinks: []runtime.SinkView{{Name: "stdout", State: "degraded", Reason: "closed"}}}
	var out bytes.Buffer
	if err := printStatus(&out, s, false); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.ContainsAny(text, "\x1b\x07") {
		t.Errorf("control characters are printed: %q", text)
	}
	if unknown := regexp.MustCompile(`(?m) s +unknown +- +- +detector failed$`); !unknown.MatchString(text) {
		t.Errorf("of what is unknown nothing is to be counted:\n%s", text)
	}
	for _, want := range []string{"reconnecting", "no answer", "failed", "unknown", "detector failed", "s > 1", "pool 3", "degraded"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// A compromised program must not send control sequences to the terminal.
func TestCtlPrintsNothingThatATerminalObeys(t *testing.T) {
	const evil = "a\x1b]0;x\x07\u009b31m\x7f\nb\r\x00c\u202e\u2066d\u200f\U000e0041"
	event := runtime.RecentEvent{Event: rules.Event{ID: evil, Type: evil, Camera: evil, Phase: evil, Clauses: []rules.Clause{{Text: evil}}}}
	line := logging.Line{Text: evil}
	snap := &runtime.Snapshot{Cameras: []runtime.CameraView{{Status: capture.Status{Name: evil, State: evil, Reason: evil, Source: evil}}}}
	entry := clips.Entry{EventID: evil, EventType: evil, Camera: evil, Path: evil, Movie: evil, Damaged: evil}
	for _, asJSON := range []bool{false, true} {
		for what, show := range map[string]func(io.Writer) error{
			"status": func(w io.Writer) error { return printStatus(w, snap, asJSON) },
			"event":  func(w io.Writer) error { return printEvent(w, event, asJSON) },
			"log":    func(w io.Writer) error { return printLine(w, line, asJSON) },
			"clips":  func(w io.Writer) error { return printClips(w, evil, []clips.Entry{entry}, asJSON) },
			"none":   func(w io.Writer) error { return printClips(w, evil, nil, asJSON) },
		} {
			var out bytes.Buffer
			if err := show(&out); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if at := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); at >= 0 {
				t.Errorf("%s, JSON %v: control character in %q", what, asJSON, out.String())
			}
			if asJSON && what != "none" && (!json.Valid(out.Bytes()) || strings.Count(out.String(), "\n") != 1) {
				t.Errorf("%s is no line of JSON: %q", what, out.String())
			}
		}
	}
	var back logging.Line
	var out bytes.Buffer
	if err := printLine(&out, line, true); err != nil || json.Unmarshal(out.Bytes(), &back) != nil || back.Text != evil {
		t.Errorf("text does not survive: %q, %v", back.Text, err)
	}
}

func TestPrintClipsSaysWhereTheyAre(t *testing.T) {
	var out bytes.Buffer
	long := "/var/lib/" + strings.Repeat("evidence/", 40)
	err := printClips(&out, long, []clips.Entry{{Camera: "door", Path: "door/a", Movie: "clip.mp4"}}, false)
	if want := long + "door/a/clip.mp4"; err != nil || !strings.Contains(out.String(), want) {
		t.Errorf("got %q, %v; want %s in it", out.String(), err, want)
	}
}

func TestPrintFails(t *testing.T) {
	broken := errors.New("nobody reads it")
	w := writerFunc(func([]byte) (int, error) { return 0, broken })
	for name, err := range map[string]error{
		"status": printStatus(w, &runtime.Snapshot{}, false), "status in JSON": printStatus(w, &runtime.Snapshot{}, true),
		"event": printEvent(w, runtime.RecentEvent{}, false), "event in JSON": printEvent(w, runtime.RecentEvent{}, true),
		"line": printLine(w, logging.Line{}, false), "line in JSON": printLine(w, logging.Line{}, true),
	} {
		if !errors.Is(err, broken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
