package tty

import "testing"

func TestCharset(t *testing.T) {
	for _, tt := range []struct {
		term, all, ctype, lang string
		ascii, dumb            bool
	}{
		{"xterm-256color", "", "", "C.UTF-8", false, false},
		{"xterm-256color", "", "", "de_DE.utf8", false, false},
		{"xterm-256color", "", "", "", false, false},
		{"screen", "", "", "", false, false},
		{"xterm-256color", "", "", "C", true, false},
		{"xterm-256color", "POSIX", "", "C.UTF-8", true, false},
		{"xterm", "en_US.ISO-8859-15", "C.UTF-8", "", true, false},
		{"xterm", "", "C.UTF-8", "C", false, false},
		{"linux", "", "", "C.UTF-8", true, false},
		{"linux-16color", "", "", "C.UTF-8", true, false},
		{"vt100", "", "", "C.UTF-8", true, false},
		{"vt220", "", "", "", true, false},
		{"vte-256color", "", "", "C.UTF-8", false, false},
		{"dumb", "", "", "C.UTF-8", true, true},
		{"", "", "", "C.UTF-8", false, true},
	} {
		getenv := func(name string) string {
			return map[string]string{"TERM": tt.term, "LC_ALL": tt.all, "LC_CTYPE": tt.ctype, "LANG": tt.lang}[name]
		}
		if ASCII(getenv) != tt.ascii || Dumb(getenv) != tt.dumb {
			t.Errorf("%+v: ASCII %v, dumb %v", tt, ASCII(getenv), Dumb(getenv))
		}
	}
}
