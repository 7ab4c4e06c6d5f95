package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
	"rvo-tui/ui"
)

func TestScreenTakesTheUISectionAlone(t *testing.T) {
	load := func(text string, flags cli.Flags) (ui.Config, error) {
		flags.Config = filepath.Join(t.TempDir(), "rvo.toml")
		if err := os.WriteFile(flags.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return testLoader().Screen(flags)
	}
	// A configuration for another machine may lack its secrets here.
	cfg, err := load("[[camera]]\nname = 1\nsource = \"rtsp://u:${GONE}@h\"\n[ui]\ntheme = \"mono\"\nrate = 5\n", cli.Flags{ASCII: true})
	if err != nil || cfg.Theme != "mono" || cfg.Rate != 5 || !cfg.ASCII || !cfg.Preview {
		t.Errorf("got %+v, %v", cfg, err)
	}
	_, err = load("[ui]\ntheme = \"pink\"\nrat = 5\n", cli.Flags{})
	if err == nil || !strings.Contains(err.Error(), `:2:9: ui: theme: "pink"`) || !strings.Contains(err.Error(), `did you mean "rate"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := testLoader().Screen(cli.Flags{Config: filepath.Join(t.TempDir(), "none.toml")}); err == nil {
		t.Error("a file that is not there is taken")
	}
	if cfg, err := testLoader().Screen(cli.Flags{}); err != nil || cfg.Rate != ui.DefaultConfig().Rate {
		t.Errorf("without a file: %+v, %v", cfg, err)
	}
}
