package config

import (
	"strings"
	"testing"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/starter"
)

// The output of init is a valid configuration, whatever the answers.
func TestStarter(t *testing.T) {
	for _, thing := range starter.Things() {
		for _, tell := range []string{"", "webhook:https://example.org/events", "ntfy://ntfy.sh/topic"} {
			a := starter.Answers{Source: `./odd "name" \ é.mp4`, Find: thing.Name, Tell: tell}
			cfg, err := loadText(t, testLoader(), starter.Text(a), cli.Flags{})
			if err != nil {
				t.Fatalf("%s, %q: %v\n%s", thing.Name, tell, err, starter.Text(a))
			}
			if cfg.Camera[0].Source != a.Source || cfg.Rule[0].Event != thing.Name {
				t.Errorf("source %q, event %q", cfg.Camera[0].Source, cfg.Rule[0].Event)
			}
			if got := len(cfg.Notify); (got == 1) != (tell != "") {
				t.Errorf("%q: %d outputs", tell, got)
			}
		}
	}
}

func TestFindReplacesTheFile(t *testing.T) {
	cfg, err := testLoader().Load(cli.Flags{Find: "motion", CameraURI: "synthetic:dark"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Camera[0].Source != "synthetic:dark" || len(cfg.Rule) != 1 || cfg.Rule[0].Event != "motion" {
		t.Errorf("%+v", cfg)
	}
}

func TestFindProblems(t *testing.T) {
	for want, flags := range map[string]cli.Flags{
		"choose motion, person or face":   {Find: "cats", CameraURI: "synthetic:dark"},
		"needs --camera-uri":              {Find: "motion"},
		"leave --watch out":               {Find: "motion", CameraURI: "synthetic:dark", Watch: true},
		`--camera-uri: camera "camera": `: {Find: "motion", CameraURI: "gopher://x"},
	} {
		if _, err := testLoader().Load(flags); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", flags, err, want)
		}
	}
}
