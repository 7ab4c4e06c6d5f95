package draw

import (
	"strings"
	"testing"
	"unicode/utf8"

	"rvo-tui/internal/text"
)

func TestMask(t *testing.T) {
	for line, want := range map[string]string{
		"":                                     "",
		"pause all":                            "pause all",
		"add_camera yard rtsp://u:geheim@h/s":  "add_camera yard rtsp://u:******@h/s",
		"add_camera yard rtsp://u:geheim":      "add_camera yard rtsp://u:******",
		"add_camera yard rtsp://u:ge/heim":     "add_camera yard rtsp://u:*******",
		"add_camera yard rtsp://u:1234":        "add_camera yard rtsp://u:****",
		"add_camera yard rtsp://u:päß@h":       "add_camera yard rtsp://u:***@h",
		"rtsp://10.0.0.7:55":                   "rtsp://10.0.0.7:**",
		"rtsp://10.0.0.7:554/stream1":          "rtsp://10.0.0.7:554/stream1",
		"rtsp://[::1]:554/s":                   "rtsp://[::1]:554/s",
		"rtsp://u":                             "rtsp://u",
		"http://h/v?token=abc&x=1":             "http://h/v?token=***&x=1",
		"attach  remote endpoint=http://u:p@h": "attach  remote endpoint=http://u:*@h",
		"attach remote token=abc name=x":       "attach remote token=*** name=x",
		"attach motion signal=yard":            "attach motion signal=yard",
		"\tu:p@h  ":                            "\tu:*@h  ",
	} {
		if got := Mask(line); got != want {
			t.Errorf("mask(%q) = %q, want %q", line, got, want)
		}
	}
}

// Nothing that Redact hides is drawn at any moment of typing, and the cursor stays in place.
func FuzzMask(f *testing.F) {
	f.Add("rtsp://u:pass", "add_camera a ")
	f.Add("http://u:p@:/?#&token=x", "attach remote endpoint=")
	f.Add("x:\xff@", "\u2028")
	f.Fuzz(func(t *testing.T, word, before string) {
		line := before + word
		got := Mask(line)
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(line) {
			t.Fatalf("%q becomes %q", line, got)
		}
		if strings.ContainsAny(line, " \t") || !utf8.ValidString(line) || !strings.HasPrefix(line, "rtsp://") {
			return
		}
		hide := text.Secret(line)
		runes := []rune(got)
		n := 0
		for i, r := range line {
			if hide[i] && r != '*' && runes[n] == r {
				t.Fatalf("%q shows what Redact hides: %q", line, got)
			}
			n++
		}
	})
}
