package ui

import (
	"math"
	"testing"
	"time"

	"rvo-tui/rules"
)

func TestUnits(t *testing.T) {
	tests := []struct{ got, want string }{
		{ago(0), "0ns"},
		{ago(999 * time.Nanosecond), "999ns"},
		{ago(850 * time.Microsecond), "850µs"},
		{ago(9940 * time.Microsecond), "9.9ms"},
		{ago(320 * time.Millisecond), "320ms"},
		{ago(1250 * time.Millisecond), "1.2s"},
		{ago(99 * time.Second), "99s"},
		{ago(125 * time.Second), "2m05s"},
		{ago(26 * time.Hour), "26h00m"},
		{ago(400 * time.Hour), "16d"},
		{ago(rules.Never), "-"},
		{coarse(996 * time.Millisecond), "1.0s"},
		{coarse(123 * time.Millisecond), "120ms"},
		{clock(26*time.Hour + 61*time.Second), "1d 02:01:01"},
		{count(9999), "9999"},
		{count(12_345), "12.3k"},
		{count(123_456), "123k"},
		{count(12_345_678), "12.3M"},
		{count(123_456_789), "123M"},
		{count(12_345_678_901), "12.3G"},
		{number(1), "1"},
		{number(0.0213), "0.021"},
		{number(-12.34), "-12.3"},
		{number(math.NaN()), "-"},
		{rate(9.96), "10.0"},
		{rate(120.4), "120"},
		{rate(0.01), "0"},
		{limit(10), "10"},
		{limit(0.5), "0.5"},
		{amount(999), "999 B"},
		{amount(16_200), "16.2 kB"},
		{amount(1_234_567_890), "1.23 GB"},
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
		{"e\u0301te\u0301", "ete"},
		{"\U0001F1E9\U0001F1EA x", " x"},
		{"a\u200db\u202ec", "abc"},
		{"車 x", "車 x"},
	}
	for _, tt := range tests {
		if got := clean(tt.in); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
