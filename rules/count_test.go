package rules

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
)

// person returns a detection with an attribute helmet; nil: not yet known.
func person(helmet *float64, expires time.Duration, why detectors.Why) detectors.Detection {
	d := detectors.Detection{Label: "person"}
	if helmet != nil {
		d.Attributes = []detectors.Attribute{{Name: "helmet", Value: *helmet, Expires: expires, Unknown: why}}
	}
	return d
}

func TestCountOfDetections(t *testing.T) {
	zero, one := 0.0, 1.0
	with, without := person(&one, time.Second, detectors.Known), person(&zero, time.Second, detectors.Known)
	unseen, failed := person(nil, 0, detectors.Known), person(&zero, time.Second, detectors.Errored)
	type found = []detectors.Detection
	for _, c := range []struct {
		src   string
		found found
		want  Truth
	}{
		{"person[helmet == 0] >= 1", nil, False},
		{"person[helmet == 0] >= 1", found{with}, False},
		{"person[helmet == 0] >= 1", found{with, without}, True},
		{"person[helmet == 0] >= 1", found{with, unseen}, Unknown},
		{"person[helmet == 0] >= 1", found{with, failed}, Unknown},
		{"person[helmet == 0] >= 1", found{without, unseen}, True}, // however the other turns out
		{"person[helmet == 0] >= 3", found{without, unseen}, False},
		{"person[helmet == 0] == 1", found{without, with}, True},
		{"person[helmet == 0] == 1", found{without, unseen}, Unknown},
		{"person[helmet == 0] == 2", found{without, unseen, unseen}, Unknown},
		{"person[helmet == 0] == 1.5", found{without, unseen}, False},
		{"person[helmet == 0] != 2", found{without, unseen, unseen}, Unknown},
		{"person[helmet == 0] != 5", found{without, unseen}, True},
		{"person[helmet]", found{with}, True},
		{"!person[helmet]", found{without, unseen}, Unknown},
		{"person[helmet] < 2", found{with, unseen, unseen}, Unknown},
	} {
		tab := table(t, map[string]float64{"person": float64(len(c.found))})
		cond := compile(t, c.src, tab)
		id, _ := tab.Lookup("person")
		tab.Mark(id, c.found)
		if got := cond.Eval(500 * ms); got != c.want {
			t.Errorf("%s of %v is %v, want %v", c.src, c.found, got, c.want)
		}
		if got := cond.Eval(1001 * ms); got != Unknown {
			t.Errorf("%s is %v when the boxes are stale", c.src, got)
		}
	}
	tab := table(t, map[string]float64{"person": 2})
	if got := compile(t, "person[helmet == 0] >= 1", tab).Eval(0); got != Unknown {
		t.Errorf("two persons without boxes: %v, want unknown", got)
	}
}

// An attribute can be from an older box than the signal, and becomes stale earlier.
func TestCountTurnsStaleWithItsAttributes(t *testing.T) {
	one := 1.0
	tab := table(t, map[string]float64{"person": 1})
	cond := compile(t, "person[helmet] >= 1", tab)
	id, _ := tab.Lookup("person")
	tab.Mark(id, []detectors.Detection{person(&one, 300*ms, detectors.Known)})
	if at := cond.Expires(100 * ms); at != 300*ms {
		t.Errorf("it expires at %v, want 300ms", at)
	}
	if got := cond.Eval(300 * ms); got != Unknown {
		t.Errorf("then it is %v", got)
	}
	if at := cond.Expires(300 * ms); at != time.Second {
		t.Errorf("after that it expires at %v, want with its signal", at)
	}
}

func TestCountExplainsItself(t *testing.T) {
	zero := 0.0
	tab := table(t, map[string]float64{"person": 3})
	cond := compile(t, "person[helmet == 0 && !vest] >= 2", tab)
	id, _ := tab.Lookup("person")
	explain := func(found ...detectors.Detection) string {
		tab.Mark(id, found)
		text, err := json.Marshal(cond.Explain(500 * ms)[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	both := detectors.Detection{Attributes: []detectors.Attribute{{Name: "helmet", Expires: time.Second}, {Name: "vest", Expires: time.Second}}}
	known := explain(both, both)
	for _, want := range []string{
		`"text":"person[helmet == 0 \u0026\u0026 !vest] \u003e= 2"`, `"signal":"person"`, `"where":"helmet == 0 \u0026\u0026 !vest"`, `"value":2`, `"threshold":2`, `"truth":"true"`,
	} {
		if !strings.Contains(known, want) {
			t.Errorf("%s has no %s", known, want)
		}
	}
	for _, c := range []struct {
		second detectors.Detection
		want   string
	}{
		{person(nil, 0, 0), `"value":1,"age_ms":500,"truth":"unknown","unknown_because":"no answer yet"`},
		{person(&zero, 400*ms, 0), `"unknown_because":"stale"`},
		{person(&zero, time.Second, detectors.Errored), `"unknown_because":"detector failed"`},
	} {
		if got := explain(both, c.second); !strings.Contains(got, c.want) {
			t.Errorf("%s has no %s", got, c.want)
		}
	}
}

func TestAttributesOfACondition(t *testing.T) {
	got := mustParse(t, "a[x > y] > 1 || b[x && !z] && a[x] && c").Attributes()
	want := []Attribute{{"a", "x"}, {"a", "y"}, {"b", "x"}, {"b", "z"}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
