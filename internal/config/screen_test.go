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

// The colours of a theme come from a file, and errors have their position in it.
func TestThemeOfAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	load := func(theme string) (Config, error) {
		if err := os.WriteFile("night.toml", []byte(theme), 0o600); err != nil {
			t.Fatal(err)
		}
		return testLoader("PW=x").Compose("rvo.toml", []byte(threeCameras+"\n[ui]\ntheme = \"night.toml\"\n"), cli.Flags{})
	}
	cfg, err := load("base = \"contrast\"\nbad = \"#ff0000\"\n")
	if err != nil || cfg.UI.Colors == nil || cfg.UI.Colors.Bad != "#ff0000" || cfg.UI.Colors.Base != "contrast" {
		t.Errorf("%+v, %v", cfg.UI.Colors, err)
	}
	for theme, want := range map[string]string{
		"bad = \"red\"\n":    `night.toml:1:7: bad: "red" is not a color`,
		"\nbda = \"#000\"\n": `night.toml:2:1: unknown key "bda"; did you mean "bad"?`,
		"bad = \n":           "night.toml:1:",
	} {
		if _, err := load(theme); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", theme, err, want)
		}
	}
	if err := os.Remove("night.toml"); err != nil {
		t.Fatal(err)
	}
	_, err = testLoader().Compose("rvo.toml", []byte("[ui]\ntheme = \"night.toml\"\n"), cli.Flags{})
	if want := "rvo.toml:2:9: ui: theme: night.toml: read configuration: there is no such file"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a theme that is not there: %v", err)
	}
}
