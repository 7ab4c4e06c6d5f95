package rules

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rvo-tui/internal/text"
)

// MaxDuration is the maximum of for, cooldown and grace.
const MaxDuration = 30 * 24 * time.Hour

// MaxRoll is the maximum of before and after: the most that the evidence ring keeps.
const MaxRoll = 5 * time.Minute

// Rearm says when a rule may confirm again.
type Rearm string

// The values of Rearm.
const (
	RearmCooldown Rearm = "cooldown" // after the cooldown, even while the condition still holds
	RearmRelease  Rearm = "release"  // after the cooldown, and once the condition has ended
)

// OnUnknown is what an unknown condition does to a rule.
type OnUnknown string

// The values of OnUnknown.
const (
	UnknownReset OnUnknown = "reset" // like false
	UnknownHold  OnUnknown = "hold"  // pauses the for and grace timers until the condition is known again; the cooldown keeps running
)

// Config is one [[rule]] of the configuration.
type Config struct {
	// Event is the type of the events: a letter, then letters, digits, "_", "."
	// and "-", at most 64 in all.
	Event string `toml:"event"`
	// Exactly one of When, All and Any must be set. All holds when all of its
	// conditions hold, Any when at least one does.
	When string   `toml:"when"`
	All  []string `toml:"all"`
	Any  []string `toml:"any"`
	// Parsed is the condition if it has already been parsed. Nil: Expr parses it.
	Parsed *Expr `toml:"-"`
	// For is how long the condition must hold before the rule confirms. 0: at once.
	For text.Duration `toml:"for"`
	// Cooldown is the minimum time between two confirmations. 0 requires a For above 0.
	Cooldown text.Duration `toml:"cooldown"`
	// Grace is the longest gap in the condition that is ignored.
	Grace     text.Duration `toml:"grace"`
	Rearm     Rearm         `toml:"rearm"`
	OnUnknown OnUnknown     `toml:"on_unknown"`
	// Phases also reports the end of a confirmed condition.
	Phases bool `toml:"phases"`
	// Clip saves a clip for each confirmation, from Before to After. 0: the values of
	// [clips].
	Clip   bool          `toml:"clip"`
	Before text.Duration `toml:"before"`
	After  text.Duration `toml:"after"`
	// Cameras are the cameras to watch, each separately. Empty: all.
	Cameras []string `toml:"cameras"`
	Enabled bool     `toml:"enabled"`
	// Active are the weekly periods in which the rule is active, in the format of
	// NewSchedule. Empty: always. TimeZone is their time zone. Empty: that of the
	// machine.
	Active   []string `toml:"active"`
	TimeZone string   `toml:"time_zone"`
	// DisabledOn are the cameras on which the rule is disabled, regardless of Enabled.
	DisabledOn []string `toml:"disabled_on"`
}

// DefaultConfig returns the defaults: confirm at once, with a cooldown of ten seconds.
func DefaultConfig() Config {
	return Config{
		Cooldown:  text.Duration(10 * time.Second),
		Rearm:     RearmCooldown,
		OnUnknown: UnknownReset,
		Clip:      true,
		Enabled:   true,
	}
}

// On returns the rule as it applies to one camera, without lists of cameras.
func (c Config) On(camera string) Config {
	c.Enabled = c.Enabled && !slices.Contains(c.DisabledOn, camera)
	c.Cameras, c.DisabledOn = nil, nil
	return c
}

// Expr returns the parsed condition. An error wraps a *SyntaxError. Its column counts
// from the start of When, or of the item of All or Any.
func (c Config) Expr() (*Expr, error) {
	if c.Parsed != nil {
		return c.Parsed, nil
	}
	key, problem := c.form()
	if problem != "" {
		return nil, fmt.Errorf("%s: %s", key, problem)
	}
	switch key {
	case "when":
		e, err := Parse(c.When)
		if err != nil {
			return nil, fmt.Errorf("when: %w", err)
		}
		return e, nil
	case "all":
		return list(key, c.All, All)
	default:
		return list(key, c.Any, Any)
	}
}

// form returns the key that holds the condition, or a problem to report.
func (c Config) form() (key, problem string) {
	var given []string
	for _, k := range [...]struct {
		key   string
		given bool
	}{{"when", c.When != ""}, {"all", len(c.All) > 0}, {"any", len(c.Any) > 0}} {
		if k.given {
			given = append(given, k.key)
		}
	}
	switch len(given) {
	case 0:
		return "when", "a rule needs a condition; write when = \"motion > 0.02\", or a list as all = […] or any = […]"
	case 1:
		return given[0], ""
	default:
		return given[1], fmt.Sprintf("a rule has one condition, but this one also has %s; remove one of them", given[0])
	}
}

