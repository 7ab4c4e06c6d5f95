package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/option"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/mqtt"
	"rvo-tui/runtime/sink/notify"
)

// ownTables are tables that nothing else needs, with their required keys.
var ownTables = []struct {
	head, where string
	needed      [][2]string
	all         any
	// others are keys about other tables: errors there are about relations.
	others []string
}{
	{"[[camera]]", `camera "yard"`, [][2]string{{"name", `"yard"`}, {"source", `"synthetic:empty"`}}, capture.Config{}, nil},
	{"[[detector]]", `detector "extra"`, [][2]string{{"name", `"extra"`}, {"kind", `"dummy"`}}, detectors.Config{}, []string{"cameras", "disabled_on", "needs", "crops_of", "mask", "zones"}},
	{"[[rule]]", `rule "other"`, [][2]string{{"event", `"other"`}, {"when", `"motion"`}}, rules.Config{}, []string{"when", "all", "any", "cameras", "disabled_on"}},
	{"[[notify]]", `notify "phone"`, [][2]string{{"name", `"phone"`}, {"to", `"webhook:http://a/"`}}, notify.Config{}, []string{"events", "cameras", "when"}},
	{"[mqtt]", "mqtt", [][2]string{{"server", `"mqtt://a"`}}, mqtt.Config{}, nil},
}

// Any value of any key of a table affects at most this table: it is valid or left out, and
// everything else stays the same. For keys about other tables, it may be an error.
func TestQuarantineOfEveryKey(t *testing.T) {
	l := testLoader()
	l.Quarantine = true
	base, err := l.Compose("rvo.toml", []byte(sound), cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, table := range ownTables {
		for _, key := range append(option.Keys(option.List(table.all)), "no_such_key") {
			for _, value := range []string{"-1", `""`, "[]", "{}", `"${NOWHERE}"`, `"\u0000"`} {
				text := sound + table.head + "\n"
				for _, pair := range table.needed {
					if pair[0] != key {
						text += pair[0] + " = " + pair[1] + "\n"
					}
				}
				text += key + " = " + value + "\n"
				what := fmt.Sprintf("%s %s = %s", table.head, key, value)
				cfg, err := l.Compose("rvo.toml", []byte(text), cli.Flags{})
				switch {
				case err != nil && !slices.Contains(table.others, key):
					t.Errorf("%s is an error: %v", what, err)
				case err != nil || len(cfg.Quarantined) == 0:
				case len(cfg.Quarantined) > 1 || len(cfg.Quarantined[0].Problems) == 0:
					t.Errorf("%s leaves out %+v", what, cfg.Quarantined)
				default:
					wrong++
					q := cfg.Quarantined[0]
					if where := q.Where; where != table.where && key != table.needed[0][0] {
						t.Errorf("%s leaves out %s", what, where)
					}
					if !strings.Contains(q.Problems[0].String(), "rvo.toml:") {
						t.Errorf("%s: no place in %q", what, q.Problems[0])
					}
					if !reflect.DeepEqual(base.Camera, cfg.Camera) || !reflect.DeepEqual(base.Detector, cfg.Detector) ||
						len(base.Rule) != len(cfg.Rule) || len(cfg.Notify) != 0 || cfg.MQTT.Server != "" {
						t.Errorf("%s changes more than its table", what)
					}
					l.Quarantine = false
					if _, err := l.Compose("rvo.toml", []byte(text), cli.Flags{}); err == nil {
						t.Errorf("%s is no error where everything must be right", what)
					}
					l.Quarantine = true
				}
			}
		}
	}
	if wrong < 150 {
		t.Errorf("only %d values were wrong", wrong)
	}
}
