package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
)

func TestToken(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	windows := filepath.Join(dir, "windows")
	if err := os.WriteFile(windows, []byte(" a file \r\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := testLoader("RVO_TOKEN=from RVO_TOKEN\n", "MINE=from MINE\r\n")
	for _, c := range []struct {
		link          cli.LinkFlags
		want, problem string
	}{
		{cli.LinkFlags{}, "from RVO_TOKEN", ""},
		{cli.LinkFlags{Token: "${MINE}"}, "from MINE", ""},
		{cli.LinkFlags{TokenFile: file}, "from a file", ""},
		{cli.LinkFlags{TokenFile: windows}, " a file ", ""},
		{cli.LinkFlags{Token: "${GONE}"}, "", "${GONE} is not set"},
		{cli.LinkFlags{Token: "secret-in-plain"}, "", "write '${NAME}'"},
		{cli.LinkFlags{Token: "x${MINE}"}, "", "write '${NAME}'"},
		{cli.LinkFlags{Token: "${MINE}", TokenFile: file}, "", "cannot be used together"},
		{cli.LinkFlags{TokenFile: filepath.Join(dir, "none")}, "", "read token"},
	} {
		got, err := l.Token(c.link)
		switch {
		case c.problem == "" && (err != nil || got != c.want):
			t.Errorf("%+v: got %q, %v", c.link, got, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "in-plain")):
			t.Errorf("%+v: got %q, %v; want the problem %q", c.link, got, err, c.problem)
		}
		if got != "" && l.Secrets.Redact(got) != "***" {
			t.Errorf("%+v: the token is not secret", c.link)
		}
	}
}
