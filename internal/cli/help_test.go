package cli

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// line is a command with its required arguments.
type line struct{ command, args string }

// lines returns a line for every command.
func lines(t *testing.T) []line {
	t.Helper()
	parser, err := newParser(new(Flags), io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	list := []line{{"", ""}, {"bench", ""}, {"ctl", ""}}
	for _, leaf := range parser.Model.Leaves(false) {
		l := line{command: strings.TrimPrefix(leaf.FullPath(), "rvo-tui ")}
		for _, arg := range leaf.Positional {
			if arg.Required {
				l.args += " 1"
			}
		}
		list = append(list, l)
	}
	return list
}

// given are values for the flags that take one.
var given = map[string]string{
	"camera-device": "0", "camera-uri": "synthetic:street", "detector": "localhost:1=a", "duration": "1s", "rate": "1", "limit": "1",
	"token": "${A}", "mode": "both", "runs": "1", "duration-secs": "1", "warmup-secs": "1", "sample-ms": "1", "size": "1x1", "seed": "1",
}

// with returns a flag as typed, with a value if it takes one.
func with(f *kong.Flag) string {
	if f.IsBool() {
		return "--" + f.Name
	}
	value, ok := given[f.Name]
	if !ok {
		value = "x"
	}
	return "--" + f.Name + "=" + value
}

var listed = regexp.MustCompile(`(?m)^ +(?:-\w, |    )?--([a-z-]+)`)

// The help of each command lists exactly its flags.
func TestHelpListsTheFlagsThatAreTaken(t *testing.T) {
	parser, err := newParser(new(Flags), io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]*kong.Flag{}
	err = kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			flags[f.Name] = f
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(flags, "help")
	all := lines(t)
	if len(all) < 26 || len(flags) < 30 {
		t.Fatalf("%d commands and %d flags were found: too few", len(all), len(flags))
	}
	for _, l := range all {
		var out bytes.Buffer
		if _, err := Parse(append(strings.Fields(l.command), "--help"), &out); !errors.Is(err, ErrHelp) {
			t.Errorf("%q: got %v, want help", l.command, err)
			continue
		}
		var help []string
		for _, m := range listed.FindAllStringSubmatch(out.String(), -1) {
			help = append(help, m[1])
		}
		for name, f := range flags {
			args := l.command + l.args
			if l.command == "ctl" { // it does nothing by itself: its flags are those of all verbs
				args = "ctl status"
			}
			_, err := Parse(append(strings.Fields(args), with(f)), io.Discard)
			switch shown := slices.Contains(help, name); {
			case shown && err != nil:
				t.Errorf("%q lists --%s in its help and refuses it: %v", l.command, name, err)
			case !shown && err == nil:
				t.Errorf("%q takes --%s and does not list it in its help", l.command, name)
			}
		}
		if strings.HasPrefix(l.command, "ctl") && (slices.Contains(help, "no-ui") || !slices.Contains(help, "addr")) {
			t.Errorf("%q lists %v", l.command, help)
		}
	}
}

// Flags before a command are the same as flags after it.
func TestFlagsMayStandBeforeTheCommand(t *testing.T) {
	for args, want := range map[string]string{
		"--config a.toml check": "", "--config a.toml clips": "", "--clips-dir d clips": "", "--ascii connect": "",
		"--no-ui run":                       "",
		"--no-ui check":                     "--no-ui: is for run, not for check",
		"--clips-dir d connect":             "--clips-dir: is for run and clips, not for connect",
		"--version ctl status":              "--version: is for run, not for ctl status",
		"check a.toml --config b.toml":      "name one",
		"bench compare a b --mode both":     "--mode: is for bench run, not for bench compare",
		"bench --config a.toml --mode both": "--config: is for run, check, clips and connect, not for bench run",
	} {
		_, err := Parse(strings.Fields(args), io.Discard)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: got %v", args, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want it to say %q", args, err, want)
		}
	}
}

// Flags that run and init share are described in words that hold for both.
func TestHelpOfInit(t *testing.T) {
	var out bytes.Buffer
	if _, err := Parse([]string{"init", "--help"}, &out); !errors.Is(err, ErrHelp) {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(out.String()), " ")
	if n := strings.Count(said, "; a run then "); n != 3 {
		t.Errorf("%d of the flags --camera-device, --camera-uri and --find say what they mean for a run:\n%s", n, &out)
	}
}
