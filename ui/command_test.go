package ui

import "testing"

func TestFuzzy(t *testing.T) {
	names := []string{"front door", "Backyard", "back", "garage", "Straße 長"}
	for letters, want := range map[string]int{"back": 2, "backy": 1, "door": 0, "fdr": 0, "grg": 3, "BY": 1, "e長": 4, "zz": -1, "dnr": -1} {
		if got := fuzzy(names, letters); got != want {
			t.Errorf("%q is %d, want %d", letters, got, want)
		}
	}
}
