package detectors

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// problems returns the problems of cfg, each as "key: problem".
func problems(cfg Config, kinds Kinds) (found []string) {
	cfg.Validate(kinds, func(key, problem string) { found = append(found, key+": "+problem) })
	return found
}

func TestValidate(t *testing.T) {
	kinds := Builtin()
	kinds["face"] = Kind{Name: "face"}
	kinds["far"] = Kind{Name: "far", Remote: true}
	kinds["gone"] = Kind{Name: "gone", Absent: errors.New("built without it")}
	tests := []struct {
		name string
		cfg  Config
		want []string // each a part of one problem, in this order
	}{
		{"least", Config{Name: "motion", Kind: "motion"}, nil},
		{"everything", Config{
			Name: "yard.motion-2", Kind: "motion", Signal: "yard", Cameras: []string{"yard"}, MaxFPS: MaxRate, Cost: CostHigh,
			Needs: []string{"light > 0.2"}, TTL: text.Duration(time.Minute), Timeout: text.Duration(time.Second),
			Execution: Inline, Retry: RetryNever, Options: MotionOptions{MinSize: 1, Threshold: 0.5, Sensitivity: 1, Width: 640},
		}, nil},
		{"no kind", Config{Name: "a"}, []string{`kind: is missing; choose "dummy", "face", "far", "jitter", "load", "motion" or "quality"`}},
		{"unknown kind", Config{Name: "a", Kind: "montion"}, []string{`kind: "montion" is not a kind of detector; known kinds are "dummy", "face", "far", "jitter", "load", "motion" and "quality"; did you mean "motion"?`}},
		{"not in this build", Config{Name: "a", Kind: "gone"}, []string{`kind: "gone" is not available in this build, which was built without it`}},
		{"nothing like it", Config{Name: "a", Kind: "thermal"}, []string{`kind: "thermal" is not a kind of detector`}},
		{"no name", Config{Kind: "dummy"}, []string{`name: "" cannot name a detector`}},
		{"bad name", Config{Name: "a/b", Kind: "quality"}, []string{`name: "a/b" cannot name a detector`, `name: "a/b_brightness" cannot name a signal`}},
		{"hidden name", Config{Name: ".a", Kind: "dummy", Signal: "a"}, []string{`name: ".a" cannot name a detector`}},
		{"name that is no signal", Config{Name: "a-b", Kind: "dummy"}, []string{`name: "a-b" cannot name a signal: use a letter, then letters, digits and underscores, at most 64 in all, or set signal`}},
		{"bad signal", Config{Name: "a", Signal: "9", Kind: "dummy"}, []string{`signal: "9" cannot name a signal`}},
		{"signal too long with its ending", Config{Name: "a", Signal: strings.Repeat("x", 60), Kind: "quality"}, []string{`signal: "xxx`}},
		{"empty entries", Config{Name: "a", Kind: "dummy", Cameras: []string{"x", ""}, Needs: []string{" "}}, []string{"cameras: ", "needs: "}},
		{"rates", Config{Name: "a", Kind: "dummy", MaxFPS: -1}, []string{"max_fps: -1 is out of range: above 0, at most 10000 a second"}},
		{"fast", Config{Name: "a", Kind: "dummy", MaxFPS: 10001}, []string{"max_fps: 10001"}},
		{"rate that is none", Config{Name: "a", Kind: "dummy", MaxFPS: math.NaN()}, []string{"max_fps: NaN"}},
		{"times", Config{Name: "a", Kind: "dummy", TTL: -1, Timeout: text.Duration(time.Hour)}, []string{"ttl: -1ns is out of range: 10ms to 1h0m0s", "timeout: 1h0m0s is out of range: 10ms to 10m0s"}},
		{"a ttl shorter than the period", Config{Name: "a", Kind: "dummy", MaxFPS: 1, TTL: text.Duration(500 * time.Millisecond)}, []string{"ttl: 500ms is shorter than the time between two runs (max_fps = 1), so the signal would be unknown in between"}},
		{"a ttl of one period", Config{Name: "a", Kind: "dummy", MaxFPS: 4, TTL: text.Duration(250 * time.Millisecond)}, nil},
		{"words", Config{Name: "a", Kind: "dummy", Cost: "hihg", Execution: "remote", Retry: "newer"}, []string{
			`cost: "hihg" is not one of "low", "medium" or "high"; did you mean "high"?`,
			`execution: "remote" is not one of "worker" or "inline"`,
			`retry: "newer" is not one of "backoff" or "never"; did you mean "never"?`,
		}},
		{"options of another kind", Config{Name: "a", Kind: "dummy", Options: LoadOptions{}}, []string{`kind: "dummy" does not accept the keys of another kind`}},
		{"in a process", Config{Name: "a", Kind: "dummy", Isolation: ProcessIsolation, MaxMemory: 2048}, nil},
		{"isolation", Config{Name: "a", Kind: "dummy", Isolation: "prozess"}, []string{`isolation: "prozess" is not one of "none" or "process"; did you mean "process"?`}},
		{"memory of no process", Config{Name: "a", Kind: "dummy", MaxMemory: 2048}, []string{`max_memory: applies to a process of its own; set isolation = "process"`}},
		{"memory", Config{Name: "a", Kind: "dummy", Isolation: ProcessIsolation, MaxMemory: 1}, []string{"max_memory: 1 is out of range: 1024 to 1048576 MiB"}},
		{"inline in a process", Config{Name: "a", Kind: "dummy", Isolation: ProcessIsolation, Execution: Inline}, []string{"execution: a detector in a process of its own runs in a worker"}},
		{"remote in a process", Config{Name: "a", Kind: "far", Isolation: ProcessIsolation}, []string{`isolation: kind "far" already runs outside this program`}},
		{"motion", Config{Name: "a", Kind: "motion", Options: MotionOptions{MinSize: 2, Threshold: 1, Sensitivity: -0.1, Width: 8}}, []string{"min_size: 2", "threshold: 1", "sensitivity: -0.1", "width: 8"}},
		{"motion that is no number", Config{Name: "a", Kind: "motion", Options: MotionOptions{MinSize: math.NaN(), Threshold: math.NaN(), Sensitivity: math.NaN(), Width: 641}}, []string{"min_size: NaN", "threshold: NaN", "sensitivity: NaN", "width: 641"}},
		{"load", Config{Name: "a", Kind: "load", Options: LoadOptions{-1}}, []string{"busy: -1ns is out of range"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := problems(tt.cfg, kinds)
			if len(got) != len(tt.want) {
				t.Fatalf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("problem %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestBuiltinKinds(t *testing.T) {
	for name, k := range Builtin() {
		if k.Name != name || k.Doc == "" || k.New == nil {
			t.Errorf("kind %q: %+v", name, k)
		}
		if got := problems(Config{Name: "a", Kind: name}, Builtin()); got != nil {
			t.Errorf("kind %q is not valid with its own defaults: %q", name, got)
		}
		if k.Defaults.Name != "" || k.Defaults.Kind != "" {
			t.Errorf("kind %q has a name or a kind among its defaults", name)
		}
		for _, o := range k.Own() {
			if o.Help == "" || slices.Contains(option.Keys(Common()), o.Key) {
				t.Errorf("kind %q: %+v has no help, or is a common key", name, o)
			}
		}
	}
}

func TestParse(t *testing.T) {
	kinds := Builtin()
	tests := []struct {
		kind  string
		words []string
		want  Config // zero: an error is expected
		bad   string
	}{
		{"dummy", nil, Config{Name: "dummy", Kind: "dummy", Enabled: true}, ""},
		{"motion", []string{"name=yard", "width=64", "max_fps=2.5", "enabled=false", "ttl=2s"}, Config{
			Name: "yard", Kind: "motion", MaxFPS: 2.5, TTL: text.Duration(2 * time.Second), Options: MotionOptions{Width: 64},
		}, ""},
		{"load", []string{"needs=motion > 0.01", "needs=dark == 0", "busy=3ms"}, Config{
			Name: "load", Kind: "load", Needs: []string{"motion > 0.01", "dark == 0"}, Enabled: true, Options: LoadOptions{text.Duration(3 * time.Millisecond)},
		}, ""},
		{"dummy", strings.Fields("needs = motion > 0.01 cameras=a,b max_fps =5"), Config{
			Name: "dummy", Kind: "dummy", Needs: []string{"motion > 0.01"}, Cameras: []string{"a", "b"}, MaxFPS: 5, Enabled: true,
		}, ""},
		{"dummy", []string{"x"}, Config{}, `"x" must be KEY=VALUE, as in max_fps=5`},
		{"dummy", []string{"max_fsp=3"}, Config{}, `unknown key "max_fsp"; did you mean "max_fps"?`},
		{"dummy", []string{"busy=3ms"}, Config{}, `kind "dummy" does not take "busy"; it belongs to "jitter" and "load"`},
		{"motion", []string{"max_fps=ten", "width=1.5"}, Config{}, "max_fps: must be a number, not \"ten\"\nwidth: must be a whole number"},
		{"motion", []string{"max_fps=0"}, Config{}, "max_fps: cannot be 0; leave the key out for the default, 10"},
		{"motion", []string{"width=1", "width=2"}, Config{}, "width: is given twice"},
	}
	for _, tt := range tests {
		got, err := kinds.Parse(tt.kind, tt.words)
		switch {
		case tt.bad == "" && (err != nil || !reflect.DeepEqual(got.Fill(kinds[tt.kind]), tt.want.Fill(kinds[tt.kind]))):
			t.Errorf("%q: %+v, %v, want %+v", tt.words, got, err, tt.want)
		case tt.bad != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.bad)):
			t.Errorf("%q: %v, want %s", tt.words, err, tt.bad)
		}
	}
}

func TestSpec(t *testing.T) {
	worker := func(kind string, fps float64, cost Cost, ttl time.Duration, provides ...string) Spec {
		return Spec{
			Name: "x", Kind: kind, MaxFPS: fps, Cost: cost, Provides: provides, TTL: ttl, Timeout: 2 * time.Second,
			Execution: Worker, Retry: RetryBackoff, Enabled: true, Anchor: AnchorBottom,
		}
	}
	set := DefaultConfig()
	set.Name, set.Kind, set.Signal, set.MaxFPS, set.Cost, set.Needs = "x", "motion", "y", 2, CostHigh, []string{"a > 1"}
	set.TTL, set.Timeout, set.Execution, set.Retry, set.Enabled = text.Duration(time.Minute), text.Duration(time.Second), Inline, RetryNever, false
	tests := []struct {
		cfg  Config
		want Spec
	}{
		{Config{Kind: "dummy"}, worker("dummy", 30, CostLow, time.Second, "x")},
		{Config{Kind: "load"}, worker("load", 10, CostHigh, time.Second, "x")},
		{Config{Kind: "jitter"}, worker("jitter", 30, CostMedium, time.Second, "x")},
		{Config{Kind: "motion"}, worker("motion", 10, CostLow, time.Second, "x")},
		{Config{Kind: "quality"}, worker("quality", 2, CostLow, 1500*time.Millisecond, "x_brightness", "x_sharpness", "x_frozen")},
		{Config{Kind: "quality", Signal: "lens"}, worker("quality", 2, CostLow, 1500*time.Millisecond, "lens_brightness", "lens_sharpness", "lens_frozen")},
		{Config{Kind: "motion", MaxFPS: 0.5}, worker("motion", 0.5, CostLow, 6*time.Second, "x")},
		{set, Spec{
			Name: "x", Kind: "motion", MaxFPS: 2, Cost: CostHigh, Needs: []string{"a > 1"}, Provides: []string{"y"}, TTL: time.Minute, FixedTTL: true,
			Timeout: time.Second, Execution: Inline, Retry: RetryNever, Anchor: AnchorBottom,
		}},
	}
	for _, tt := range tests {
		if tt.cfg.Name == "" {
			tt.cfg.Name, tt.cfg.Enabled = "x", DefaultConfig().Enabled
		}
		if got := tt.cfg.Spec(Builtin()[tt.cfg.Kind]); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("spec of %+v:\n%+v, want\n%+v", tt.cfg, got, tt.want)
		}
	}
}

func TestFill(t *testing.T) {
	k := Builtin()["motion"]
	got := Config{Name: "m", Kind: "motion", Options: MotionOptions{Width: 320}}.Fill(k)
	if want := (MotionOptions{Width: 320, Threshold: 0.05, MinSize: 0.05, Sensitivity: 0.5}); got.Options != want || got.Name != "m" || got.Enabled {
		t.Errorf("filled: %+v", got)
	}
	if again := got.Fill(k); !reflect.DeepEqual(got, again) {
		t.Errorf("filled twice: %+v, want %+v", again, got)
	}
}

// The displayed settings of a detector contain no secret.
func TestSettings(t *testing.T) {
	type options struct {
		Model  string   `toml:"model"`
		Run    []string `toml:"run"`
		Token  string   `toml:"token" is:"secret"`
		Least  float64  `toml:"least"`
		Unused string   `toml:"unused"`
	}
	kind := Kind{Name: "net", Defaults: Config{Options: options{Least: 0.5}}}
	cfg := Config{
		Name: "a", Kind: "net", MaxFPS: 3, Mask: []string{"clock", "tree"}, Enabled: true, Anchor: AnchorCenter,
		Options: options{Model: "m.onnx", Run: []string{"python3", "http://joe:pw1@h/"}, Token: "pw2"},
	}
	want := []Setting{{"mask", "clock, tree"}, {"anchor", "center"}, {"model", "m.onnx"}, {"run", "python3, http://joe:***@h/"}, {"token", "***"}, {"least", "0.5"}}
	if got := cfg.Settings(kind); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := (Config{Name: "a", Kind: "dummy"}).Settings(Kind{Name: "dummy"}); len(got) > 0 {
		t.Errorf("of a kind without keys: %v", got)
	}
}
