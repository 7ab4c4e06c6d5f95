package migrate

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/rules"
)

var update = flag.Bool("update", false, "rewrite the TOML of the samples")

func testLoader() config.Loader {
	kinds := detectors.Builtin()
	kinds["remote"] = remote.Kind(remote.NewPool(slog.New(slog.DiscardHandler)))
	return config.Loader{Kinds: kinds}
}

// samples returns the YAML of each sample.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = source
	}
	return all
}

func TestSamples(t *testing.T) {
	for file, source := range samples(t) {
		got, err := TOML(testLoader(), filepath.Base(file), source)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden := strings.TrimSuffix(file, ".yaml") + ".toml"
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: got\n%s\nwant (%v)\n%s", file, got, err, want)
		}
	}
}

func TestProblemsHaveTheirPlace(t *testing.T) {
	const events = "events:\n  - {event_type: a, signal_threshold: 1}\n"
	for _, c := range []struct{ name, source, want string }{
		{"nothing", "", "r.yaml:1:1: this is not a configuration of rvo, which has keys"},
		{"grammar", "camera:\n  - a\n b: [\n", "r.yaml:2:1: did not find"},
		{"kind", "detectors:\n  - kind: yolo\n", `r.yaml:2:5: detector 1: kind: "yolo" is not a kind`},
		{"type", "detectors:\n  - kind: load\n    busy_ns: much\n", `r.yaml:3:14: detector 1: busy_ns: "much" is not a whole number`},
		{"missing", "detectors:\n  - kind: load\n", "r.yaml:2:5: detector 1: busy_ns: is missing"},
		{"zero", "detectors:\n  - kind: load\n    busy_ns: 0\n", "r.yaml:3:14: detector \"load\": busy_ns: cannot be 0s"},
		{"endpoint", "detectors:\n  - kind: remote_grpc\n    endpoint: ftp://a\n    output_signal: a\n", `r.yaml:3:15: detector "a": endpoint: has an unknown scheme`},
		{"signal", "detectors:\n  - kind: remote_grpc\n    endpoint: a:1\n    output_signal: no-hat\n", "r.yaml:4:20: detector \"no-hat\": output_signal: \"no-hat\" cannot name a signal"},
		{"timeout", "detectors:\n  - kind: remote_grpc\n    endpoint: a:1\n    output_signal: a\n    timeout_ms: 99999999999999999\n", "r.yaml:5:17: detector \"a\": timeout_ms: "},
		{"another file", "name: CI\non: [push]\n", "r.yaml:1:1: this is not a configuration of rvo: it has neither"},
		{"source", "camera:\n  source_uri: gopher://a\nevents: []\n", `r.yaml:2:15: camera "camera": source_uri: `},
		{"list", "detectors: dummy\n", "r.yaml:1:12: detectors: must be a list"},
		{"twice", "camera:\n  device_index: 0\n  device_index: 1\nevents: []\n", "r.yaml:3:3: camera: device_index: is given twice"},
		{"event", "detectors: [{kind: dummy}]\nevents: [{signal_threshold: 1}]\n", "event_type: is missing"},
		{"cooldown", "detectors: [{kind: dummy}]\nevents:\n  - {event_type: a, signal_threshold: 1, duration_ms: 0, cooldown_ms: 0}\n", `r.yaml:3:71: rule "a": cooldown_ms: a cooldown of 0`},
		{"both", "detectors: [{kind: dummy}]\nevents:\n  - event_type: a\n    condition: {all: [{signal_type: Dummy, value: 1}], any: [{signal_type: Dummy, value: 1}]}\n", "r.yaml:4:16: event 1: condition: has both all and any"},
		{"op", "detectors: [{kind: dummy}]\nevents:\n  - event_type: a\n    condition: {all: [{signal_type: Dummy, op: near, value: 1}]}\n", `op: "near" is not a comparison`},
		{"threshold", "detectors: [{kind: dummy}]\nevents:\n  - event_type: a\n", "r.yaml:3:5: event 1: signal_threshold: is missing"},
		{"all at once", "detectors:\n  - kind: yolo\n  - kind: load\n" + events, "r.yaml: 2 problems"},
	} {
		got, err := TOML(testLoader(), "r.yaml", []byte(c.source))
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v and\n%s\nwant %s", c.name, err, got, c.want)
		}
	}
}

// machine is an event of rvo: idle, then potential, then in cooldown.
type machine struct {
	duration, cooldown int // ms
	state              string
	at                 int // when it became so, or when the cooldown ends
}

