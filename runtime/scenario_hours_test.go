package runtime_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime/testkit"
)

// Rules become active and inactive by the wall clock of their time zone, also in the nights when
// that changes. Summer time in Berlin began on 26 March 2000 and ended on 29 October, at 1:00 UTC
// each.
func TestActiveHours(t *testing.T) {
	hours := map[string]struct{ zone, active string }{
		"night":   {"Europe/Berlin", "Mo-Su 18:00-07:00"},
		"changed": {"Europe/Berlin", "02:00-03:00"},
		"tokyo":   {"Asia/Tokyo", "Su 09:00-10:00"},
		"nepal":   {"Asia/Kathmandu", "06:00-06:30"},
		"weekday": {"UTC", "Mo-Fr 00:00-24:00"},
	}
	for _, tt := range []struct {
		name     string
		midnight time.Time                  // between Saturday and Sunday
		active   map[string][]time.Duration // start and end of each active period
		events   []string                   // since a minute before midnight
	}{
		{
			name: "begin of summer time", midnight: time.Date(2000, 3, 26, 0, 0, 0, 0, time.UTC),
			active: map[string][]time.Duration{
				"night": {-time.Minute, 5 * time.Hour},
				"tokyo": {0, time.Hour},
				"nepal": {15 * time.Minute, 45 * time.Minute},
			},
			events: []string{
				"10ms door/night confirmed", "1m0s door/tokyo confirmed", "16m0s door/nepal confirmed",
				"46m0s door/nepal ended", "1h1m0s door/tokyo ended", "5h1m0s door/night ended",
			},
		},
		{
			name: "end of summer time", midnight: time.Date(2000, 10, 29, 0, 0, 0, 0, time.UTC),
			active: map[string][]time.Duration{
				"night":   {-time.Minute, 6 * time.Hour},
				"changed": {0, 2 * time.Hour},
				"tokyo":   {0, time.Hour},
				"nepal":   {15 * time.Minute, 45 * time.Minute},
			},
			events: []string{
				"10ms door/night confirmed", "1m0s door/changed confirmed", "1m0s door/tokyo confirmed", "16m0s door/nepal confirmed",
				"46m0s door/nepal ended", "1h1m0s door/tokyo ended", "2h1m0s door/changed ended", "6h1m0s door/night ended",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(tt.midnight.Add(-time.Minute)))
				a := testkit.NewDetector("a", testkit.Always(1))
				a.Config.TTL = text.Duration(time.Minute)
				setup := testkit.Setup{Cameras: []*testkit.Camera{{Name: "door", Gap: 20 * time.Second}}, Detectors: []*testkit.Detector{a}}
				for name, h := range hours {
					setup.Rules = append(setup.Rules, with(testkit.Rule(name, "a >= 1"), func(c *rules.Config) {
						c.Active, c.TimeZone, c.Phases, c.Cooldown = []string{h.active}, h.zone, true, text.Duration(12*time.Hour)
					}))
				}
				p := start(t, setup)
				for at := -time.Minute; at < 6*time.Hour+5*time.Minute; at += time.Minute {
					time.Sleep(time.Until(tt.midnight.Add(at + 30*time.Second)))
					for _, r := range p.Camera(t, "door").Rules {
						span := tt.active[r.Event]
						active := len(span) > 0 && at >= span[0] && at < span[1]
						if got := r.Status.State != rules.Inactive; got != active || r.Status.Active != active {
							t.Fatalf("%v after midnight in Greenwich the rule %s is %s", at, r.Event, r.Status.State)
						}
						if want := hours[r.Event]; r.Hours == nil || r.Hours.TimeZone != want.zone || !slices.Equal(r.Hours.Active, []string{want.active}) {
							t.Fatalf("the hours of %s are %+v", r.Event, r.Hours)
						}
					}
				}
				if err := p.Stop(); err != nil {
					t.Error(err)
				}
				p.Sink.Expect(t, tt.events...)
			})
		})
	}
}
