package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
)

const sound = `
[[camera]]
name = "door"
source = "synthetic:street"
[[detector]]
name = "motion"
kind = "motion"
[[rule]]
event = "moved"
when = "motion > 0.1"
`

// An error within the table of a camera, detector, rule or output leaves out that table. An error
// elsewhere, or in a table that others need, is an error, and so is everything for callers who
// want no quarantine.
func TestQuarantine(t *testing.T) {
	for _, c := range []struct {
		name, text string
		where      string // the table left out; empty: it is an error
		problem    string
	}{
		{"camera, wrong value", "[[camera]]\nname = \"yard\"\nsource = \"synthetic:street\"\nfps = -1\n", `camera "yard"`, "fps"},
		{"camera, wrong type", "[[camera]]\nname = \"yard\"\nsource = 5\n", `camera "yard"`, "source"},
		{"camera, missing secret", "[[camera]]\nname = \"yard\"\nsource = \"rtsp://a:${NOWHERE}@b/c\"\n", `camera "yard"`, "NOWHERE"},
		{"camera without a name", "[[camera]]\nsource = \"synthetic:street\"\n", "camera 2", "name"},
		{"detector of no kind", "[[detector]]\nname = \"extra\"\nkind = \"moton\"\n", `detector "extra"`, "moton"},
		{"detector, unknown key", "[[detector]]\nname = \"extra\"\nkind = \"dummy\"\nmax_fsp = 2\n", `detector "extra"`, "max_fsp"},
		{"detector, missing secret in its signal", "[[detector]]\nname = \"extra\"\nkind = \"dummy\"\nsignal = \"${NOWHERE}\"\n", `detector "extra"`, "NOWHERE"},
		{"rule, grammar", "[[rule]]\nevent = \"extra\"\nwhen = \"motion >\"\n", `rule "extra"`, "when"},
		{"output", "[[notify]]\nname = \"extra\"\nto = \"gopher://a\"\n", `notify "extra"`, "to"},
		{"broker", "[mqtt]\nserver = \"gopher://a\"\n", "mqtt", "server"},

		{"detector that a rule needs", "[[detector]]\nname = \"extra\"\nkind = \"dummy\"\nmax_fps = -1\n[[rule]]\nevent = \"other\"\nwhen = \"extra\"\n", "", "max_fps"},
		{"camera that a rule names", "[[camera]]\nname = \"yard\"\nsource = 5\n[[rule]]\nevent = \"other\"\nwhen = \"motion\"\ncameras = [\"yard\"]\n", "", "source"},
		{"section", "[clips]\nbefore = \"long\"\n", "", "before"},
		{"zone", "[[zone]]\nname = \"gate\"\npoints = []\n", "", "points"},
		{"unknown section", "[camra]\nname = \"yard\"\n", "", "camra"},
		{"two of a name", "[[camera]]\nname = \"door\"\nsource = \"synthetic:empty\"\n", "", "is taken"},
		{"rule on an unknown signal", "[[rule]]\nevent = \"other\"\nwhen = \"persn > 1\"\n", "", "persn"},
		{"grammar of the file", "[[camera]\n", "", ""},
		{"too many", strings.Repeat("[[camera]]\nname = \"\"\n", maxElements), "", "problems"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := testLoader()
			if _, err := loadText(t, l, sound+c.text, cli.Flags{}); err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("where everything must be right it says %v, not %q", err, c.problem)
			}
			l.Quarantine = true
			cfg, err := loadText(t, l, sound+c.text, cli.Flags{})
			if c.where == "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("got %v, want an error that says %q", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(cfg.Quarantined) != 1 || cfg.Quarantined[0].Where != c.where || !strings.Contains(cfg.Quarantined[0].Problems[0].String(), c.problem) {
				t.Errorf("quarantined: %v, want %s because of %q", cfg.Quarantined, c.where, c.problem)
			}
			if len(cfg.Camera) != 1 || len(cfg.Detector) != 1 || len(cfg.Rule) != 1 || len(cfg.Notify) != 0 || cfg.MQTT.Server != "" {
				t.Errorf("%d cameras, %d detectors, %d rules and %d outputs are left", len(cfg.Camera), len(cfg.Detector), len(cfg.Rule), len(cfg.Notify))
			}
		})
	}
}

// What is left out is listed in the order of the file.
func TestQuarantineOrder(t *testing.T) {
	l := testLoader()
	l.Quarantine = true
	text := sound + "[mqtt]\nserver = \"${NOWHERE}\"\n"
	want := []string{"mqtt"}
	for _, name := range []string{"a", "b", "c", "d"} {
		text += fmt.Sprintf("[[notify]]\nname = %q\nto = \"${NOWHERE}\"\n[[camera]]\nname = %q\nsource = \"${NOWHERE}\"\n", name, name)
		want = append(want, fmt.Sprintf("notify %q", name), fmt.Sprintf("camera %q", name))
	}
	cfg, err := loadText(t, l, text, cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range cfg.Quarantined {
		got = append(got, q.Where)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The last camera is always needed.
func TestQuarantineOfTheOnlyCamera(t *testing.T) {
	l := testLoader()
	l.Quarantine = true
	if _, err := loadText(t, l, "[[camera]]\nname = \"yard\"\nsource = 5\n", cli.Flags{}); err == nil {
		t.Error("it runs without a camera")
	}
}
