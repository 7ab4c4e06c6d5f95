package ui

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/internal/logging"
	"rvo-tui/runtime"

	"rvo-tui/ui/pane"
)

func TestLayoutFillsTheScreen(t *testing.T) {
	for w := pane.MinWidth; w <= 300; w += 7 {
		for h := pane.MinHeight; h <= 80; h += 3 {
			for _, n := range []pane.Wants{{}, {Cameras: 1, Detectors: 3, Signals: 4, Rules: 2, Clauses: 3, Preview: true}, {Cameras: 40, Detectors: 60, Signals: 90, Rules: 50, Clauses: 12, Preview: true, Reason: true}} {
				for p := range pane.Placed {
					tab := p
					if p == pane.Detectors || p == pane.Signals {
						tab = pane.Rules
					}
					for _, preset := range pane.Presets() {
						checkLayout(t, pane.Layout(preset, w, h, p, tab, false, n), w, h, p)
					}
				}
			}
		}
	}
}

func checkLayout(t *testing.T, places []pane.Place, w, h int, focus pane.ID) {
	t.Helper()
	free := w * h
	seen := false
	for i, p := range places {
		seen = seen || p.Pane == focus || p.Tabbed
		if p.W < 10 || p.H < 3 {
			t.Fatalf("%dx%d: %s has %dx%d", w, h, p.Pane, p.W, p.H)
		}
		if p.X < 0 || p.Y < 0 || p.X+p.W > w || p.Y+p.H > h {
			t.Fatalf("%dx%d: %s is outside: %+v", w, h, p.Pane, p.Rect)
		}
		for _, o := range places[:i] {
			if p.X < o.X+o.W && o.X < p.X+p.W && p.Y < o.Y+o.H && o.Y < p.Y+p.H {
				t.Fatalf("%dx%d: %s is over %s: %+v, %+v", w, h, p.Pane, o.Pane, p.Rect, o.Rect)
			}
		}
		free -= p.W * p.H
	}
	if free != 0 {
		t.Fatalf("%dx%d: %d cells have nothing: %+v", w, h, free, places)
	}
	if !seen && focus != pane.Preview {
		t.Fatalf("%dx%d: no place for %s", w, h, focus)
	}
}

func TestScreenOfAnySizeIsWhole(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {79, 24}, {80, 23}, {80, 24}, {81, 33}, {100, 34}, {133, 50}, {169, 44}, {170, 44}, {237, 61}, {300, 80}} {
		for _, snap := range []*runtime.Snapshot{sample(), {At: noon}} {
			f := newFake()
			f.snap = snap
			m := shown(t, f, DefaultConfig(), size[0], size[1])
			for p := range pane.Count {
				m.focusOn(p)
				lines := m.screen()
				if len(lines) != size[1] {
					t.Fatalf("%v: %d lines", size, len(lines))
				}
				plainText(t, lines, size[0])
			}
		}
	}
}

func TestKeymap(t *testing.T) {
	tests := []struct {
		changes []string
		key     string
		want    action
		problem string
	}{
		{nil, "space", actToggle, ""},
		{[]string{"freeze=F"}, "F", actFreeze, ""},
		{[]string{"freeze=F"}, "f", "", ""},
		{[]string{"quit=x"}, "x", actQuit, ""},
		{[]string{"quit=q, ctrl+q"}, "ctrl+q", actQuit, ""},
		{[]string{"zoom=,"}, ",", actZoom, ""},
		{[]string{"freze=F"}, "", "", `did you mean "freeze"`},
		{[]string{"freeze"}, "", "", "must be ACTION=KEY"},
		{[]string{"freeze=Z", "zoom=Z"}, "", "", `"Z" is assigned to both`},
		{[]string{"zoom=q,ctrl+c"}, "", "", "quit has no key left"},
	}
	for _, tt := range tests {
		m, err := newKeymap(tt.changes)
		if tt.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("%v: got %v, want %q", tt.changes, err, tt.problem)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", tt.changes, err)
			continue
		}
		if got := m.byKey[tt.key]; got != tt.want {
			t.Errorf("%v: %q does %q, want %q", tt.changes, tt.key, got, tt.want)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		change func(c *Config)
		want   string // keys with problems
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Rate = 0 }, "rate"},
		{func(c *Config) { c.Rate = math.NaN() }, "rate"},
		{func(c *Config) { c.Bandwidth = 100 }, "bandwidth"},
		{func(c *Config) { c.Bandwidth = 0 }, ""},
		{func(c *Config) { c.Theme = "darkk" }, "theme"},
		{func(c *Config) { c.Keys = []string{"nope=x"} }, "keys"},
	}
	for i, tt := range tests {
		c := DefaultConfig()
		tt.change(&c)
		var keys []string
		c.Validate(func(key, _ string) { keys = append(keys, key) })
		if got := strings.Join(keys, " "); got != tt.want {
			t.Errorf("case %d: problems with %q, want %q", i, got, tt.want)
		}
	}
}

