package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/detectors"
	"rvo-tui/ui"
)

func TestScreenTakesTheUISectionAlone(t *testing.T) {
	load := func(text string, flags Flags) (ui.Config, error) {
		flags.Config = filepath.Join(t.TempDir(), "rvo.toml")
		if err := os.WriteFile(flags.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return testLoader().screen(flags)
	}
	// A configuration for another machine may lack its secrets here.
	cfg, err := load("[[camera]]\nname = 1\nsource = \"rtsp://u:${GONE}@h\"\n[ui]\ntheme = \"mono\"\nrate = 5\n", Flags{ASCII: true})
	if err != nil || cfg.Theme != "mono" || cfg.Rate != 5 || !cfg.ASCII || !cfg.Preview {
		t.Errorf("got %+v, %v", cfg, err)
	}
	_, err = load("[ui]\ntheme = \"pink\"\nrat = 5\n", Flags{})
	if err == nil || !strings.Contains(err.Error(), `:2:9: ui: theme: "pink"`) || !strings.Contains(err.Error(), `did you mean "rate"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := testLoader().screen(Flags{Config: filepath.Join(t.TempDir(), "none.toml")}); err == nil {
		t.Error("a file that is not there is taken")
	}
	if cfg, err := testLoader().screen(Flags{}); err != nil || cfg.Rate != ui.DefaultConfig().Rate {
		t.Errorf("without a file: %+v, %v", cfg, err)
	}
}

func TestConnectNeedsATerminal(t *testing.T) {
	flags, err := ParseFlags([]string{"connect"}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if ui.IsTerminal() {
		t.Skip("this test runs on a terminal")
	}
	if err := connect(context.Background(), testLoader(), flags); err == nil || !strings.Contains(err.Error(), "use rvo-tui ctl in scripts") {
		t.Errorf("got %v", err)
	}
}

func TestConfiguredEndpoints(t *testing.T) {
	r := &reloader{}
	r.cfg.Detector = append(r.cfg.Detector, motionOf("a"), remoteOf("gpu:1"), remoteOf("gpu:2"))
	if got := strings.Join(r.endpoints(), " "); got != "gpu:1 gpu:2" {
		t.Errorf("got %q", got)
	}
}

func motionOf(name string) detectors.Config {
	c := detectors.DefaultConfig()
	c.Kind, c.Name = "motion", name
	return c
}

func remoteOf(endpoint string) detectors.Config {
	c := detectors.DefaultConfig()
	c.Kind, c.Endpoint = "remote", endpoint
	return c
}