func list(key string, sources []string, join func(...*Expr) *Expr) (*Expr, error) {
	exprs := make([]*Expr, len(sources))
	for i, src := range sources {
		e, err := Parse(src)
		if err != nil {
			return nil, fmt.Errorf("%s: item %d: %w", key, i+1, err)
		}
		exprs[i] = e
	}
	return join(exprs...), nil
}

// Schedule returns the active hours of the rule. Nil: always active.
func (c Config) Schedule() (*Schedule, error) {
	if len(c.Active) == 0 {
		return nil, nil
	}
	zone := time.Local
	if c.TimeZone != "" {
		var err error
		if zone, err = time.LoadLocation(c.TimeZone); err != nil {
			return nil, fmt.Errorf("time_zone: %w", err)
		}
	}
	s, err := NewSchedule(c.Active, zone)
	if err != nil {
		return nil, fmt.Errorf("active: %w", err)
	}
	return s, nil
}

// Validate calls bad for every invalid key. It does not check whether signals and
// cameras exist.
func (c Config) Validate(bad func(key, problem string)) {
	switch {
	case c.Event == "all":
		bad("event", "\"all\" stands for every rule in commands; choose another")
	case !validEvent(c.Event):
		bad("event", fmt.Sprintf("%q is not an event type; use a letter, then letters, digits, \"_\", \".\" and \"-\", at most 64 in all", c.Event))
	}
	c.validateCondition(bad)
	for _, d := range [...]struct {
		key   string
		value text.Duration
	}{{"for", c.For}, {"cooldown", c.Cooldown}, {"grace", c.Grace}} {
		if d.value < 0 || time.Duration(d.value) > MaxDuration {
			bad(d.key, fmt.Sprintf("must be at least 0s and at most %v, not %v", MaxDuration, d.value))
		}
	}
	for _, d := range [...]struct {
		key   string
		value text.Duration
	}{{"before", c.Before}, {"after", c.After}} {
		switch {
		case d.value < 0 || time.Duration(d.value) > MaxRoll:
			bad(d.key, fmt.Sprintf("must be at least 0s and at most %v, not %v", MaxRoll, d.value))
		case d.value > 0 && !c.Clip:
			bad(d.key, "applies to rules that save clips; leave it out, or set clip = true")
		}
	}
	if c.For == 0 && c.Cooldown == 0 {
		bad("cooldown", "a cooldown of 0 with a for of 0 would report every frame; set one of them, as in cooldown = \"10s\"")
	}
	if c.Rearm != RearmCooldown && c.Rearm != RearmRelease {
		bad("rearm", fmt.Sprintf("must be %q or %q, not %q", RearmCooldown, RearmRelease, c.Rearm))
	}
	if c.OnUnknown != UnknownReset && c.OnUnknown != UnknownHold {
		bad("on_unknown", fmt.Sprintf("must be %q or %q, not %q", UnknownReset, UnknownHold, c.OnUnknown))
	}
	for i, text := range c.Active {
		if _, err := parsePeriod(text); err != nil {
			bad(fmt.Sprintf("active[%d]", i), err.Error())
		}
	}
	switch _, err := time.LoadLocation(c.TimeZone); {
	case c.TimeZone == "":
	case len(c.Active) == 0:
		bad("time_zone", "applies to active, which is not set; leave it out")
	case err != nil:
		bad("time_zone", fmt.Sprintf("this machine does not know the time zone %q; write a name such as \"Europe/Berlin\", or leave it out to use the machine's own", c.TimeZone))
	}
	for i, camera := range c.Cameras {
		if camera == "" {
			bad("cameras", "a camera has no name; leave cameras out to watch all of them")
		} else if slices.Contains(c.Cameras[:i], camera) {
			bad("cameras", fmt.Sprintf("names %q twice; leave one out", camera))
		}
	}
	if slices.Contains(c.DisabledOn, "") {
		bad("disabled_on", "has an empty name; leave it out")
	}
}

func (c Config) validateCondition(bad func(key, problem string)) {
	key, problem := c.form()
	if problem != "" {
		bad(key, problem)
	}
	if c.Parsed != nil {
		return
	}
	check := func(key, prefix, src string) {
		var wrong *SyntaxError
		if _, err := Parse(src); errors.As(err, &wrong) {
			bad(key, prefix+wrong.Error())
		}
	}
	if c.When != "" {
		check("when", "", c.When)
	}
	for i, src := range c.All {
		check("all", fmt.Sprintf("item %d: ", i+1), src)
	}
	for i, src := range c.Any {
		check("any", fmt.Sprintf("item %d: ", i+1), src)
	}
}

func validEvent(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !letter(c) && (i == 0 || !digit(c) && c != '_' && c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
