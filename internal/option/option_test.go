package option

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/text"
)

// period is a type that parses itself.
type period time.Duration

func (p *period) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*p = period(d)
	return err
}

type inner struct {
	Labels []string `toml:"labels" help:"names"`
}

type sample struct {
	Name    string    `toml:"name" help:"its name"`
	Fit     string    `toml:"fit" oneof:"crop stretch"`
	Rate    float64   `toml:"rate"`
	Width   int       `toml:"width"`
	On      bool      `toml:"on"`
	Wait    period    `toml:"wait"`
	Mean    []float64 `toml:"mean"`
	Command []string  `toml:"command" sep:" " is:"path"`
	Token   string    `toml:"token" is:"secret"`
	Other   any       `toml:"-"`
	inner2
}

type inner2 = inner

func TestSet(t *testing.T) {
	for _, tt := range []struct {
		key, value string
		want       any
		bad        string
	}{
		{"name", "a b", "a b", ""},
		{"rate", "2.5", 2.5, ""},
		{"rate", "fast", nil, `must be a number, not "fast"`},
		{"width", "3", 3, ""},
		{"width", "3.5", nil, "must be a whole number"},
		{"on", "true", true, ""},
		{"on", "yes", nil, "must be true or false"},
		{"wait", "2s", period(2 * time.Second), ""},
		{"wait", "2", nil, "missing unit"},
		{"labels", "traffic light", []string{"traffic light"}, ""},
		{"labels", `person, "red, green"`, []string{"person", "red, green"}, ""},
		{"labels", `["person", "a b",]`, []string{"person", "a b"}, ""},
		{"labels", "[]", []string(nil), ""},
		{"mean", "1, 2,3", []float64{1, 2, 3}, ""},
		{"mean", "1, x", nil, "must be a number"},
		{"command", `python3 "my service.py" --size=1,2`, []string{"python3", "my service.py", "--size=1,2"}, ""},
		{"command", `["a b", "c"]`, []string{"a b", "c"}, ""},
		{"nothing", "1", nil, "unknown key"},
	} {
		var s sample
		v := reflect.ValueOf(&s).Elem()
		err := Set(v, tt.key, tt.value)
		if tt.bad != "" {
			if err == nil || !strings.Contains(err.Error(), tt.bad) {
				t.Errorf("%s = %s: %v, want %q", tt.key, tt.value, err, tt.bad)
			}
			continue
		}
		if got := Field(v, tt.key).Interface(); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s = %s: %#v, %v, want %#v", tt.key, tt.value, got, err, tt.want)
		}
	}
}

func TestSetAddsToAListOfItsOwn(t *testing.T) {
	shared := make([]string, 1, 8)
	s := sample{inner2: inner{Labels: shared}}
	if err := Set(reflect.ValueOf(&s).Elem(), "labels", "b"); err != nil || len(s.Labels) != 2 || shared[:2][1] != "" {
		t.Errorf("%q, %v; the shared list is %q", s.Labels, err, shared[:2])
	}
}

func TestListAndFill(t *testing.T) {
	list := List(sample{})
	if got := strings.Join(Keys(list), " "); got != "name fit rate width on wait mean command token labels" {
		t.Errorf("keys: %s", got)
	}
	at := func(key string) Option { return list[slices.Index(Keys(list), key)] }
	if o := at("name"); o.Help != "its name" || o.Path || o.Secret || !at("command").Path || !at("token").Secret {
		t.Errorf("%+v", list)
	}
	if got := at("fit").Choice("crpo"); got != `"crpo" is not one of "crop" or "stretch"; did you mean "crop"?` {
		t.Error(got)
	}
	if at("fit").Choice("") != "" || at("fit").Choice("crop") != "" || at("name").Choice("x") != "" {
		t.Error("what is allowed is refused")
	}
	got := Fill(sample{Rate: 2}, sample{Name: "n", Rate: 1, inner2: inner{Labels: []string{"a"}}})
	if want := (sample{Name: "n", Rate: 2, inner2: inner{Labels: []string{"a"}}}); !reflect.DeepEqual(got, want) {
		t.Errorf("filled: %+v", got)
	}
	if Fill(nil, 3) != 3 || Fill(sample{}.Name, nil) != "" {
		t.Error("nothing, or nothing to fill with")
	}
}

func TestPairs(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []Pair // nil: an error
	}{
		{"", []Pair{}},
		{"a=1 b=2", []Pair{{"a", "1"}, {"b", "2"}}},
		{"needs = motion > 0.01 rate=5", []Pair{{"needs", "motion > 0.01"}, {"rate", "5"}}},
		{"needs=motion > 0.01 && dark == 0", []Pair{{"needs", "motion > 0.01 && dark == 0"}}},
		{"needs= a == 1", []Pair{{"needs", "a == 1"}}},
		{"needs =a >= 1 on =true", []Pair{{"needs", "a >= 1"}, {"on", "true"}}},
		{`needs="a > 1" name='b c'`, []Pair{{"needs", "a > 1"}, {"name", "b c"}}},
		{`labels=["a b", "c=d"] on=true`, []Pair{{"labels", `["a b", "c=d"]`}, {"on", "true"}}},
		{"source=rtsp://h/a?b=c&d=e", []Pair{{"source", "rtsp://h/a?b=c&d=e"}}},
		{"a=", []Pair{{"a", ""}}},
		{"a", nil},
		{"== 1", nil},
	} {
		got, err := Pairs(Fields(tt.line))
		if (err != nil) != (tt.want == nil) || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v, want %q", tt.line, got, err, tt.want)
		}
	}
	if got, err := Pairs([]string{"needs = motion > 0.01"}); err != nil || !slices.Equal(got, []Pair{{"needs", "motion > 0.01"}}) {
		t.Errorf("one word of a shell: %q, %v", got, err)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"a=1", `a=["x", 'y']`, "needs = a == 1", `"`, "[", "a=[[]", "=", "é='"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		pairs, err := Pairs(Fields(line))
		if err != nil {
			return
		}
		for _, p := range pairs {
			if !isKey(p.Key) {
				t.Errorf("%q has the key %q", line, p.Key)
			}
			var s sample
			_ = Set(reflect.ValueOf(&s).Elem(), "labels", p.Value)
			_ = Set(reflect.ValueOf(&s).Elem(), "command", p.Value)
		}
	})
}

func TestTypeNames(t *testing.T) {
	type all struct {
		A string        `toml:"a"`
		B bool          `toml:"b"`
		C int           `toml:"c"`
		D float64       `toml:"d"`
		E []string      `toml:"e"`
		F text.Duration `toml:"f"`
	}
	want := []string{"string", "boolean", "integer", "number", "list", "duration"}
	for i, o := range List(all{}) {
		if o.TypeName() != want[i] {
			t.Errorf("%s: %s, want %s", o.Key, o.TypeName(), want[i])
		}
	}
}