// A terminal that is sent 10 kB per screen, offered ten times a second for a minute, must get no
// more than the limit, and close to it.
func TestPaceKeepsTheLimit(t *testing.T) {
	for _, limit := range []float64{5_000, 20_000, 90_000} {
		p := pace{limit: limit}
		var sent uint64
		now := noon
		for range 600 {
			if p.ready(now, sent) {
				sent += 10_000
			}
			now = now.Add(100 * ms)
		}
		if got := float64(sent) / 60; got > limit*1.1+200 || got < limit*0.8 {
			t.Errorf("limit %.0f B/s: sent %.0f B/s", limit, got)
		}
	}
	p := pace{}
	for i := range 10 {
		if !p.ready(noon.Add(time.Duration(i)*ms), uint64(i)<<30) {
			t.Error("without a limit a screen was held back")
		}
	}
}

// The first line shows the same alert whichever camera is selected.
func TestHeadTellsOfTheFirstAlert(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	for i := range m.scene.Snap.Cameras {
		m.show(i)
		if got := ansi.Strip(m.head()); !strings.Contains(got, "camera door gives no frames: reconnecting") || !strings.Contains(got, "(+2 more: !)") {
			t.Errorf("with camera %d shown: %q", i, got)
		}
	}
	f := newFake()
	f.snap.Alerts, f.snap.Modified, f.snap.Reload.Changed = nil, 1, true
	m = shown(t, f, DefaultConfig(), 120, 40)
	for _, want := range []string{"healthy", "modified", "file changed"} {
		if !strings.Contains(ansi.Strip(m.head()), want) {
			t.Errorf("no %q in %q", want, ansi.Strip(m.head()))
		}
	}
}

// Whatever names, labels and errors contain, the screen keeps its layout and only text and
// colours reach the terminal.
func FuzzHostileText(f *testing.F) {
	for _, s := range []string{"person", "\x1b]0;title\x07", "\u202eabc", "車車車車", "👨‍👩‍👧‍👦", "e\u0301\u0301\u0301", "\x9b31m", "a\tb\nc\rd", "\xff\xfe", "각", "ᄀᅌ\xa8", "❤️", strings.Repeat("長", 400)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		snap := sample()
		c := &snap.Cameras[0]
		c.Source, c.Reason, c.Name = s, s, s
		c.Detectors[0].Name, c.Detectors[2].Reason, c.Detectors[2].Error = s, s, s
		c.Detectors[3].Needs = []string{s}
		c.Signals[0].Name, c.Signals[0].Detections[0].Label = s, s
		c.Rules[0].Event, c.Rules[0].When, c.Rules[0].Clause[0].Text = s, s, s
		snap.Queues[0].Name, snap.Sinks[0].Name = s, s
		fk := newFake()
		fk.snap = snap
		for _, ascii := range []bool{false, true} {
			cfg := DefaultConfig()
			cfg.ASCII = ascii
			m := shown(t, fk, cfg, 120, 40)
			e := sampleEvents()[0]
			e.Event.Type, e.Event.Camera = s, s
			m.allEvent, m.allLog = []runtime.RecentEvent{e}, []logging.Line{{Seq: 1, Text: s}}
			m.scene.Filter = ""
			m.sift()
			for _, zoom := range []bool{false, true} {
				for p := range pane.Count {
					if m.focusOn(p); !zoom && p > 0 {
						break
					}
					m.zoom = zoom
					m.arrange()
					for _, l := range strings.Split(m.View().Content, "\n") {
						if n := ansi.StringWidth(l); n != 120 {
							t.Fatalf("%s: a line of %d cells: %q", p, n, ansi.Strip(l))
						}
						if w := ansi.StringWidthWc(l); w != 120 {
							t.Fatalf("%s: a line of %d cells for a simple terminal: %q", p, w, ansi.Strip(l))
						}
						for i, part := range strings.Split(l, "\x1b") {
							if i > 0 && strings.Trim(part[:strings.IndexByte(part+"m", 'm')], "[0123456789;") != "" {
								t.Fatalf("%s: an escape sequence: %q", p, part)
							}
						}
					}
				}
			}
		}
	})
}

func FuzzParseOrder(f *testing.F) {
	for _, s := range []string{"", "enable motion", "set_rate heavy 3 --camera all", "set_rate x NaN", "attach remote endpoint=a:1 max_fps=5 signal=x", "pause --camera", "--camera x pause", "- -", "add_camera a b", "filter a b c", "clip", "atach", "theme light", "quit now", "attach dummy max_fps=", "attach dummy needs = motion > 0.01"} {
		f.Add(s)
	}
	kinds := testKinds()
	verbs := map[runtime.Verb]bool{}
	for _, v := range runtime.Verbs() {
		verbs[v] = true
	}
	f.Fuzz(func(t *testing.T, line string) {
		o, err := parseOrder(line, "street", kinds)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a text")
			}
			return
		}
		if o.act == "" && strings.TrimSpace(line) != "" && len(strings.Fields(line)) > 0 && !verbs[o.command.Do] {
			t.Fatalf("%q is the command %q", line, o.command.Do)
		}
	})
}

