package config

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestRedact(t *testing.T) {
	var s Secrets
	for _, value := range []string{"hunter2", `a"b\c`, "p@ss word/1", "7x", "", "hunter22", "schlüssel", "Hall.LAN"} {
		s.Add(value)
	}
	for _, c := range []struct{ text, want string }{
		{"nothing here", "nothing here"},
		{"password hunter2, and hunter22", "password ***, and ***"},
		{fmt.Sprintf("open %q", `a"b\c`), `open "***"`},
		{fmt.Sprintf("open %+q", "schlüssel"), `open "***"`},
		{"rtsp://u:p%40ss%20word%2F1@h", "rtsp://u:***@h"},
		{"?q=" + url.QueryEscape("p@ss word/1"), "?q=***"},
		{"17x 7x 7xy (7x)", "17x *** 7xy (***)"},
		{"unknown host hall.lan", "unknown host ***"}, // addresses are read in lower case
		{"7x7x", "7x7x"},
	} {
		if got := s.Redact(c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
	var none *Secrets
	if got := none.Redact("x"); got != "x" {
		t.Errorf("got %q", got)
	}
}

func TestSecretsConcurrently(t *testing.T) {
	var s Secrets
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				value := fmt.Sprintf("secret-%d-%d", i, j)
				s.Add(value)
				if got := s.Redact("<" + value + ">"); got != "<***>" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}

type named struct{ Name, Password string }

func (n named) String() string { return n.Name + ":" + n.Password }

type valuer struct{ v string }

func (v valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", v.v)) }

func TestHandlerHidesSecrets(t *testing.T) {
	var s Secrets
	s.Add("hunter2")
	nested := struct{ Inner *struct{ Password string } }{&struct{ Password string }{"hunter2"}}
	for _, form := range []struct {
		name string
		next func(*bytes.Buffer) slog.Handler
	}{
		{"text", func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }},
		{"json", func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }},
	} {
		t.Run(form.name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(s.Handler(form.next(&out))).With("with", "hunter2").WithGroup("group")
			log.Info("message hunter2",
				"string", "x hunter2 y",
				"error", fmt.Errorf("open: %w", errors.New("bad hunter2")),
				"stringer", named{"a", "hunter2"},
				"struct", struct{ P string }{"hunter2"},
				"nested", nested,
				"bytes", []byte("hunter2"),
				"strings", []string{"hunter2"},
				slog.Group("sub", "deep", "hunter2"),
				"valuer", valuer{"hunter2"},
				"number", 42, "plain", named{"b", "c"},
			)
			log.Debug("below the level hunter2")
			got := out.String()
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret was logged: %s", got)
			}
			for _, want := range []string{"message ***", "x *** y", "open: bad ***", "a:***", "42"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in %s", want, got)
				}
			}
			if strings.Count(got, "\n") != 1 {
				t.Errorf("got %s, want one line", got)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"FILE": "from file\n", "TWO": "two\n\n", "BOTH": "file", "EMPTY": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "DIR"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := testLoader("CREDENTIALS_DIRECTORY="+dir, "ENV=from env", "BOTH=env", "NESTED=${ENV}", "PW=a/b@c", "DIR=x").Getenv
	v := vault{env, new(Secrets)}
	for _, c := range []struct{ text, want, problem string }{
		{"plain $HOME $ {x}", "plain $HOME $ {x}", ""},
		{"${FILE}", "from file", ""},
		{"a ${ENV} b ${FILE}", "a from env b from file", ""},
		{"${BOTH}", "file", ""},
		{"${TWO}", "two", ""},
		{"[${EMPTY}]", "[]", ""},
		{"${CREDENTIALS_DIRECTORY}/KEY", dir + "/KEY", ""},
		{"${NESTED}", "${ENV}", ""},
		{"$${ENV}", "${ENV}", ""},
		{"$$${ENV}", "$${ENV}", ""},
		{"rtsp://u:${PW}@h/${PW}", "rtsp://u:a%2Fb%40c@h/a/b@c", ""},
		{"http://h/?token=${PW}", "http://h/?token=a/b@c", ""},
		{"${GONE}", "", "no file \"" + filepath.Join(dir, "GONE") + "\" and no environment variable GONE"},
		{"${", "", "must be followed by a name"},
		{"${A B}", "", "must be followed by a name"},
		{"${../FILE}", "", "must be followed by a name"},
		{"${1}", "", "must be followed by a name"},
		{"${}", "", "must be followed by a name"},
		{"${DIR}", "", "must be a plain file"},
	} {
		got, err := v.expand(c.text)
		switch {
		case c.problem != "":
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%q: got %q, %v; want the problem %q", c.text, got, err, c.problem)
			}
		case err != nil || got != c.want:
			t.Errorf("%q: got %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	if got := v.secrets.Redact(dir); got != dir {
		t.Errorf("the directory of credentials is hidden: %q", got)
	}
	if got := v.secrets.Redact("from env, from file, a%2Fb%40c"); got != "***, ***, ***" {
		t.Errorf("what was put in is not secret: %q", got)
	}
}
