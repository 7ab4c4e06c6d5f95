package draw

import (
	"testing"
	"time"
)

// In the hour that occurs twice, the times tell which of the two they are in.
func TestColumnOfTimes(t *testing.T) {
	before := time.Local
	t.Cleanup(func() { time.Local = before })
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	time.Local = zone
	summer := time.Date(2026, 10, 25, 0, 30, 5, 0, time.UTC)
	winter := summer.Add(time.Hour)
	for _, tt := range []struct {
		first, last time.Time
		head, of    string
	}{
		{summer, summer, "CEST    ", "02:30:05"},
		{winter, winter, "CET     ", "02:30:05"},
		{summer, winter, "CET          ", "02:30:05 CEST"},
	} {
		c := NewColumn(tt.first, tt.last)
		if c.Head() != tt.head || c.Of(tt.first) != tt.of {
			t.Errorf("%q, %q; want %q, %q", c.Head(), c.Of(tt.first), tt.head, tt.of)
		}
	}
	if got := Stamp(winter); got != "2026-10-25 02:30:05 CET" {
		t.Error(got)
	}
}
