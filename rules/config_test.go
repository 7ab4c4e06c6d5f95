package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/text"
)

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   []string // "key: part of the problem"
	}{
		{"nothing wrong", func(*Config) {}, nil},
		{"longest event", func(c *Config) { c.Event = strings.Repeat("e", 64) }, nil},
		{"every character", func(c *Config) { c.Event = "Aa0_.-" }, nil},
		{"no event", func(c *Config) { c.Event = "" }, []string{`event: "" is not an event type`}},
		{"event with a space", func(c *Config) { c.Event = "a b" }, []string{"event: "}},
		{"event beginning with a digit", func(c *Config) { c.Event = "1a" }, []string{"event: "}},
		{"event too long", func(c *Config) { c.Event = strings.Repeat("e", 65) }, []string{"event: "}},
		{"event of all", func(c *Config) { c.Event = "all" }, []string{"event: \"all\" stands for every rule"}},
		{"event that escapes", func(c *Config) { c.Event = "a/../b" }, []string{"event: "}},
		{"no condition", func(c *Config) { c.When = "" }, []string{"when: a rule needs a condition"}},
		{"when and all", func(c *Config) { c.All = []string{"a"} }, []string{"all: a rule has one condition"}},
		{"all and any", func(c *Config) { c.When, c.All, c.Any = "", []string{"a"}, []string{"b"} }, []string{"any: a rule has one condition, but this one also has all"}},
		{"lists that are empty", func(c *Config) { c.All, c.Any = []string{}, []string{} }, nil},
		{"bad when", func(c *Config) { c.When = "a = 1" }, []string{`when: column 3: "=" is not an operator; use "=="`}},
		{"bad items", func(c *Config) { c.When, c.All = "", []string{"a", "a >", ""} }, []string{"all: item 2: column 4", "all: item 3: column 1"}},
		{"bad item of any", func(c *Config) { c.When, c.Any = "", []string{"a &"} }, []string{"any: item 1: column 3"}},
		{"negative for", func(c *Config) { c.For = -1 }, []string{"for: must be at least 0s"}},
		{"negative cooldown", func(c *Config) { c.Cooldown = -1 }, []string{"cooldown: must be at least 0s"}},
		{"negative grace", func(c *Config) { c.Grace = -1 }, []string{"grace: must be at least 0s"}},
		{"endless for", func(c *Config) { c.For = text.Duration(MaxDuration + 1) }, []string{"for: must be at least 0s and at most 720h0m0s"}},
		{"no for and no cooldown", func(c *Config) { c.For, c.Cooldown = 0, 0 }, []string{"cooldown: a cooldown of 0"}},
		{"no cooldown", func(c *Config) { c.Cooldown = 0 }, nil},
		{"bad rearm", func(c *Config) { c.Rearm = "never" }, []string{`rearm: must be "cooldown" or "release", not "never"`}},
		{"bad on_unknown", func(c *Config) { c.OnUnknown = "" }, []string{`on_unknown: must be "reset" or "hold"`}},
		{"camera twice", func(c *Config) { c.Cameras = []string{"a", "b", "a"} }, []string{`cameras: names "a" twice`}},
		{"camera without name", func(c *Config) { c.Cameras = []string{""} }, []string{"cameras: a camera has no name"}},
		{"all at once", func(c *Config) { c.Event, c.When, c.Grace = "", "a b", -1 }, []string{"event: ", "when: column 3", "grace: "}},
	}
	for _, tt := range tests {
		var got []string
		config(tt.change).Validate(func(key, problem string) { got = append(got, key+": "+problem) })
		if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestConfigExpr(t *testing.T) {
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.When = "a || b" }, "a || b"},
		{func(c *Config) { c.When, c.All = "", []string{"a > 1", "b || c"} }, "a > 1 && (b || c)"},
		{func(c *Config) { c.When, c.Any = "", []string{"a > 1", "b && c"} }, "a > 1 || b && c"},
	}
	for _, tt := range tests {
		e, err := config(tt.change).Expr()
		if err != nil || e.String() != tt.want {
			t.Errorf("got %v, %v; want %s", e, err, tt.want)
		}
	}
}

func TestConfigExprErrors(t *testing.T) {
	tests := []struct {
		change func(*Config)
		want   string
		column int // 0: no syntax error
	}{
		{func(c *Config) { c.When = "" }, "when: a rule needs a condition", 0},
		{func(c *Config) { c.When = "a >" }, "when: column 4: ", 4},
		{func(c *Config) { c.When, c.All = "", []string{"a", "b c"} }, "all: item 2: column 3: ", 3},
		{func(c *Config) { c.When, c.Any = "", []string{"!"} }, "any: item 1: column 2: ", 2},
	}
	for _, tt := range tests {
		_, err := config(tt.change).Expr()
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
		var wrong *SyntaxError
		if errors.As(err, &wrong) != (tt.column > 0) || wrong != nil && wrong.Column != tt.column {
			t.Errorf("%v: got %+v, want column %d", err, wrong, tt.column)
		}
	}
}

func TestDefaultConfigNeedsOnlyACondition(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Event, cfg.When = "e", "a"
	cfg.Validate(func(key, problem string) { t.Errorf("%s: %s", key, problem) })
	if !cfg.Enabled || time.Duration(cfg.Cooldown) <= 0 {
		t.Errorf("got %+v", cfg)
	}
}