// step reports whether the event fires.
func (m *machine) step(now int, met bool) bool {
	if m.state == "cooldown" && now >= m.at {
		m.state = ""
	}
	if m.state == "cooldown" {
		return false
	}
	if !met {
		m.state = ""
		return false
	}
	if m.state == "" {
		m.state, m.at = "potential", now
	}
	if now-m.at < m.duration {
		return false
	}
	m.state, m.at = "cooldown", now+m.cooldown
	return true
}

// value is a signal of rvo: it is valid until its TTL ends, and compares as false after that.
type value struct{ v, until int }

// For the same series of signals, the migrated rules fire at the same instants as the YAML in
// rvo.
func TestTheSameSignalsGiveTheSameEvents(t *testing.T) {
	type condition func(signal func(string) (int, bool)) bool
	atLeast := func(name string, threshold int) condition {
		return func(signal func(string) (int, bool)) bool {
			v, ok := signal(name)
			return ok && v >= threshold
		}
	}
	for file, events := range map[string][]struct {
		event              string
		met                condition
		duration, cooldown int
	}{
		"testdata/synthetic.yaml": {{"Present", atLeast("Dummy", 1), 2000, 5000}},
		"testdata/services.yaml": {
			{"Visit", atLeast("PersonDetected", 1), 1000, 5000},
			{"Visit_FacePresent", atLeast("FacePresent", 1), 0, 90000},
		},
		"testdata/conditions.yaml": {
			{"crowded_yard", func(signal func(string) (int, bool)) bool {
				people, known := signal("people")
				cars, also := signal("cars")
				return known && also && people > 3 && cars == 0
			}, 400, 700},
			{"event_2nd", func(signal func(string) (int, bool)) bool {
				people, known := signal("people")
				cars, also := signal("cars")
				return known && people <= 2 || also && cars >= 5
			}, 0, 300},
		},
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := TOML(testLoader(), file, source)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := testLoader().Compose(file, text, cli.Flags{})
		if err != nil || len(cfg.Rule) != len(events) {
			t.Fatalf("%s: %d rules, %v; want %d", file, len(cfg.Rule), err, len(events))
		}
		for i, e := range events {
			if cfg.Rule[i].Event != e.event {
				t.Errorf("%s: rule %d is %q, want %q", file, i, cfg.Rule[i].Event, e.event)
			}
			var want, got []string
			table := detectors.NewTable()
			rule, err := rules.New(cfg.Rule[i], table)
			if err != nil {
				t.Fatal(err)
			}
			expr, err := cfg.Rule[i].Expr()
			if err != nil {
				t.Fatal(err)
			}
			m := machine{duration: e.duration, cooldown: e.cooldown}
			values := map[string]value{}
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for now := 0; now < 300_000; now += 50 {
				for _, name := range expr.Signals() {
					if random.IntN(20) != 0 {
						continue
					}
					// A TTL ends between two steps: exactly at its end, a signal is fresh in rvo
					// and stale here.
					v, ttl := random.IntN(7), 1+50*random.IntN(90)
					values[name] = value{v, now + ttl}
					id, err := table.Intern(name)
					if err != nil {
						t.Fatal(err)
					}
					at := time.Duration(now) * time.Millisecond
					table.Set(id, float64(v), nil, &detectors.Trace{Captured: at}, time.Duration(ttl)*time.Millisecond)
				}
				met := e.met(func(name string) (int, bool) {
					v, ok := values[name]
					return v.v, ok && now <= v.until
				})
				if m.step(now, met) {
					want = append(want, fmt.Sprint(now))
				}
				if rule.Step(time.Duration(now)*time.Millisecond) == rules.PhaseConfirmed {
					got = append(got, fmt.Sprint(now))
				}
			}
			if !slices.Equal(got, want) || len(want) < 2 {
				t.Errorf("%s: %s confirmed at\n%v, want\n%v", file, e.event, got, want)
			}
		}
	}
}

func FuzzTOML(f *testing.F) {
	for _, name := range []string{"synthetic", "services", "conditions"} {
		source, err := os.ReadFile("testdata/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	loader := testLoader()
	f.Fuzz(func(t *testing.T, source []byte) {
		text, err := TOML(loader, "rvo.yaml", source)
		if (err == nil) == (text == nil) {
			t.Errorf("%q, %v", text, err)
		}
	})
}
