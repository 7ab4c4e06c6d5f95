package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"rvo-tui/internal/text"
	"rvo-tui/runtime"
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
		"\tu:p@h  ":                            "\tu:*@h  ",
	} {
		if got := mask(line); got != want {
			t.Errorf("mask(%q) = %q, want %q", line, got, want)
		}
	}
}

// Nothing that Redact hides is drawn, at any moment of typing, and the cursor
// stays where it belongs.
func FuzzMask(f *testing.F) {
	f.Add("rtsp://u:pass", "add_camera a ")
	f.Add("http://u:p@:/?#&token=x", "attach remote endpoint=")
	f.Add("x:\xff@", "\u2028")
	f.Fuzz(func(t *testing.T, word, before string) {
		line := before + word
		got := mask(line)
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

// A password is on the screen at no moment from its first letter to the answer,
// wherever it is typed, and arrives whole.
func TestTypedPasswordsDoNotShow(t *testing.T) {
	const line = "yard rtsp://u:geheim@10.0.0.7/x"
	hidden := func(g *program) {
		t.Helper()
		if s := g.screen(); strings.Contains(s, "geh") {
			t.Errorf("the password shows:\n%s", s)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		g := start(t, Options{})
		g.keys(":")
		for _, k := range strings.Split("add_camera "+line, "") {
			g.keys(k)
			hidden(g)
		}
		g.sees("add_camera yard rtsp://u:******@10.0.0.7/x")
		g.keys("enter")
		hidden(g)
		g.commanded(runtime.Command{Do: runtime.AddCamera})
		if got := g.backend.did()[0].Added.Source; got != "rtsp://u:geheim@10.0.0.7/x" {
			t.Errorf("the camera comes from %q", got)
		}
		for _, wrong := range []string{"attach motion rtsp://u:geheim@h", "rtsp://u:geheim@h", "attach remote endpoint=http://u:geheim@h:1"} {
			g.keys(append(append([]string{":"}, strings.Split(wrong, "")...), "enter")...)
			hidden(g)
			g.keys("esc")
		}
		g.keys("n")
		g.keys("up")
		for _, k := range strings.Split("rtsp://u:geheim@", "") {
			g.keys(k)
			hidden(g)
		}
		g.sees("rtsp://u:******@")
		g.keys("esc", "a", "tab", "tab", "tab")
		g.keys(strings.Split("http://u:geheim@h:1", "")...)
		hidden(g)
		g.keys("enter")
		hidden(g)
		g.keys("esc", "q")
		g.ends()
	})
}
