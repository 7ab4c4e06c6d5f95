package clips

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/internal/text"
)

func TestCalendar(t *testing.T) {
	const day = 24 * time.Hour
	real := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	boot := time.Unix(0, 0)
	type look struct {
		wall time.Time
		up   time.Duration
		set  time.Duration
	}
	even := func(from time.Time, up, length time.Duration) (all []look) {
		for at := time.Duration(0); at <= length; at += time.Minute {
			all = append(all, look{from.Add(at), up + at, 0})
		}
		return all
	}
	later := func(d time.Duration) time.Time { return real.Add(d) }
	for _, c := range []struct {
		name  string
		looks []look
		at    time.Time
		want  time.Duration
	}{
		{"never looked", nil, later(-day), 0},
		{"just started", even(real, 0, 9*time.Minute), later(-day), 0},
		{"gone evenly", even(real, 0, 10*time.Minute), later(-day), day + 10*time.Minute},
		{"looked at seldom", []look{{real, 0, 0}, {later(3 * day), 3 * day, 0}}, real, 3 * day},
		{"clip of the future", even(real, 0, time.Hour), later(400 * day), 0},
		{"clip of a clock that was not set", even(real, 0, time.Hour), boot.Add(day), 0},
		{"clock that is not set", even(boot, 0, 20*day), boot.Add(time.Hour), 0},
		{"set by a time server after the start", append(even(boot, 0, 30*time.Minute), look{real, 31 * time.Minute, real.Sub(boot) - 31*time.Minute}), later(-30 * day), 0},
		{"and a while after", append(append(even(boot, 0, 30*time.Minute), look{real, 31 * time.Minute, real.Sub(boot) - 31*time.Minute}), even(later(time.Minute), 32*time.Minute, 10*time.Minute)...), later(-30 * day), 30*day + 11*time.Minute},
		{"set forth by years", append(even(real, 0, time.Hour), look{later(3000*day + time.Hour), time.Hour, 3000 * day}), later(-day), 0},
		{"and back again", append(even(real, 0, time.Hour), look{later(3000*day + time.Hour), time.Hour, 3000 * day}, look{later(time.Hour), time.Hour, -3000 * day}), later(-day), 0},
		{"set back", append(even(real, 0, time.Hour), look{later(-day), time.Hour, -day - time.Hour}), later(-9 * day), 0},
		{"slewed", []look{{real, 0, 0}, {later(10*time.Minute + 20*time.Second), 10 * time.Minute, 0}}, later(-day), day + 10*time.Minute + 20*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cal calendar
			for _, l := range c.looks {
				if set := cal.look(l.wall, l.up); set != l.set {
					t.Errorf("at %v after %v: set by %v, want %v", l.wall, l.up, set, l.set)
				}
			}
			if got := cal.age(c.at); got != c.want {
				t.Errorf("age %v, want %v", got, c.want)
			}
		})
	}
}

// A clock that jumps forward must not delete clips.
func TestRetentionOutlivesAWrongClock(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxBytes, cfg.MaxAge = 0, 9000*1e9
	now := time.Now()
	makeClips(t, cfg, 5, now) // one an hour, the newest now
	var log bytes.Buffer
	s := quietStore(cfg)
	s.epoch, s.log = now, slog.New(slog.NewTextHandler(&log, nil))
	left := func(after time.Duration) int {
		t.Helper()
		if err := s.refresh(now.Add(after)); err != nil {
			t.Fatal(err)
		}
		return len(wholeClips(t, cfg.Dir))
	}
	if n := left(0); n != 5 {
		t.Errorf("at the start %d clips remain, want all 5", n)
	}
	const years = 50000 * time.Hour
	s.epoch = s.epoch.Add(years) // the program has not run for longer
	if n := left(years + time.Minute); n != 5 || strings.Count(log.String(), "clock was set") != 1 {
		t.Errorf("when the clock has jumped %d clips remain; log:\n%s", n, &log)
	}
	s.epoch = s.epoch.Add(-years)
	if n := left(2 * time.Minute); n != 5 {
		t.Errorf("when it is back %d clips remain", n)
	}
	if n := left(13 * time.Minute); n != 3 || s.removed[byAge] != 2 {
		t.Errorf("in the end %d clips remain, want the 3 that are not too old; removed %v", n, s.removed)
	}
}

// A machine that has lost its time, as one without a battery, keeps its new clips, although they
// look older than those of earlier runs.
func TestRetentionWithAClockThatIsBehind(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxBytes, cfg.MaxAge = 0, 0
	now := time.Now()
	makeClips(t, cfg, 3, now.AddDate(1, 0, 0))
	cfg.MaxBytes = text.Bytes(7 * wholeClips(t, cfg.Dir)[0].Bytes / 2)
	s := quietStore(cfg)
	for i, want := range [][]string{{"new0", "event1", "event2"}, {"new0", "new1", "event2"}, {"new0", "new1", "new2"}, {"new1", "new2", "new3"}} {
		if err := s.refresh(now); err != nil {
			t.Fatal(err)
		}
		if _, err := makeClip(t, s, fmt.Sprintf("new%d", i), now.Add(time.Duration(i)*time.Second), 3); err != nil {
			t.Fatal(err)
		}
		if err := s.tidy(now); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range wholeClips(t, cfg.Dir) {
			got = append(got, e.EventID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after clip %d there are %v, want %v", i, got, want)
		}
	}
}
