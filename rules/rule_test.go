package rules

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// moment is one Step of a script. Its values stay until they are set again.
type moment struct {
	at    int    // ms
	set   string // of signal a: "1", "0", "?" (forgotten), "1/50" (for 50 ms), "on" and "off" (the rule), "" (nothing)
	fired Phase
	state State
	next  int // ms; never: no deadline
}

const (
	never = -1
	long  = time.Duration(math.MaxInt64 / 4) // a TTL that ends after never
)

func config(change func(*Config)) Config {
	cfg := DefaultConfig()
	cfg.Event, cfg.When = "test", "a"
	cfg.For, cfg.Cooldown = text.Duration(100*ms), text.Duration(1000*ms)
	cfg.Phases = true
	if change != nil {
		change(&cfg)
	}
	return cfg
}

func newRule(t testing.TB, cfg Config) (*Rule, *detectors.Table) {
	t.Helper()
	tab := detectors.NewTable()
	r, err := New(cfg, tab)
	if err != nil {
		t.Fatal(err)
	}
	return r, tab
}

func play(t *testing.T, cfg Config, script []moment) (*Rule, *detectors.Table) {
	t.Helper()
	r, tab := newRule(t, cfg)
	for i, m := range script {
		now := time.Duration(m.at) * ms
		switch {
		case m.set == "1":
			set(t, tab, "a", 1, now, long)
		case m.set == "0":
			set(t, tab, "a", 0, now, long)
		case m.set == "?":
			forget(t, tab, "a", detectors.Errored)
		case strings.HasPrefix(m.set, "1/"):
			ttl, err := time.ParseDuration(m.set[2:] + "ms")
			if err != nil {
				t.Fatal(err)
			}
			set(t, tab, "a", 1, now, ttl)
		case m.set == "on" || m.set == "off":
			r.SetEnabled(m.set == "on", now)
		}
		if got := r.Step(now); got != m.fired {
			t.Errorf("moment %d at %v fired %q, want %q", i, now, got, m.fired)
		}
		if got := r.Status(now).State; got != m.state {
			t.Errorf("moment %d at %v is %s, want %s", i, now, got, m.state)
		}
		next := never
		if n := r.Next(); n < long {
			next = int(n / ms)
			if n%ms != 0 {
				t.Errorf("moment %d at %v: next is %v", i, now, n)
			}
		}
		if next != m.next {
			t.Errorf("moment %d at %v: next is %d, want %d", i, now, next, m.next)
		}
	}
	return r, tab
}

