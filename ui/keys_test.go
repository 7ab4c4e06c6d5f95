package ui

import (
	"os"
	"strings"
	"testing"

	"rvo-tui/ui/pane"
)

// The page on the dashboard names every action and its keys.
func TestKeysAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/dashboard.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			table.WriteString(line)
		}
	}
	names := map[string]string{"pgdown": "pgdn", "pgup": "pgup"}
	for _, d := range keyDefs() {
		if !strings.Contains(table.String(), "`"+string(d.act)+"`") {
			t.Errorf("docs/dashboard.md does not tell of %s (%s)", d.act, strings.Join(d.keys, " "))
		}
		k := d.keys[0]
		if name, ok := names[k]; ok {
			k = name
		}
		if !strings.Contains(table.String(), "`"+k+"`") {
			t.Errorf("docs/dashboard.md does not tell of the key %s of %s", k, d.act)
		}
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
