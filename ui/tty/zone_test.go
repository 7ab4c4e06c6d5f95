package tty

import "testing"

func TestUnknownZone(t *testing.T) {
	for zone, want := range map[string]string{
		"": "", "UTC": "", ":UTC": "", "Europe/Berlin": "", "Europe/Berln": "Europe/Berln", "CET-1CEST": "CET-1CEST", "/there/is/none": "/there/is/none",
	} {
		if got := UnknownZone(func(string) string { return zone }); got != want {
			t.Errorf("TZ=%s: %q, want %q", zone, got, want)
		}
	}
}
