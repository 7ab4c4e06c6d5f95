package ui

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"rvo-tui/ui/pane"
)

// The table of keys in the page on the dashboard is that of the keymap.
func TestKeysAreDocumented(t *testing.T) {
	const page, begin, end = "../docs/dashboard.md", "-update -->\n", "<!-- end of keys -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	old, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the keys: %s… %s", page, strings.TrimSpace(begin), end)
	}
	if table := keyTable(); table != old {
		if !*update {
			t.Fatalf("%s has other keys; update it with: go test ./ui -run TestKeysAreDocumented -update", page)
		}
		if err := os.WriteFile(page, []byte(head+begin+table+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// keyTable formats all keys in Markdown.
func keyTable() string {
	var b strings.Builder
	group := ""
	for _, d := range keyDefs() {
		if d.group != group {
			group = d.group
			fmt.Fprintf(&b, "\n| %s | Name | |\n|---|---|---|\n", group)
		}
		var keys []string
		for _, k := range d.keys {
			keys = append(keys, "`"+k+"`")
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", strings.Join(keys, " "), d.act, d.doc)
	}
	return b.String() + "\n"
}

// A digit shows a camera unless it is bound to an action.
func TestDigitsCanBeBound(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Keys = []string{"freeze=2"}
	m := shown(t, newFake(), cfg, 120, 40)
	if m.press("2"); !m.frozen || m.camera != "street" {
		t.Errorf("the key 2 shows %s, frozen: %v", m.camera, m.frozen)
	}
}

// Events have room for eight rows at 120x40.
func TestEventsHaveRoom(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	for i := range 20 {
		e := sampleEvents()[0]
		e.Seq = uint64(10 + i)
		m.allEvent = append(m.allEvent, e)
	}
	m.sift()
	m.arrange()
	for _, p := range m.places {
		if p.Pane == pane.Events && p.H < 8+3 {
			t.Errorf("events have %d lines, frame and head included", p.H)
		}
	}
}

// The footer of a full-screen pane offers what works there, and the way back.
func TestFooterOfFullScreenPanes(t *testing.T) {
	for view, tt := range map[string]struct {
		w           int
		offers, not []string
	}{
		"!": {120, []string{"enter go to", "space acknowledge", "esc back"}, []string{"on/off", "attach", "rule", "pane"}},
		"0": {120, []string{"enter show", "esc back", "> sort"}, []string{"on/off", "attach", "rule", "pane"}},
		"w": {40, []string{"enter show", "esc back"}, []string{"on/off", "attach", "rule", "pane"}},
		"t": {120, []string{"enter open", "esc back", "left previous", "+ less time"}, []string{"on/off", "attach", "rule", "pane"}},
		"z": {120, []string{"space on/off", "a attach", "tab pane"}, []string{"acknowledge", "rule"}},
	} {
		m := shown(t, newFake(), DefaultConfig(), tt.w, 24)
		m.press(view)
		foot := strings.Join(strings.Fields(ansi.Strip(m.footer())), " ")
		for _, hint := range tt.offers {
			if !strings.Contains(foot, hint) {
				t.Errorf("%s lacks %q: %s", view, hint, foot)
			}
		}
		for _, hint := range tt.not {
			if strings.Contains(foot, hint) {
				t.Errorf("%s offers %q: %s", view, hint, foot)
			}
		}
	}
}