func TestRule(t *testing.T) {
	grace := func(c *Config) { c.Grace = text.Duration(50 * ms) }
	hold := func(c *Config) { c.OnUnknown = UnknownHold }
	release := func(c *Config) { c.Rearm = RearmRelease }
	both := func(a, b func(*Config)) func(*Config) { return func(c *Config) { a(c); b(c) } }
	tests := []struct {
		name   string
		change func(*Config)
		script []moment
	}{
		{"confirms when for is over", nil, []moment{
			{0, "", "", Idle, never},
			{10, "0", "", Idle, never},
			{20, "1", "", Potential, 120},
			{50, "1", "", Potential, 120},
			{119, "", "", Potential, 120},
			{120, "", PhaseConfirmed, Confirmed, 1120},
			{130, "1", "", Confirmed, 1120},
		}},
		{"confirms at a step that is late", nil, []moment{
			{20, "1", "", Potential, 120},
			{500, "", PhaseConfirmed, Confirmed, 1500},
		}},
		{"does not confirm what is over at a late step", nil, []moment{
			{20, "1", "", Potential, 120},
			{500, "0", "", Idle, never},
		}},
		{"a break resets", nil, []moment{
			{0, "1", "", Potential, 100},
			{90, "0", "", Idle, never},
			{95, "1", "", Potential, 195},
			{100, "", "", Potential, 195},
			{195, "", PhaseConfirmed, Confirmed, 1195},
		}},
		{"a failure resets", nil, []moment{
			{0, "1", "", Potential, 100},
			{90, "?", "", Idle, never},
			{95, "1", "", Potential, 195},
		}},
		{"a stale signal resets at its instant", nil, []moment{
			{0, "1/60", "", Potential, 60},
			{50, "", "", Potential, 60},
			{60, "", "", Idle, never},
			{70, "1/60", "", Potential, 130},
			{120, "1/60", "", Potential, 170},
			{170, "1/60", PhaseConfirmed, Confirmed, 230},
		}},
		{"a stale signal does not confirm at the same instant", nil, []moment{
			{0, "1/100", "", Potential, 100},
			{100, "", "", Idle, never},
		}},
		{"without for it confirms at once", func(c *Config) { c.For = 0 }, []moment{
			{7, "1", PhaseConfirmed, Confirmed, 1007},
			{8, "0", PhaseEnded, Cooldown, 1007},
			{9, "1", "", Cooldown, 1007},
			{1007, "", PhaseConfirmed, Confirmed, 2007},
			{2007, "", PhaseConfirmed, Confirmed, 3007},
			{2500, "0", PhaseEnded, Cooldown, 3007},
			{3007, "", "", Idle, never},
		}},
		{"rearms after the cooldown while it holds", nil, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{1099, "", "", Confirmed, 1100},
			{1100, "", "", Potential, 1200},
			{1200, "", PhaseConfirmed, Confirmed, 2200},
			{1300, "0", PhaseEnded, Cooldown, 2200},
		}},
		{"the end is reported before it is confirmed again", nil, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{1100, "", "", Potential, 1200},
			{1150, "0", PhaseEnded, Idle, never},
			{1160, "1", "", Potential, 1260},
			{1170, "0", "", Idle, never},
		}},
		{"the time for starts anew after a cooldown", nil, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{200, "0", PhaseEnded, Cooldown, 1100},
			{300, "1", "", Cooldown, 1100},
			{1100, "", "", Potential, 1200},
			{1200, "", PhaseConfirmed, Confirmed, 2200},
		}},
		{"rearms by release", release, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, never},
			{1100, "", "", Confirmed, never},
			{5000, "1", "", Confirmed, never},
			{5100, "0", PhaseEnded, Idle, never},
			{5200, "1", "", Potential, 5300},
			{5300, "", PhaseConfirmed, Confirmed, never},
		}},
		{"release does not shorten the cooldown", release, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, never},
			{200, "0", PhaseEnded, Cooldown, 1100},
			{300, "1", "", Cooldown, 1100},
			{1100, "", "", Potential, 1200},
		}},
		{"unknown releases like false", release, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, never},
			{2000, "?", PhaseEnded, Idle, never},
		}},
		{"a gap within grace does not release", both(release, grace), []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, never},
			{2000, "0", "", Confirmed, 2050},
			{2040, "1", "", Confirmed, never},
			{3000, "0", "", Confirmed, 3050},
			{3050, "", PhaseEnded, Idle, never},
		}},
		{"a short gap counts", grace, []moment{
			{0, "1", "", Potential, 100},
			{30, "0", "", Potential, 80},
			{70, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
		}},
		{"a gap as long as grace counts if it is over then", grace, []moment{
			{0, "1", "", Potential, 100},
			{30, "0", "", Potential, 80},
			{80, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
		}},
		{"a gap longer than grace resets", grace, []moment{
			{0, "1", "", Potential, 100},
			{30, "0", "", Potential, 80},
			{80, "", "", Idle, never},
			{81, "1", "", Potential, 181},
		}},
		{"a gap longer than grace resets at a late step", grace, []moment{
			{0, "1", "", Potential, 100},
			{30, "0", "", Potential, 80},
			{90, "1", "", Potential, 190},
		}},
		{"two gaps do not add up", grace, []moment{
			{0, "1", "", Potential, 100},
			{10, "0", "", Potential, 60},
			{50, "1", "", Potential, 100},
			{55, "0", "", Potential, 105},
			{95, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
		}},
		{"nothing confirms in a gap", grace, []moment{
			{0, "1", "", Potential, 100},
			{80, "0", "", Potential, 130},
			{100, "", "", Potential, 130},
			{120, "1", PhaseConfirmed, Confirmed, 1120},
		}},
		{"unknown within grace", grace, []moment{
			{0, "1/60", "", Potential, 60},
			{60, "", "", Potential, 110},
			{80, "0", "", Potential, 110},
			{110, "", "", Idle, never},
		}},
		{"the end waits for grace", grace, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{200, "0", "", Confirmed, 250},
			{220, "1", "", Confirmed, 1100},
			{300, "0", "", Confirmed, 350},
			{350, "", PhaseEnded, Cooldown, 1100},
			{1100, "", "", Idle, never},
		}},
		{"a gap across the end of the cooldown", grace, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{1080, "0", "", Confirmed, 1130},
			{1100, "", "", Confirmed, 1130},
			{1120, "1", "", Potential, 1220},
			{1220, "", PhaseConfirmed, Confirmed, 2220},
		}},
		{"an end and a new beginning at one late step", both(grace, func(c *Config) { c.For, c.Cooldown = 0, text.Duration(10*ms) }), []moment{
			{0, "1", PhaseConfirmed, Confirmed, 10},
			{5, "0", "", Confirmed, 55},
			{100, "1", PhaseEnded, Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 110},
		}},
		{"unknown holds the clock", hold, []moment{
			{0, "1", "", Potential, 100},
			{40, "?", "", Potential, never},
			{1000, "", "", Potential, never},
			{5000, "1", "", Potential, 5060},
			{5060, "", PhaseConfirmed, Confirmed, 6060},
		}},
		{"a stale signal holds from its instant", hold, []moment{
			{0, "1/60", "", Potential, 60},
			{60, "", "", Potential, never},
			{500, "1", "", Potential, 540},
			{540, "", PhaseConfirmed, Confirmed, 1540},
		}},
		{"nothing confirms while it is held", hold, []moment{
			{0, "1/100", "", Potential, 100},
			{100, "", "", Potential, never},
			{300, "1", PhaseConfirmed, Confirmed, 1300},
		}},
		{"false after a hold resets", hold, []moment{
			{0, "1", "", Potential, 100},
			{40, "?", "", Potential, never},
			{80, "0", "", Idle, never},
			{90, "?", "", Idle, never},
		}},
		{"a hold stops the gap's clock", both(hold, grace), []moment{
			{0, "1", "", Potential, 100},
			{10, "0", "", Potential, 60},
			{40, "?", "", Potential, never},
			{1000, "0", "", Potential, 1020},
			{1020, "", "", Idle, never},
		}},
		{"a gap over grace ends at a late unknown", both(hold, grace), []moment{
			{0, "1", "", Potential, 100},
			{10, "0", "", Potential, 60},
			{70, "?", "", Idle, never},
		}},
		{"an incident is held", hold, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{200, "?", "", Confirmed, never},
			{1100, "", "", Confirmed, never},
			{3000, "1", "", Potential, 3100},
			{3050, "?", "", Potential, never},
			{4000, "0", PhaseEnded, Idle, never},
		}},
		{"the cooldown runs while it is unknown", hold, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{200, "0", PhaseEnded, Cooldown, 1100},
			{300, "?", "", Cooldown, 1100},
			{1100, "", "", Idle, never},
		}},
		{"without cooldown", func(c *Config) { c.Cooldown = 0 }, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Potential, 200},
			{200, "", PhaseConfirmed, Potential, 300},
			{250, "0", PhaseEnded, Idle, never},
		}},
		{"without cooldown, by release", both(release, func(c *Config) { c.Cooldown = 0 }), []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, never},
			{250, "0", PhaseEnded, Idle, never},
		}},
		{"without phases", func(c *Config) { c.Phases = false }, []moment{
			{0, "1", "", Potential, 100},
			{100, "", PhaseConfirmed, Confirmed, 1100},
			{200, "0", "", Cooldown, 1100},
			{1100, "1", "", Potential, 1200},
			{1150, "off", "", Disabled, never},
		}},
		{"switched off and on", nil, []moment{
			{0, "1", "", Potential, 100},
			{50, "off", "", Disabled, never},
			{100, "", "", Disabled, never},
			{200, "on", "", Potential, 300},
			{250, "on", "", Potential, 300},
			{300, "", PhaseConfirmed, Confirmed, 1300},
			{400, "off", PhaseEnded, Disabled, never},
			{410, "off", "", Disabled, never},
			{420, "on", "", Potential, 520},
		}},
		{"begins disabled", func(c *Config) { c.Enabled = false }, []moment{
			{0, "1", "", Disabled, never},
			{100, "on", "", Potential, 200},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { play(t, config(tt.change), tt.script) })
	}
}