// Each command of the runtime can be typed, and completion suggests it.
func TestEveryVerbIsInThePalette(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	list := strings.Join(complete("", &m.scene, testKinds()), " ")
	for _, v := range runtime.Verbs() {
		if !strings.Contains(" "+list+" ", " "+string(v)+" ") {
			t.Errorf("%s cannot be typed", v)
		}
	}
	tests := []struct{ line, want string }{
		{"set", "set_rate"},
		{"disable ", "motion heavy parcel face quality"},
		{"rule_off p", "parcel_left"},
		{"pause ", ""},
		{"pause -", "--camera"},
		{"pause --camera ", "street door all"},
		{"set_rate --camera door ", "motion heavy parcel face quality"},
		{"attach dum", "dummy"},
		{"attach dummy na", "name="},
		{"theme l", "light"},
		{"quit ", ""},
		{"nonsense ", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(complete(tt.line, &m.scene, testKinds()), " "); got != tt.want {
			t.Errorf("%q completes to %q, want %q", tt.line, got, tt.want)
		}
	}
}

// An unchanged pane is not drawn again.
func TestUnchangedPanesAreKept(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	m.screen()
	before := m.cache
	again := *m.scene.Snap
	again.At = again.At.Add(100 * ms)
	m.take(feedMsg{snap: &again})
	m.screen()
	for _, p := range []pane.ID{pane.Cameras, pane.Detectors, pane.Latency, pane.Queues, pane.Events, pane.Log} {
		if &before[p].lines[0] != &m.cache[p].lines[0] {
			t.Errorf("%s was drawn again", p)
		}
	}
	if &before[pane.Signals].lines[0] == &m.cache[pane.Signals].lines[0] {
		t.Error("the signals were not drawn again")
	}
}

func BenchmarkScreen(b *testing.B) {
	f := newFake()
	t := new(testing.T)
	m := shown(t, f, DefaultConfig(), 120, 40)
	b.ReportAllocs()
	for b.Loop() {
		s := *m.scene.Snap
		s.At = s.At.Add(100 * ms)
		m.take(feedMsg{snap: &s})
		m.View()
	}
}

// The cause of an alert can be read in the first line of a small screen.
func TestHeadShowsTheCause(t *testing.T) {
	for _, tt := range []struct {
		w          int
		cause, see string
	}{
		{120, "reconnecting: connection refused: check that the port of its source is right and that it is on", "rvo-tui  ▲ camera door gives no frames: reconnecting: connection refused: check"},
		{80, "reconnecting: nobody answers within 5s", "▲ door: reconnecting: nobody answers within 5s (+2 more: !)"},
		{80, "reconnecting: connection refused: check that its port is right and that it is on", "rvo-tui  ▲ door: reconnecting: connection refused"},
		{60, "reconnecting: connection refused: check that its port is right and that it is on", "▲ door: reconnecting: connection refused"},
		{60, "reconnecting: the camera refused the login: correct user and password", "▲ door: reconnecting: the camera refused the login"},
		{40, "reconnecting: connection refused: check", "▲ door: connection refused"},
		{40, "", "▲ camera door gives no frames (+2)"},
		{80, "the camera of a long name: connection refused: check", "…: connection refused… (+2)"},
		{40, "the camera of a long name: connection refused: check", "…: connection re… (+2)"},
	} {
		f := newFake()
		f.snap.Alerts[0].Cause = tt.cause
		if strings.Contains(tt.cause, "long name") {
			f.snap.Alerts[0].Subject = strings.Repeat("North-East.", 6)
		}
		m := shown(t, f, DefaultConfig(), tt.w, 24)
		if got := strings.TrimSpace(plainText(t, []string{m.head()}, tt.w)); !strings.Contains(got, tt.see) || !strings.Contains(got, "(+2") {
			t.Errorf("%d wide, cause %q: %q, want %q", tt.w, tt.cause, got, tt.see)
		}
	}
}

// A frozen screen says so, whatever else the first line shows.
func TestHeadShowsThatItIsFrozen(t *testing.T) {
	for _, w := range []int{40, 60, 80, 120, 200} {
		m := shown(t, newFake(), DefaultConfig(), w, 24)
		if m.press("f"); !strings.Contains(ansi.Strip(m.head()), "frozen") {
			t.Errorf("%d wide: %q", w, ansi.Strip(m.head()))
		}
	}
}
