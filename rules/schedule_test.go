package rules

import (
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	at := func(day int, clock string) time.Time { // day 1 is a Monday
		c, err := time.Parse("15:04", clock)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2026, 6, day, c.Hour(), c.Minute(), 0, 0, time.UTC)
	}
	tests := []struct {
		hours string
		at    time.Time
		want  bool
	}{
		{"mon-fri 18:00-07:00", at(1, "18:00"), true},
		{"mon-fri 18:00-07:00", at(1, "17:59"), false},
		{"mon-fri 18:00-07:00", at(2, "06:59"), true},
		{"mon-fri 18:00-07:00", at(2, "07:00"), false},
		{"mon-fri 18:00-07:00", at(1, "06:00"), false}, // Sunday night
		{"mon-fri 18:00-07:00", at(6, "06:00"), true},  // Friday night
		{"sat,sun 00:00-24:00", at(7, "23:59"), true},
		{"sat,sun 00:00-24:00", at(8, "00:00"), false},
		{"fri-mon 10:00-11:00", at(7, "10:30"), true},
		{"fri-mon 10:00-11:00", at(2, "10:30"), false},
		{"22:00-06:00", at(3, "23:00"), true},
		{"MON 8:00-9:00", at(1, "08:30"), true},
		{"Mo-Fr 18:00-07:00", at(2, "06:59"), true},
		{"Sa,Su 18:00-07:00", at(2, "06:59"), false},
	}
	for _, tt := range tests {
		h, err := NewSchedule([]string{tt.hours}, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Has(tt.at); got != tt.want {
			t.Errorf("%q has %v: %v", tt.hours, tt.at, got)
		}
	}
	for _, bad := range []string{"", "mon", "mon 18:00", "mon 18-20", "m 18:00-20:00", "monday 18:00-20:00", "mon 18:00-18:00", "mon 25:00-26:00", "mon 24:00-01:00", "mon 18:0-19:00", "mon 18:00-24:01", "mon-  18:00-19:00 x", "mon, 18:00-19:00"} {
		if _, err := NewSchedule([]string{bad}, time.UTC); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"mon-fri 18:00-07:00", "sat,sun 00:00-24:00", "22:00-06:00", "-", "mon- :"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := NewSchedule([]string{s}, time.UTC)
		if err != nil {
			return
		}
		some := false
		for m := range 7 * 24 * 60 {
			some = some || h.Has(time.Unix(0, 0).Add(time.Duration(m)*time.Minute))
		}
		if !some {
			t.Errorf("%q is taken and never holds", s)
		}
	})
}
