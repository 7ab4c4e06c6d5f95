package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/runtime"
	"rvo-tui/ui/draw"
	"rvo-tui/ui/pane"
)

// golden compares text with a file, or writes the file with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s differs from line %d on; run go test ./ui -update and look at the difference\nwant %q\n got %q", path, i+1, at(a, i), at(b, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// plainText returns a screen without colours, and checks its size.
func plainText(t *testing.T, lines []string, w int) string {
	t.Helper()
	for i, l := range lines {
		if n := ansi.StringWidth(l); n != w {
			t.Errorf("line %d is %d cells wide, want %d: %q", i, n, w, ansi.Strip(l))
		}
	}
	return ansi.Strip(strings.Join(lines, "\n")) + "\n"
}

func TestPanes(t *testing.T) {
	for p := range pane.Count {
		t.Run(p.String(), func(t *testing.T) {
			var all strings.Builder
			for _, size := range []pane.Rect{{W: 80, H: 14}, {W: 60, H: 18}, {W: 110, H: 24}} {
				m := shown(t, newFake(), DefaultConfig(), 120, 40)
				m.focus = p
				if p == pane.Preview {
					w, h := pane.PreviewSize(m.scene.Camera(), size.W-2, size.H-2)
					m.scene.Shots["street"] = pane.Shot{Frame: 7, Canvas: draw.NewCanvas(gradient(w, 2*h), nil, draw.Hold)}
				}
				if p == pane.Rules {
					m.cursors[p] = pane.Cursor{Sel: 1, Key: "parcel_left"}
				}
				if p == pane.Detectors {
					m.cursors[p] = pane.Cursor{Sel: 2, Key: "parcel"}
				}
				fmt.Fprintf(&all, "%dx%d\n%s", size.W, size.H, plainText(t, m.pane(pane.Place{Pane: p, Rect: size}), size.W))
			}
			golden(t, "pane_"+p.String(), all.String())
		})
	}
}

func TestScreens(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			m := shown(t, newFake(), DefaultConfig(), size[0], size[1])
			golden(t, fmt.Sprintf("screen_%dx%d", size[0], size[1]), plainText(t, m.screen(), size[0]))
		})
	}
}

// blankLine matches a line that contains only frames.
var blankLine = regexp.MustCompile("(?m)^[│| ]*\n")

// looks are the themes in which views are drawn: others only have other colours.
var looks = []string{"dark", "light", "mono"}

// Every pane and every overlay at all tested screen sizes, in both character sets. Dark, light
// and colourless views have the same text.
func TestViewsAtAllSizes(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {80, 24}, {100, 30}, {120, 40}, {200, 60}} {
		for _, ascii := range []bool{false, true} {
			w, h := size[0], size[1]
			name := fmt.Sprintf("views_%dx%d", w, h)
			if ascii {
				name += "_ascii"
			}
			t.Run(name, func(t *testing.T) {
				var all strings.Builder
				for _, theme := range looks {
					var views strings.Builder
					cfg := DefaultConfig()
					cfg.ASCII, cfg.Theme, cfg.Preview = ascii, theme, false
					view := func(name string, open func(m *model)) {
						m := shown(t, newFake(), cfg, w, h)
						open(m)
						text := plainText(t, strings.Split(m.View().Content, "\n"), w)
						fmt.Fprintf(&views, "%s\n%s", name, blankLine.ReplaceAllString(text, ""))
					}
					for p := range pane.Count {
						view(p.String(), func(m *model) {
							if m.focusOn(p); p < pane.Placed {
								m.zoom = true
								m.arrange()
							}
						})
					}
					for _, p := range pane.Presets()[1:] {
						view("preset: "+string(p), func(m *model) { m.choose(p) })
					}
					for _, o := range overlays {
						view("over it: "+o.name, func(m *model) {
							m.zoom = true
							o.open(m)
						})
					}
					if all.Len() > 0 && all.String() != views.String() {
						t.Errorf("the text differs with the theme %s", theme)
					}
					all.Reset()
					all.WriteString(views.String())
				}
				golden(t, name, all.String())
			})
		}
	}
}

func TestASCIIScreenIsASCII(t *testing.T) {
	cfg := DefaultConfig()
	cfg.ASCII = true
	for _, theme := range themes {
		cfg.Theme = theme
		m := shown(t, newFake(), cfg, 120, 40)
		for _, key := range []string{"", "?", "a", "A", ":"} {
			m.overlay = nil
			if key != "" {
				m.press(key)
			}
			text := ansi.Strip(m.View().Content)
			for i, l := range strings.Split(text, "\n") {
				if !draw.Plain(l) {
					t.Errorf("theme %s, key %q, line %d is not ASCII: %q", theme, key, i, l)
				}
			}
		}
	}
}

func TestMonoHasNoColour(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Theme = "mono"
	m := shown(t, newFake(), cfg, 120, 40)
	for _, sgr := range strings.Split(m.View().Content, "\x1b[")[1:] {
		codes, _, _ := strings.Cut(sgr, "m")
		for code := range strings.SplitSeq(codes, ";") {
			if len(code) > 1 { // 1: bold, 7: reverse; colours have two digits
				t.Fatalf("a colour is set: ESC[%sm", codes)
			}
		}
	}
}

