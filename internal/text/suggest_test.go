package text

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	words := []string{"motion", "quality", "person", "face", "load", "max_fps", "ttl"}
	tests := []struct{ word, want string }{
		{"motoin", "motion"},
		{"Motion", "motion"},
		{"motions", "motion"},
		{"maxfps", "max_fps"},
		{"max-fps", "max_fps"},
		{"qualtiy", "quality"},
		{"fase", "face"},
		{"tll", "ttl"},
		{"tt", "ttl"},
		{"x", ""},
		{"", ""},
		{"thermal", ""},
		{"needs", ""},
		{strings.Repeat("motion", 100), ""},
	}
	for _, tt := range tests {
		if got := Suggest(tt.word, words); got != tt.want {
			t.Errorf("Suggest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
	if got := Suggest("motion", nil); got != "" {
		t.Errorf("Suggest from nothing = %q", got)
	}
}

func TestSuggestSynonyms(t *testing.T) {
	camera, detector := []string{"name", "source", "fps"}, []string{"name", "kind", "max_fps", "threshold", "model"}
	for _, tt := range []struct {
		word string
		from []string
		want string
	}{
		{"url", camera, "source"},
		{"URL", camera, "source"},
		{"input", camera, "source"},
		{"url", []string{"to", "name"}, "to"},
		{"path", detector, "model"},
		{"fps", detector, "max_fps"},
		{"framerate", camera, "fps"},
		{"type", detector, "kind"},
		{"confidence", detector, "threshold"},
		{"input", detector, ""},
	} {
		if got := Suggest(tt.word, tt.from); got != tt.want {
			t.Errorf("Suggest(%q, %q) = %q, want %q", tt.word, tt.from, got, tt.want)
		}
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("motoin", "motion")
	f.Add("", "")
	f.Add("é", "e")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 64 || len(b) > 64 {
			return
		}
		d := edits(a, b)
		if back := edits(b, a); d != back {
			t.Errorf("edits(%q, %q) = %d, the other way %d", a, b, d, back)
		}
		if (d == 0) != (a == b) {
			t.Errorf("edits(%q, %q) = %d", a, b, d)
		}
		if least, most := max(len(a)-len(b), len(b)-len(a)), max(len(a), len(b)); d < least || d > most {
			t.Errorf("edits(%q, %q) = %d, not from %d to %d", a, b, d, least, most)
		}
		if got := Suggest(a, []string{b}); got != "" && got != b {
			t.Errorf("Suggest(%q) = %q, want %q", a, got, b)
		}
	})
}
