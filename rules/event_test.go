package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

func eventSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../docs/event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// happenings returns a confirmed event and its end, as a rule makes them.
func happenings(t *testing.T) (confirmed, ended Event) {
	t.Helper()
	r, tab := newRule(t, config(func(c *Config) {
		c.Event, c.When = "person_at-door.1", "person >= 1 && motion > 0.02 || broken || gone < person || stale"
		c.Grace = text.Duration(ms)
	}))
	put := func(name string, v float64, frame uint64, captured, ttl time.Duration) {
		id, err := tab.Intern(name)
		if err != nil {
			t.Fatal(err)
		}
		tab.Set(id, v, nil, &detectors.Trace{
			Frame: frame, Captured: captured, Arrived: captured + 3*ms, Seen: captured + 4*ms,
			Started: captured + 6*ms, Done: captured + 40*ms, Applied: captured + 41*ms + 1,
		}, ttl)
	}
	put("person", 2, 7, 1000*ms, long)
	put("motion", 0.5, 9, 1100*ms, long)
	put("broken", math.Inf(1), 8, 1050*ms, long)
	put("stale", 0, 1, 100*ms, ms)
	r.Step(1150 * ms)
	fill := func(e Event) Event {
		e.ID, e.Camera = "01990000-0000-7000-8000-000000000000", "door"
		e.Time = time.Date(2030, 1, 2, 4, 5, 6, 70_000, time.FixedZone("east", 3600))
		return e
	}
	if got := r.Step(1250 * ms); got != PhaseConfirmed {
		t.Fatalf("fired %q", got)
	}
	confirmed = fill(r.Event(1250*ms, PhaseConfirmed))
	put("motion", 0, 10, 1300*ms, long)
	r.Step(1350 * ms)
	if got := r.Step(1351 * ms); got != PhaseEnded {
		t.Fatalf("fired %q", got)
	}
	return confirmed, fill(r.Event(1351*ms, PhaseEnded))
}

func TestEventJSON(t *testing.T) {
	confirmed, ended := happenings(t)
	tests := []struct {
		event Event
		want  string
	}{
		{confirmed, `{"event_id":"01990000-0000-7000-8000-000000000000","event_type":"person_at-door.1","event_ts_ns":1250000000,"confidence":1,` +
			`"camera":"door","time":"2030-01-02T03:05:06.000070000Z","phase":"confirmed","age_ms":150,` +
			`"age_split_ms":{"capture":3,"queue":1,"schedule":2,"inference":34,"publish":1.000001,"event":108.999999},"frame_id":9,"clauses":[` +
			`{"text":"person >= 1","signal":"person","op":">=","threshold":1,"value":2,"age_ms":250,"truth":"true"},` +
			`{"text":"motion > 0.02","signal":"motion","op":">","threshold":0.02,"value":0.5,"age_ms":150,"truth":"true"},` +
			`{"text":"broken","signal":"broken","op":"!=","threshold":0,"value":null,"age_ms":200,"truth":"unknown","unknown_because":"not a number"},` +
			`{"text":"gone < person","signal":"gone","op":"<","threshold":2,"other":"person","value":null,"age_ms":null,"truth":"unknown","unknown_because":"detector not attached"},` +
			`{"text":"stale","signal":"stale","op":"!=","threshold":0,"value":0,"age_ms":1150,"truth":"unknown","unknown_because":"stale"}]}`},
		{ended, `{"event_id":"01990000-0000-7000-8000-000000000000","event_type":"person_at-door.1","event_ts_ns":1351000000,"confidence":1,` +
			`"camera":"door","time":"2030-01-02T03:05:06.000070000Z","phase":"ended","duration_ms":200,"age_ms":51,` +
			`"age_split_ms":{"capture":3,"queue":1,"schedule":2,"inference":34,"publish":1.000001,"event":9.999999},"frame_id":10,"clauses":[` +
			`{"text":"person >= 1","signal":"person","op":">=","threshold":1,"value":2,"age_ms":351,"truth":"true"},` +
			`{"text":"motion > 0.02","signal":"motion","op":">","threshold":0.02,"value":0,"age_ms":51,"truth":"false"},` +
			`{"text":"broken","signal":"broken","op":"!=","threshold":0,"value":null,"age_ms":301,"truth":"unknown","unknown_because":"not a number"},` +
			`{"text":"gone < person","signal":"gone","op":"<","threshold":2,"other":"person","value":null,"age_ms":null,"truth":"unknown","unknown_because":"detector not attached"},` +
			`{"text":"stale","signal":"stale","op":"!=","threshold":0,"value":0,"age_ms":1251,"truth":"unknown","unknown_because":"stale"}]}`},
	}
	schema := eventSchema(t)
	for _, tt := range tests {
		line, err := tt.event.AppendLine([]byte("before "))
		if err != nil {
			t.Fatal(err)
		}
		if want := "before " + tt.want + "\n"; string(line) != want {
			t.Errorf("got  %s\nwant %s", line, want)
		}
		data, err := json.Marshal(tt.event)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", tt.event.Phase, err)
		}
	}
}

