package runtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime/testkit"
)

const ms = time.Millisecond

// start runs a pipeline until the test ends.
func start(t *testing.T, s testkit.Setup) *testkit.Pipeline {
	t.Helper()
	p := testkit.Start(s)
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if !p.Sink.Ended() {
			t.Error("the sink is still at work at the end")
		}
	})
	return p
}

// ones is 0 up to a frame, then 1 for n frames, then 0.
func ones(first, n int) []float64 {
	v := make([]float64, first+n)
	for i := range n {
		v[first-1+i] = 1
	}
	return v
}

// with changes a rule.
func with(c rules.Config, change func(*rules.Config)) rules.Config {
	change(&c)
	return c
}

func lasting(c rules.Config, d time.Duration) rules.Config {
	c.For = text.Duration(d)
	return c
}

// Frame n is captured at 10 ms + (n-1) × 100 ms.
func TestEventsOfSignals(t *testing.T) {
	person := testkit.Rule("person", "a >= 1")
	broken := func(from, to uint64) testkit.Script {
		return testkit.FailFrames(from, to, testkit.Always(1))
	}
	gap := testkit.ByFrame(0, 0, 1, 1, 0, 1)
	for _, c := range []struct {
		name  string
		a, b  testkit.Script
		rules []rules.Config
		until time.Duration
		want  []string
	}{
		{
			name: "event after its duration", a: testkit.ByFrame(0, 0, 1),
			rules: []rules.Config{lasting(person, 450*ms)}, until: 3 * time.Second,
			want: []string{"660ms door/person confirmed"},
		},
		{
			name: "duration not met", a: testkit.ByFrame(ones(3, 4)...),
			rules: []rules.Config{lasting(person, 450*ms)}, until: 3 * time.Second,
		},
		{
			name: "signal break resets", a: testkit.ByFrame(0, 0, 1, 1, 1, 1, 0, 1),
			rules: []rules.Config{lasting(person, 450*ms)}, until: 3 * time.Second,
			want: []string{"1.16s door/person confirmed"},
		},
		{
			name: "cooldown", a: testkit.Always(1),
			rules: []rules.Config{with(person, func(r *rules.Config) { r.Cooldown = text.Duration(950 * ms) })},
			until: 2005 * ms,
			want:  []string{"10ms door/person confirmed", "960ms door/person confirmed", "1.91s door/person confirmed"},
		},
		{
			name: "definitions are independent", a: testkit.ByFrame(0, 0, 1), b: testkit.ByFrame(ones(5, 2)...),
			rules: []rules.Config{
				lasting(person, 250*ms), testkit.Rule("at_once", "a >= 1"),
				with(testkit.Rule("other", "b >= 1"), func(r *rules.Config) { r.Phases = true }),
				lasting(testkit.Rule("too_long", "b >= 1"), 250*ms),
			},
			until: 2 * time.Second,
			want: []string{
				"210ms door/at_once confirmed", "410ms door/other confirmed",
				"460ms door/person confirmed", "610ms door/other ended",
			},
		},
		{
			name: "all needs both and any the first", a: testkit.ByFrame(0, 0, 1), b: testkit.ByFrame(0, 0, 0, 0, 0, 1),
			rules: []rules.Config{
				with(testkit.Rule("both", ""), func(r *rules.Config) { r.All = []string{"a >= 1", "b >= 1"} }),
				with(testkit.Rule("first", ""), func(r *rules.Config) { r.Any = []string{"a >= 1", "b >= 1"} }),
			},
			until: 2 * time.Second,
			want:  []string{"210ms door/first confirmed", "510ms door/both confirmed"},
		},
		{
			name: "a gap within grace", a: gap,
			rules: []rules.Config{with(lasting(person, 450*ms), func(r *rules.Config) { r.Grace = text.Duration(150 * ms) })},
			until: 2 * time.Second, want: []string{"660ms door/person confirmed"},
		},
		{
			name: "a gap beyond grace", a: gap,
			rules: []rules.Config{with(lasting(person, 450*ms), func(r *rules.Config) { r.Grace = text.Duration(50 * ms) })},
			until: 2 * time.Second, want: []string{"960ms door/person confirmed"},
		},
		{
			name: "unknown resets", a: broken(5, 6),
			rules: []rules.Config{lasting(person, 650*ms)}, until: 2 * time.Second,
			want: []string{"1.26s door/person confirmed"},
		},
		{
			name: "unknown holds", a: broken(5, 6),
			rules: []rules.Config{with(lasting(person, 650*ms), func(r *rules.Config) { r.OnUnknown = rules.UnknownHold })},
			until: 2 * time.Second, want: []string{"860ms door/person confirmed"},
		},
		{
			name: "unknown is not false", a: testkit.Fail(), b: testkit.Always(0),
			rules: []rules.Config{
				testkit.Rule("nobody", "a < 1"), testkit.Rule("not", "!(a >= 1)"),
				testkit.Rule("either", "a < 1 || b < 1"), testkit.Rule("both", "a < 1 && b < 1"),
			},
			until: 350 * ms, want: []string{"10ms door/either confirmed"},
		},
		{
			name: "rearm by release", a: testkit.ByFrame(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1),
			rules: []rules.Config{with(person, func(r *rules.Config) {
				r.Cooldown, r.Rearm = text.Duration(240*ms), rules.RearmRelease
			})},
			until: 3 * time.Second,
			want:  []string{"10ms door/person confirmed", "1.11s door/person confirmed"},
		},
		{
			name: "rearm by cooldown", a: testkit.ByFrame(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1),
			rules: []rules.Config{with(person, func(r *rules.Config) { r.Cooldown = text.Duration(240 * ms) })},
			until: 1300 * ms,
			want: []string{
				"10ms door/person confirmed", "250ms door/person confirmed", "490ms door/person confirmed",
				"730ms door/person confirmed", "970ms door/person confirmed", "1.21s door/person confirmed",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := testkit.Setup{
					Cameras:   []*testkit.Camera{{Name: "door"}},
					Detectors: []*testkit.Detector{testkit.NewDetector("a", c.a)},
					Rules:     c.rules,
				}
				if c.b != nil {
					s.Detectors = append(s.Detectors, testkit.NewDetector("b", c.b))
				}
				p := start(t, s)
				p.Until(c.until)
				p.Sink.Expect(t, c.want...)
				for _, e := range p.Sink.Received() {
					if at := e.At.Sub(p.Epoch); at != e.Event.At || !e.Event.Time.Equal(e.At) || e.Event.ID == "" {
						t.Errorf("event %+v was offered at %v", e.Event, at)
					}
				}
			})
		})
	}
}

func TestSignalExpiresBetweenFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testkit.NewDetector("a", testkit.Always(1))
		a.Config.TTL = text.Duration(300 * ms)
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door", Count: 3}}, // the last at 210 ms
			Detectors: []*testkit.Detector{a},
			Rules:     []rules.Config{with(testkit.Rule("person", "a >= 1"), func(r *rules.Config) { r.Phases = true })},
		})
		p.Until(505 * ms)
		p.Sink.Expect(t, "10ms door/person confirmed")
		if s := p.Signal(t, "door", "a"); s.Why != "" {
			t.Errorf("signal is unknown before its TTL is over: %s", s.Why)
		}
		p.Until(2 * time.Second)
		p.Sink.Expect(t, "10ms door/person confirmed", "510ms door/person ended")
		if d := p.Sink.Received()[1].Event.Duration; d != 500*ms {
			t.Errorf("it lasted %v, want 500ms", d)
		}
		if s := p.Signal(t, "door", "a"); s.Why != "stale" {
			t.Errorf("signal after its TTL: %q, want stale", s.Why)
		}
	})
}

func TestAnswerThatComesAfterItsTTLConfirmsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testkit.NewDetector("a", testkit.Latency(400*ms, testkit.Always(1)))
		a.Config.TTL = text.Duration(300 * ms)
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door", Count: 1}},
			Detectors: []*testkit.Detector{a},
			Rules:     []rules.Config{testkit.Rule("person", "a >= 1"), testkit.Rule("nobody", "a < 1")},
		})
		p.Until(time.Second)
		p.Sink.Expect(t)
		if d := p.Detector(t, "door", "a"); d.Runs != 1 || d.Expired != 1 || d.Late != 0 || d.Timeouts != 0 {
			t.Errorf("%d runs, %d expired, %d late, %d timeouts; want one that expired", d.Runs, d.Expired, d.Late, d.Timeouts)
		}
		if s := p.Signal(t, "door", "a"); s.Why != "stale" {
			t.Errorf("signal is %q, want stale", s.Why)
		}
	})
}

func TestEventTellsHowOldItsFrameIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{{Name: "door", Count: 1}},
			Detectors: []*testkit.Detector{
				testkit.NewDetector("a", testkit.Latency(30*ms, testkit.Always(1))),
				testkit.Chained("b", "a >= 1", testkit.Latency(20*ms, testkit.Always(1))),
			},
			Rules: []rules.Config{testkit.Rule("after", "b >= 1")},
		})
		p.Until(time.Second)
		p.Sink.Expect(t, "60ms door/after confirmed")
		got, want := p.Sink.Received()[0].Event.Age, rules.Age{Schedule: 30 * ms, Inference: 20 * ms}
		if got != want {
			t.Errorf("age %+v, want %+v", got, want)
		}
	})
}
