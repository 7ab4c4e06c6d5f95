package draw

import (
	"math"
	"testing"
	"time"

	"rvo-tui/rules"
)

func TestUnits(t *testing.T) {
	tests := []struct{ got, want string }{
		{Ago(0), "0ns"},
		{Ago(999 * time.Nanosecond), "999ns"},
		{Ago(850 * time.Microsecond), "850µs"},
		{Ago(9940 * time.Microsecond), "9.9ms"},
		{Ago(320 * time.Millisecond), "320ms"},
		{Ago(1250 * time.Millisecond), "1.2s"},
		{Ago(99 * time.Second), "99s"},
		{Ago(125 * time.Second), "2m05s"},
		{Ago(26 * time.Hour), "26h00m"},
		{Ago(400 * time.Hour), "16d"},
		{Ago(rules.Never), "-"},
		{Coarse(996 * time.Millisecond), "1.0s"},
		{Coarse(123 * time.Millisecond), "120ms"},
		{Clock(26*time.Hour + 61*time.Second), "1d 02:01:01"},
		{Count(9999), "9999"},
		{Count(12_345), "12.3k"},
		{Count(123_456), "123k"},
		{Count(12_345_678), "12.3M"},
		{Count(123_456_789), "123M"},
		{Count(12_345_678_901), "12.3G"},
		{Number(1), "1"},
		{Number(0.0213), "0.021"},
		{Number(-12.34), "-12.3"},
		{Number(math.NaN()), "-"},
		{Rate(9.96), "10.0"},
		{Rate(120.4), "120"},
		{Rate(0.01), "0"},
		{Limit(10), "10"},
		{Limit(0.5), "0.5"},
		{Amount(999), "999 B"},
		{Amount(16_200), "16.2 kB"},
		{Amount(1_234_567_890), "1.23 GB"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestCleanLeavesOneCellARune(t *testing.T) {
	tests := []struct{ in, want string }{
		{"person", "person"},
		{"\x1b[2Jboo\x07\r\nbar", "[2Jboo bar"},
		{"e\u0301te\u0301", "été"},
		{"x\u0301\u0301", "x"}, // combining characters
		{"\U0001F1E9\U0001F1EA x", "DE x"},
		{"a\u200db\u202ec", "abc"},
		{"車 x", "車 x"},
	}
	for _, tt := range tests {
		if got := Clean(tt.in); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