func TestEventSchemaRejects(t *testing.T) {
	confirmed, ended := happenings(t)
	tests := []struct {
		name   string
		event  Event
		change func(map[string]any)
	}{
		{"no type", confirmed, func(m map[string]any) { delete(m, "event_type") }},
		{"no timestamp", confirmed, func(m map[string]any) { delete(m, "event_ts_ns") }},
		{"no confidence", confirmed, func(m map[string]any) { delete(m, "confidence") }},
		{"confidence above 1", confirmed, func(m map[string]any) { m["confidence"] = 1.5 }},
		{"timestamp with a fraction", confirmed, func(m map[string]any) { m["event_ts_ns"] = 1.5 }},
		{"time without nine digits", confirmed, func(m map[string]any) { m["time"] = "2030-01-02T03:05:06Z" }},
		{"a duration on the way", confirmed, func(m map[string]any) { m["duration_ms"] = 1.0 }},
		{"an end without duration", ended, func(m map[string]any) { delete(m, "duration_ms") }},
		{"unknown without a reason", confirmed, func(m map[string]any) { delete(m["clauses"].([]any)[2].(map[string]any), "unknown_because") }},
		{"true without a value", confirmed, func(m map[string]any) { m["clauses"].([]any)[0].(map[string]any)["value"] = nil }},
	}
	schema := eventSchema(t)
	for _, tt := range tests {
		data, err := json.Marshal(tt.event)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(m); err != nil {
			t.Fatalf("unchanged: %v", err)
		}
		tt.change(m)
		if err := schema.Validate(m); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
}

func TestEventWithoutAnything(t *testing.T) {
	line, err := Event{}.AppendLine(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(line), `"clauses":[]`) || !strings.Contains(string(line), `"time":"0001-01-01T00:00:00.000000000Z"`) {
		t.Errorf("got %s", line)
	}
	bad := Event{Confidence: math.NaN()}
	if line, err := bad.AppendLine([]byte("kept")); err == nil || string(line) != "kept" {
		t.Errorf("got %q, %v", line, err)
	}
	if _, err := json.Marshal(bad); err == nil {
		t.Error("marshalled a confidence that is no number")
	}
}

func TestAge(t *testing.T) {
	full := detectors.Trace{Captured: 10, Arrived: 11, Seen: 13, Started: 16, Done: 20, Applied: 25}
	tests := []struct {
		name  string
		trace detectors.Trace
		now   time.Duration
		want  Age
	}{
		{"every stage", full, 31, Age{1, 2, 3, 4, 5, 6}},
		{"at once", full, 25, Age{1, 2, 3, 4, 5, 0}},
		{"stages left out", detectors.Trace{Captured: 10, Seen: 13, Applied: 25}, 31, Age{0, 3, 0, 0, 12, 6}},
		{"captured ahead of now", detectors.Trace{Captured: 40, Arrived: 20}, 31, Age{}},
		{"stamped ahead of its arrival", detectors.Trace{Captured: 12, Arrived: 11, Seen: 13, Started: 13, Done: 14, Applied: 14}, 14, Age{0, 1, 0, 1, 0, 0}},
	}
	for _, tt := range tests {
		got := ageOf(tt.trace, tt.now)
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
		if want := max(0, tt.now-tt.trace.Captured); got.Total() != want {
			t.Errorf("%s: the stages sum to %d, want %d", tt.name, got.Total(), want)
		}
	}
}

func TestGuideShowsAValidEvent(t *testing.T) {
	guide, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```json\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the guide shows no event")
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(example))
	if err != nil {
		t.Fatal(err)
	}
	if err := eventSchema(t).Validate(value); err != nil {
		t.Error(err)
	}
	var shown, made map[string]any
	confirmed, _ := happenings(t)
	data, err := json.Marshal(confirmed)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal([]byte(example), &shown), json.Unmarshal(data, &made)); err != nil {
		t.Fatal(err)
	}
	if a, b := slices.Sorted(maps.Keys(shown)), slices.Sorted(maps.Keys(made)); !slices.Equal(a, b) {
		t.Errorf("the guide shows %q, events have %q", a, b)
	}
}
