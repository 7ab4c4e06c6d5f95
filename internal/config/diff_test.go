package config

import (
	"slices"
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

const threeCameras = `# three
[[camera]]
name = "door"
source = "rtsp://user:${PW}@10.0.0.7/s" # the front

[[camera]]
name = "yard"
source = "synthetic:street"

[[camera]]
name = "gate"
source = "synthetic:street"

[[detector]]
name = "motion"
kind = "motion"
max_fps = 5 # often enough

# only outside
[[detector]]
name = "view"
kind = "quality"
cameras = ["yard", "gate"]

[[rule]] # away
event = "away"
when = "motion < 0.1"
for = "10s"

[[rule]]
event = "blind"
when = "view_brightness < 0.1"
cameras = ["yard"]
enabled = false

[[notify]]
name = "phone"
to = "ntfy://ntfy.sh/x"
cameras = ["gate", "yard"]
`

// runningOf returns the running state of a configuration.
func runningOf(cfg Config) (list []runtime.RunningCamera) {
	for _, c := range cfg.Camera {
		r := runtime.RunningCamera{Config: c}
		for _, d := range cfg.Detector {
			if len(d.Cameras) == 0 || slices.Contains(d.Cameras, c.Name) {
				r.Detectors = append(r.Detectors, d.On(c.Name))
			}
		}
		for _, o := range cfg.Rule {
			if len(o.Cameras) == 0 || slices.Contains(o.Cameras, c.Name) {
				r.Rules = append(r.Rules, o.On(c.Name))
			}
		}
		list = append(list, r)
	}
	return list
}

func TestDiff(t *testing.T) {
	type state = []runtime.RunningCamera
	rule := func(s state, camera int, event string) *rules.Config {
		i := slices.IndexFunc(s[camera].Rules, func(c rules.Config) bool { return c.Event == event })
		return &s[camera].Rules[i]
	}
	extra := detectors.DefaultConfig()
	extra.Name, extra.Kind, extra.Needs = "extra", "motion", []string{"motion > 0.5"}
	added := capture.DefaultConfig()
	added.Name, added.Source, added.FPS = "attic", "synthetic:empty", 5
	secret := added
	secret.Source = "rtsp://user:clear-text@10.0.0.9/s"
	for _, c := range []struct {
		name   string
		change func(s state) state
		want   []string // old and new text, alternating
		cannot string
		why    string // why it is refused; empty: it is not
	}{
		{name: "nothing", change: func(s state) state { return s }},
		{
			name:   "a rule off on one camera",
			change: func(s state) state { rule(s, 1, "away").Enabled = false; return s },
			want:   []string{"for = \"10s\"\n", "for = \"10s\"\ndisabled_on = [\"yard\"]\n"},
		},
		{
			name: "a rule off on all cameras",
			change: func(s state) state {
				for i := range s {
					rule(s, i, "away").Enabled = false
				}
				return s
			},
			want: []string{"for = \"10s\"\n", "for = \"10s\"\nenabled = false\n"},
		},
		{
			name:   "a rule on",
			change: func(s state) state { rule(s, 1, "blind").Enabled = true; return s },
			want:   []string{"enabled = false", "enabled = true"},
		},
		{
			name: "a rate",
			change: func(s state) state {
				for i := range s {
					s[i].Detectors[0].MaxFPS = 2.5
				}
				return s
			},
			want: []string{"max_fps = 5 #", "max_fps = 2.5 #"},
		},
		{
			name:   "rates that differ",
			change: func(s state) state { s[1].Detectors[0].MaxFPS = 2; return s },
			cannot: `detector "motion": its rate differs by camera`,
		},
		{
			name:   "a detector off on one camera",
			change: func(s state) state { s[2].Detectors[1].Enabled = false; return s },
			want:   []string{"[\"yard\", \"gate\"]\n", "[\"yard\", \"gate\"]\ndisabled_on = [\"gate\"]\n"},
		},
		{
			name:   "detached from one camera",
			change: func(s state) state { s[1].Detectors = s[1].Detectors[:1]; return s },
			want:   []string{"[\"yard\", \"gate\"]", "[\"gate\"]", "cameras = [\"yard\"]\nenabled", "cameras = [\"yard\"]\nenabled"},
			why:    "view_brightness",
		},
		{
			name: "attached to all",
			change: func(s state) state {
				for i := range s {
					s[i].Detectors = append(s[i].Detectors, extra)
				}
				return s
			},
			want: []string{"\"gate\"]\n\n[[rule]] # away", "\"gate\"]\n\n[[detector]]\nname = \"extra\"\nkind = \"motion\"\nneeds = [\"motion > 0.5\"]\n\n[[rule]] # away"},
		},
		{
			name:   "attached to one",
			change: func(s state) state { s[0].Detectors = append(s[0].Detectors, extra); return s },
			want:   []string{"\"gate\"]\n\n[[rule]] # away", "\"gate\"]\n\n[[detector]]\nname = \"extra\"\nkind = \"motion\"\ncameras = [\"door\"]\nneeds = [\"motion > 0.5\"]\n\n[[rule]] # away"},
		},
		{
			name: "a camera added",
			change: func(s state) state {
				return append(s, runtime.RunningCamera{Config: added, Detectors: s[0].Detectors, Rules: s[0].Rules})
			},
			want: []string{"street\"\n\n[[detector]]", "street\"\n\n[[camera]]\nname = \"attic\"\nsource = \"synthetic:empty\"\nfps = 5\n\n[[detector]]"},
		},
		{
			name: "a camera with a password",
			change: func(s state) state {
				return append(s, runtime.RunningCamera{Config: secret, Detectors: s[0].Detectors, Rules: s[0].Rules})
			},
			cannot: `camera "attic", added`,
		},
		{
			name:   "a camera removed",
			change: func(s state) state { return s[:2] },
			want: []string{
				"[[camera]]\nname = \"gate\"\nsource = \"synthetic:street\"\n\n", "",
				"[\"yard\", \"gate\"]", "[\"yard\"]", "[\"gate\", \"yard\"]", "[\"yard\"]",
			},
		},
		{
			name:   "a camera paused",
			change: func(s state) state { s[1].Paused = true; return s },
			cannot: `camera "yard" is paused`,
		},
	} {
		l := testLoader("PW=hunter2")
		cfg, err := l.Compose("rvo.toml", []byte(threeCameras), cli.Flags{})
		if err != nil {
			t.Fatal(err)
		}
		r := l.Diff(cfg, []byte(threeCameras), cli.Flags{}, c.change(runningOf(cfg)))
		want := threeCameras
		for i := 0; i < len(c.want); i += 2 {
			want = strings.Replace(want, c.want[i], c.want[i+1], 1)
		}
		if got := string(r.Text); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
		if (c.why == "") != (r.Diff.Refused == "") || !strings.Contains(r.Diff.Refused, c.why) {
			t.Errorf("%s: refused: %q, want %q", c.name, r.Diff.Refused, c.why)
		}
		switch {
		case c.cannot == "" && len(r.Diff.Unwritable) > 0, c.cannot != "" && (len(r.Diff.Unwritable) != 1 || r.Diff.Unwritable[0].What != c.cannot):
			t.Errorf("%s: unwritable: %v, want %q", c.name, r.Diff.Unwritable, c.cannot)
		}
		if strings.Contains(r.Diff.TOML, "hunter2") || strings.Contains(r.Diff.TOML, "clear-text") {
			t.Errorf("%s: a secret is shown:\n%s", c.name, r.Diff.TOML)
		}
	}
}

// Secrets that the file has in plain text are not shown when their tables go, and those of attached
// detectors are not written into it.
func TestDiffHidesSecrets(t *testing.T) {
	const text = threeCameras + `
[[detector]]
name = "people"
kind = "remote"
endpoint = "http://10.0.0.9:50051"
token = "plain-token"
cameras = ["gate"]

[[notify]]
name = "chat"
to = "discord://hook-token@4711"
cameras = ["gate"]

[[notify]]
name = "house"
to = "webhook:https://house.lan/hook-id"
headers = ["Authorization: Bearer key-of-the-house"]
cameras = ["gate"]
`
	l := testLoader("PW=hunter2")
	cfg, err := l.Compose("rvo.toml", []byte(text), cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	running := runningOf(cfg)[:2]
	attached, err := ParseDetector(l.Kinds, []byte(`{"name": "faces", "kind": "remote", "endpoint": "http://10.0.0.9:50051", "token": "sent-token"}`))
	if err != nil {
		t.Fatal(err)
	}
	running[0].Detectors = append(running[0].Detectors, attached)
	r := l.Diff(cfg, []byte(text), cli.Flags{}, running)
	shown := r.Diff.TOML
	for _, c := range r.Diff.Changes {
		shown += c.Old + c.New
	}
	for _, secret := range []string{"plain-token", "hook-token", "hook-id", "key-of-the-house", "sent-token"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is shown:\n%s", secret, shown)
		}
	}
	if strings.Contains(string(r.Text), "sent-token") || len(r.Diff.Unwritable) != 1 || !strings.Contains(r.Diff.Unwritable[0].Why, "secret") {
		t.Errorf("the token of an attached detector would be written: %v\n%s", r.Diff.Unwritable, r.Text)
	}
	if !strings.Contains(shown, `token = "***"`) || !strings.Contains(shown, `name = "chat"`) {
		t.Errorf("the rest of the tables is not shown:\n%s", shown)
	}
}

// A table that goes with its only camera takes nothing from the next one.
func TestDiffForgetsACamera(t *testing.T) {
	const text = threeCameras + `
[[detector]]
name = "one"
kind = "motion"
cameras = ["gate"]
disabled_on = ["gate"]

[[detector]]
name = "two"
kind = "motion"
disabled_on = ["yard"]
`
	l := testLoader("PW=hunter2")
	cfg, err := l.Compose("rvo.toml", []byte(text), cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	r := l.Diff(cfg, []byte(text), cli.Flags{}, runningOf(cfg)[:2])
	if r.Diff.Refused != "" || strings.Contains(string(r.Text), `"one"`) || !strings.Contains(string(r.Text), "disabled_on = [\"yard\"]\n") {
		t.Errorf("refused: %q\n%s", r.Diff.Refused, r.Text)
	}
}

func TestDiffOfTheBuiltIn(t *testing.T) {
	l := testLoader()
	cfg, err := l.Compose(BuiltIn, builtIn, cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	running := runningOf(cfg)
	running[0].Rules[0].Enabled = false
	r := l.Diff(cfg, builtIn, cli.Flags{}, running)
	if !strings.Contains(r.Diff.Refused, "save the TOML as rvo.toml") || r.Diff.TOML != string(r.Text) || len(r.Diff.Changes) != 1 {
		t.Errorf("%q, %d changes", r.Diff.Refused, len(r.Diff.Changes))
	}
	if !strings.Contains(r.Diff.Changes[0].New, "enabled = false") {
		t.Errorf("it changes %q", r.Diff.Changes[0].New)
	}
}

// A change is undone at its current position; other changes are kept.
func TestReverted(t *testing.T) {
	const before = "a = 1\nb = 1\n\n# of the yard\n[[zone]]\nname = \"yard\"\n\n[[zone]]\nname = \"door\"\n"
	added := before + "\n[[zone]]\nname = \"gate\"\n"
	removed := strings.Replace(before, "# of the yard\n[[zone]]\nname = \"yard\"\n\n", "", 1)
	for _, tt := range []struct{ what, text, after, want string }{
		{"added", added, added, before},
		{"removed, with its comment", removed, removed, before},
		{"changed elsewhere", strings.Replace(added, "a = 1", "a = 2", 1), added, strings.Replace(before, "a = 1", "a = 2", 1)},
		{"lines before it", "# new\n\n" + removed, removed, "# new\n\n" + before},
		{"changed itself", strings.Replace(added, "gate", "fence", 1), added, ""},
		{"twice in the text", added + "\n[[zone]]\nname = \"door\"\n\n[[zone]]\nname = \"gate\"\n", added, ""},
		{"gone", "", added, ""},
	} {
		got, ok := reverted([]byte(tt.text), []byte(before), []byte(tt.after))
		if string(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %v\n%s\nwant\n%s", tt.what, ok, got, tt.want)
		}
	}
}