// overlays are all overlays, and how they are opened.
var overlays = []struct {
	name string
	open func(m *model)
}{
	{"help", func(m *model) { m.press("?") }},
	{"attach", func(m *model) { m.press("a"); typing(m, "m") }},
	{"attach_keys", func(m *model) { m.press("a"); typing(m, "m", "enter", "tab", "9", "x", "enter") }},
	{"detach", func(m *model) { m.press("x") }},
	{"cameras", func(m *model) { m.press("A") }},
	{"palette", func(m *model) { m.press(":"); typing(m, "e", "n", "a", "b", "l", "e", "space") }},
	{"search", func(m *model) { m.press("/"); typing(m, "e", "r") }},
	{"filter", func(m *model) { m.focusOn(pane.Events); m.press("/"); typing(m, "b", "l", "i") }},
	{"event", func(m *model) {
		m.focusOn(pane.Events)
		m.move(-2)
		if cmd := m.press("enter"); cmd != nil {
			m.Update(cmd())
		}
	}},
	{"log", func(m *model) { m.focusOn(pane.Log); m.press("enter") }},
	{"detector", func(m *model) { m.focusOn(pane.Detectors); m.press("enter") }},
	{"rule", func(m *model) { m.focusOn(pane.Rules); m.move(1); m.press("enter") }},
	{"camera", func(m *model) { m.focusOn(pane.Cameras); m.press("enter") }},
	{"queue", func(m *model) { m.focusOn(pane.Queues); m.move(2); m.press("enter") }},
	{"detector_failed", func(m *model) { m.focusOn(pane.Detectors); m.move(1); m.press("enter") }},
	{"signal", func(m *model) { m.focusOn(pane.Signals); m.press("enter") }},
	{"quit", func(m *model) {
		m.scene.Snap.Clips.Building = true
		m.press("q")
	}},
	{"failed", func(m *model) { m.fail(errors.New("reload: rvo.toml:3: unknown key \"x\"\nrvo.toml:9: another")) }},
	{"sketch", func(m *model) {
		m.opts.Edit = func(context.Context, []runtime.FileEdit, bool) (runtime.FileDiff, error) { return sampleDiff(), nil }
		m.do(actDraw)
	}},
	{"write", func(m *model) { m.compared(diffMsg{diff: sampleDiff()}) }},
	{"write_refused", func(m *model) {
		d := sampleDiff()
		d.Refused = "/etc/rvo/rvo.toml cannot be written: read-only file system; add the TOML by hand"
		m.compared(diffMsg{diff: d, write: true})
	}},
}

func TestOverlays(t *testing.T) {
	for _, tt := range overlays {
		t.Run(tt.name, func(t *testing.T) {
			m := shown(t, newFake(), DefaultConfig(), 120, 40)
			tt.open(m)
			golden(t, "overlay_"+tt.name, plainText(t, strings.Split(m.View().Content, "\n"), 120))
		})
	}
}

// typing gives the model keys, one after the other.
func typing(m *model, keys ...string) {
	for _, k := range keys {
		m.Update(pressed(k))
	}
}

// pressed is the message of a key by its name.
func pressed(name string) tea.KeyPressMsg {
	named := map[string]rune{
		"tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "backspace": tea.KeyBackspace,
	}
	if code, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if base, ok := strings.CutPrefix(name, "shift+"); ok && named[base] != 0 && base != "tab" {
		return tea.KeyPressMsg{Code: named[base], Mod: tea.ModShift}
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	if name == "ctrl+c" {
		return tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func TestTooSmallSaysSo(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 20, 5)
	if got := strings.Join(strings.Fields(m.View().Content), " "); !strings.Contains(got, "20x5") || !strings.Contains(got, "40x10") {
		t.Errorf("got %q", got)
	}
}

// A question can be read and answered on every screen.
func TestQuestionsOnSmallScreens(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 10}, {24, 6}, {20, 5}, {12, 4}} {
		f := newFake()
		f.snap.Clips.Building = true
		m := shown(t, f, DefaultConfig(), size[0], size[1])
		m.press("q")
		words := strings.Fields(strings.NewReplacer("│", " ", "╭", " ", "─", " ").Replace(ansi.Strip(m.View().Content)))
		text := strings.Join(words, " ")
		if !strings.Contains(text, "Clips are being written") || !strings.Contains(text, "y") || m.quit {
			t.Errorf("%v: %q", size, text)
		}
		if m.Update(pressed("y")); !m.quit {
			t.Errorf("%v: y does not answer", size)
		}
	}
}

// If detectors have no room for all numbers, whole columns are left out, and the rest is
// complete.
func TestNarrowDetectors(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	for w := 36; w <= 80; w++ {
		b := pane.DetectorsView(&m.scene, 0, w)
		lines := b.Lay(&pane.Cursor{}, m.scene.Theme, false, w, 12)
		for _, line := range lines[:6] {
			if draw.Width(strings.TrimRight(ansi.Strip(line), " ")) > w || strings.HasSuffix(strings.TrimRight(ansi.Strip(line), " "), "…") {
				t.Errorf("at %d cells: %q", w, ansi.Strip(line))
			}
		}
	}
}