func TestDisableAsksForAStep(t *testing.T) {
	r, tab := newRule(t, config(func(c *Config) { c.For = 0 }))
	set(t, tab, "a", 1, 0, long)
	if got := r.Step(10 * ms); got != PhaseConfirmed {
		t.Fatalf("fired %q", got)
	}
	r.SetEnabled(false, 20*ms)
	if got := r.Next(); got != 20*ms {
		t.Errorf("next is %v, want 20ms: there is an end to report", got)
	}
	r.SetEnabled(true, 30*ms)
	if got := r.Step(30 * ms); got != PhaseConfirmed {
		t.Errorf("fired %q, want a new confirmation", got)
	}
	set(t, tab, "a", 0, 40*ms, long)
	if got := r.Step(40 * ms); got != PhaseEnded {
		t.Errorf("fired %q, want the end", got)
	}
	if e := r.Event(40*ms, PhaseEnded); e.Duration != 10*ms {
		t.Errorf("the second incident lasted %v, want 10ms", e.Duration)
	}
}

func TestNewRejects(t *testing.T) {
	if _, err := New(config(func(c *Config) { c.When = "a >" }), detectors.NewTable()); err == nil || !strings.Contains(err.Error(), `rule "test": when: column 4`) {
		t.Errorf("got %v", err)
	}
	tab := detectors.NewTable()
	for i := range detectors.MaxSignals {
		if _, err := tab.Intern(fmt.Sprintf("s%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := New(config(nil), tab); err == nil {
		t.Error("made a rule whose signal has no room")
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	r, tab := newRule(t, config(func(c *Config) { c.When, c.Grace = "a && b > 0.5", text.Duration(ms) }))
	var now time.Duration
	trace := detectors.Trace{}
	step := func() {
		now += 7 * ms
		trace.Captured = now
		tab.Set(0, float64(now/(70*ms)%9), nil, &trace, time.Second)
		tab.Set(1, 1, nil, &trace, time.Second)
		r.Step(now)
		r.Next()
		r.Status(now)
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
	if r.Status(now).Fired == 0 {
		t.Error("the steps never confirmed")
	}
}

func BenchmarkStep(b *testing.B) {
	for _, tt := range []struct {
		name  string
		value float64
	}{{"idle", 0}, {"confirmed", 1}} {
		b.Run(tt.name, func(b *testing.B) {
			r, tab := newRule(b, config(func(c *Config) { c.When, c.Rearm = "a >= 1 && b > 0.02", RearmRelease }))
			set(b, tab, "a", tt.value, 0, long)
			set(b, tab, "b", 1, 0, long)
			var now time.Duration
			b.ReportAllocs()
			for b.Loop() {
				now += ms
				r.Step(now)
				r.Next()
			}
		})
	}
}
