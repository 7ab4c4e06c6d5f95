package engine

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"rvo-tui/rules"
)

// clocked is an engine whose wall clock shows a time at the instant 0.
type clocked struct {
	t    *testing.T
	e    *Engine
	wall time.Time
	now  time.Duration
}

func newClocked(t *testing.T, wall time.Time, change func(*rules.Config)) *clocked {
	c := &clocked{t: t, e: New(Options{MaxErrors: 3}), wall: wall}
	cfg := watching("night", "a >= 1")
	cfg.Active, cfg.TimeZone = []string{"Mo-Su 18:00-07:00"}, "Europe/Berlin"
	change(&cfg)
	if err := c.e.AddRule(cfg); err != nil {
		t.Fatal(err)
	}
	return c
}

// step steps the engine at the deadlines up to a wall clock time.
func (c *clocked) step(until time.Time, commands ...func(*Engine, time.Duration)) {
	in := Inputs{Wall: c.wall.Add(c.now), Commands: commands}
	next := c.e.Step(c.now, &in).Next
	for end := until.Sub(c.wall); next <= end; {
		c.now = next
		next = c.e.Step(c.now, &Inputs{Wall: c.wall.Add(c.now)}).Next
		if next <= c.now {
			c.t.Fatalf("at %v the next deadline is %v", c.now, next)
		}
	}
	c.now = until.Sub(c.wall)
}

func (c *clocked) want(state rules.State, override Arming) {
	c.t.Helper()
	v := c.e.View(c.now, c.wall).Rules[0]
	if v.Status.State != state || v.Hours.Override != override {
		c.t.Errorf("at %v the rule is %s (%q), want %s (%q)", c.wall.Add(c.now), v.Status.State, v.Hours.Override, state, override)
	}
}

func berlin(t *testing.T, clock string) time.Time {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", clock, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestHoursOfARule(t *testing.T) {
	day := func(clock string) time.Time { return berlin(t, "2026-06-03 "+clock) }
	c := newClocked(t, day("17:58:30"), func(*rules.Config) {})
	c.want(rules.Inactive, ByHours)
	c.step(day("17:59:59"))
	c.want(rules.Inactive, ByHours)
	c.step(day("18:00:00"))
	c.want(rules.Idle, ByHours)
	c.step(day("18:30:10"), func(e *Engine, now time.Duration) {
		if err := e.SetArmed(now, "night", false); err != nil {
			t.Error(err)
		}
	})
	c.want(rules.Inactive, Disarmed)
	c.step(day("23:00:00"))
	c.want(rules.Inactive, Disarmed)
	c.step(day("23:00:00").Add(8 * time.Hour)) // its hours end
	c.want(rules.Inactive, ByHours)
	c.step(c.wall.Add(c.now), func(e *Engine, now time.Duration) {
		if err := e.SetArmed(now, "", true); err != nil { // all with hours
			t.Error(err)
		}
	})
	c.want(rules.Idle, Armed)
	c.step(c.wall.Add(c.now + time.Hour))
	c.want(rules.Idle, Armed)
	c.step(c.wall.Add(c.now + 11*time.Hour)) // the hours begin
	c.want(rules.Idle, ByHours)
}

// Summer time begins on 29 March 2026 at 2:00 and ends on 25 October at 3:00.
func TestHoursWhenTheClockChanges(t *testing.T) {
	for _, tt := range []struct {
		name, begin, hours string
		want               time.Duration // active in the day that follows
	}{
		{"an hour that is left out", "2026-03-28 12:00:00", "02:00-03:00", 0},
		{"an hour that comes twice", "2026-10-24 12:00:00", "02:00-03:00", 2 * time.Hour},
		{"a short night", "2026-03-28 12:00:00", "18:00-07:00", 12 * time.Hour},
		{"a long night", "2026-10-24 12:00:00", "18:00-07:00", 14 * time.Hour},
		{"a plain night", "2026-06-03 12:00:00", "18:00-07:00", 13 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClocked(t, berlin(t, tt.begin), func(cfg *rules.Config) { cfg.Active = []string{tt.hours} })
			var active time.Duration
			for range 24 * 60 {
				c.step(c.wall.Add(c.now + time.Minute))
				if c.e.View(c.now, c.wall).Rules[0].Status.State == rules.Idle {
					active += time.Minute
				}
			}
			if active != tt.want {
				t.Errorf("it was active for %v, want %v", active, tt.want)
			}
		})
	}
}

// A rule that becomes inactive reports the end of its confirmed event.
func TestIncidentsEndWithTheHours(t *testing.T) {
	s := newSim(t)
	wall := berlin(t, "2026-06-03 06:59:58")
	cfg := watching("night", "a >= 1")
	cfg.Active, cfg.TimeZone, cfg.Phases = []string{"18:00-07:00"}, "Europe/Berlin", true
	s.attach(&script{spec: spec("a", 10)})
	s.rule(cfg)
	s.frames(100, ms, 100*ms)
	s.wall = wall
	s.until(5 * time.Second)
	if len(s.fired) != 2 || s.fired[0].Phase != rules.PhaseConfirmed || s.fired[1].Phase != rules.PhaseEnded || s.fired[1].At < 2*time.Second {
		t.Fatalf("got %+v", s.fired)
	}
}

func TestArmingWithoutHours(t *testing.T) {
	e := New(Options{MaxErrors: 3})
	if err := e.AddRule(watching("always", "a")); err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]string{"always": "has no hours", "": "that has hours", "none": "no such rule"} {
		if err := e.SetArmed(0, event, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", event, err, want)
		}
	}
}
