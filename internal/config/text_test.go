package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
)

func TestParseDetector(t *testing.T) {
	on := func(change func(c *detectors.Config)) detectors.Config {
		c := detectors.DefaultConfig()
		change(&c)
		return c
	}
	for _, c := range []struct {
		text string
		want detectors.Config
	}{
		{`{"kind": "motion", "name": "m"}`, on(func(c *detectors.Config) { c.Kind, c.Name = "motion", "m" })},
		{`{"kind": "remote", "name": "p", "endpoint": "localhost:1", "token": "${HOME}", "needs": ["m > 1", "m < 2"], "max_fps": 3, "ttl": "2s", "enabled": false}`, on(func(c *detectors.Config) {
			c.Kind, c.Name, c.MaxFPS = "remote", "p", 3
			c.Needs, c.TTL, c.Enabled = []string{"m > 1", "m < 2"}, text.Duration(2*time.Second), false
			c.Options = remote.Options{Connection: remote.Connection{Endpoint: "localhost:1", Token: "${HOME}"}}
		})},
	} {
		got, err := ParseDetector(testKinds(), []byte(c.text))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, %v", c.text, got, err)
			continue
		}
		text, err := DetectorKeys(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseDetector(testKinds(), text); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q written and read again: got %+v, %v", text, again, err)
		}
	}
}

func TestProblemsWithKeysAreNamed(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{`{"kind": "moton", "name": "m"}`, []string{`kind: "moton" is not a kind of detector`, `did you mean "motion"?`}},
		{`{"kind": "motion", "name": "m", "max_fsp": 3}`, []string{`unknown key "max_fsp"; did you mean "max_fps"?`}},
		{`{"kind": "motion", "name": "m", "max_fps": "x", "ttl": 3}`, []string{"max_fps: must be a number, not a text", "ttl: must be a duration in quotes"}},
		{`{"kind": "motion", "name": "m", "endpoint": "a:1"}`, []string{`kind "motion" does not take "endpoint"`}},
		{`{"kind": "motion", "name": "m", "threshold": 0}`, []string{"threshold: cannot be 0"}},
		{`{"kind": "motion", "name": "m", "cameras": null}`, []string{"cameras: null is not a value"}},
		{`{"detector": [{"kind": "motion"}]}`, []string{"detector: an object is not a value"}},
		{`{"kind": `, []string{"not a single JSON object"}},
		{`{} {}`, []string{"not a single JSON object"}},
		{`[]`, []string{"not a single JSON object"}},
		{`{"x": "` + strings.Repeat("a", maxText) + `"}`, []string{"at most 65536"}},
		{"{}", []string{"kind: is missing", "name:"}},
	} {
		_, err := ParseDetector(testKinds(), []byte(c.text))
		if err == nil {
			t.Errorf("%.80q is taken", c.text)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%.80q: got %q, want it to say %q", c.text, err, want)
			}
		}
	}
	_, err := ParseCamera([]byte(`{"name": "a b", "source": "gopher://u:hunter2@h", "speed": 1}`))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"name: ", "source: ", `unknown key "speed"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to say %q", err, want)
		}
	}
}

func TestCameraKeysAreReadAsWritten(t *testing.T) {
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = "door", "rtsp://u:p%22%24@10.0.0.7/s?a='${X}é"
	cfg.Transport, cfg.FPS, cfg.StallTimeout = "udp", 12.5, text.Duration(3*time.Second)
	text, err := CameraKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseCamera(text)
	if err != nil || got != cfg {
		t.Errorf("%q: got %+v, %v", text, got, err)
	}
	if strings.Contains(string(text), "hwaccel") {
		t.Errorf("a default is written: %q", text)
	}
}

func FuzzParseDetector(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"motion","name":"m"}`, `{"kind":"remote","name":"p","endpoint":"a:1","token":"${X}"}`, `{"a":{"b":1}}`, `{"a.b":1}`, `{"kind":"onnx","name":"n","mean":[1,2.5]}`,
	} {
		f.Add(seed)
	}
	kinds := testKinds()
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := ParseDetector(kinds, []byte(text))
		if err != nil {
			return
		}
		out, err := DetectorKeys(cfg)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDetector(kinds, out)
		if err != nil || !reflect.DeepEqual(again, cfg) {
			t.Fatalf("%q, written as %q, comes back as %+v, %v; want %+v", text, out, again, err, cfg)
		}
	})
}
