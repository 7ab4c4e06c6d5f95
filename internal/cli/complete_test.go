package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	names := func(sort string) []string {
		return map[string][]string{
			"camera": {"all", "yard"}, "detector": {"motion", "person"}, "rule": {"moved"}, "alert": {"camera_down:yard"},
			"output": {"chat"}, "kind": {"motion", "onnx"}, "key:onnx": {"model=", "max_fps="},
		}[sort]
	}
	for _, tt := range []struct {
		line    string
		want    []string // all of these
		without []string
	}{
		{"", []string{"run", "check", "ctl", "completion"}, []string{"--config"}},
		{"c", []string{"check", "clips", "connect", "ctl", "completion"}, []string{"run"}},
		{"--no", []string{"--no-ui"}, []string{"--no-tls"}},
		{"ctl --", []string{"--addr", "--json", "--no-tls"}, []string{"--no-ui", "--config"}},
		{"ctl ena", []string{"enable"}, nil},
		{"ctl enable ", []string{"motion", "person"}, nil},
		{"ctl enable p", []string{"person"}, []string{"motion"}},
		{"ctl enable --camera ", []string{"all", "yard"}, []string{"motion"}},
		{"ctl enable --camera yard ", []string{"motion", "person"}, []string{"yard"}},
		{"ctl enable --camera=yard ", []string{"motion", "person"}, []string{"yard"}},
		{"ctl --addr x rule_off ", []string{"moved"}, nil},
		{"ctl attach ", []string{"motion", "onnx"}, nil},
		{"ctl attach onnx ", []string{"model=", "max_fps="}, nil},
		{"ctl attach onnx model=a.onnx m", []string{"model=", "max_fps="}, nil},
		{"ctl acknowledge camera_", []string{"camera_down:yard"}, nil},
		{"ctl notify ", []string{"test"}, nil},
		{"ctl notify test ", []string{"chat"}, nil},
		{"ctl remove_camera ", []string{"yard"}, nil},
		{"--log-level ", []string{"debug", "info", "warn", "error"}, []string{"run"}},
		{"completion ", []string{"bash", "zsh", "fish"}, nil},
		{"clips ", []string{"list", "verify"}, nil},
	} {
		var got []string
		for _, c := range Complete(strings.Split(tt.line, " "), names) {
			got = append(got, c.Word)
		}
		for _, word := range tt.want {
			if !slices.Contains(got, word) {
				t.Errorf("%q: no %s in %v", tt.line, word, got)
			}
		}
		for _, word := range tt.without {
			if slices.Contains(got, word) {
				t.Errorf("%q: %s in %v", tt.line, word, got)
			}
		}
	}
	for _, line := range []string{"check ", "--config ", "--config x", "ctl nothing x", "\x00"} {
		if got := Complete(strings.Split(line, " "), names); len(got) > 0 {
			t.Errorf("%q: %v", line, got)
		}
	}
	if got := Complete(nil, names); len(got) == 0 {
		t.Error("nothing begins a command line")
	}
}

// The completion tags of flags and arguments exist.
func TestCompleteTags(t *testing.T) {
	parser, err := newParser(new(Flags), new(bytes.Buffer), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	sorts := []string{"", "camera", "detector", "rule", "output", "alert", "kind", "key"}
	n := 0
	for _, leaf := range parser.Model.Leaves(false) {
		for _, v := range leaf.Positional {
			if sort := v.Tag.Get("complete"); !slices.Contains(sorts, sort) && !strings.HasPrefix(sort, "=") {
				t.Errorf("%s: %q", leaf.FullPath(), sort)
			} else if sort != "" {
				n++
			}
		}
	}
	if n < 10 {
		t.Errorf("%d arguments are completed", n)
	}
}

// A fake program completes like rvo-tui.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	fake := filepath.Join(dir, "rvo-tui")
	answers := "#!/bin/sh\nshift\ncase \"$*\" in 'ctl ') printf 'enable\\tEnable a detector.\\n' ;; 'ctl attach onnx ') echo model= ;; 'ctl acknowledge a:') echo a:b ;; esac\n"
	if err := os.WriteFile(fake, []byte(answers), 0o755); err != nil {
		t.Fatal(err)
	}
	for shell, lines := range map[string][]string{
		"bash": {
			"complete_it() { COMP_LINE=$1 COMP_POINT=${#1}; COMPREPLY=(); _rvo_tui; printf '%s\\n' \"${COMPREPLY[@]}\"; }",
			"compopt() { :; }",
			"complete_it 'rvo-tui ctl '; complete_it 'rvo-tui ctl attach onnx '; complete_it 'rvo-tui ctl acknowledge a:'",
		},
		"fish": {"complete -C 'rvo-tui ctl '; complete -C 'rvo-tui ctl attach onnx '; complete -C 'rvo-tui ctl acknowledge a:'"},
		"zsh": {
			"_describe() { print -l ${(P)2%%:*} }; _files() { print files }; compdef() { : }", "words=(rvo-tui ctl ''); CURRENT=3; _rvo_tui",
			"words=(rvo-tui ctl attach onnx ''); CURRENT=5; _rvo_tui", "_describe() { print -r -- ${(P)2} }; words=(rvo-tui ctl acknowledge a:); CURRENT=4; _rvo_tui",
		},
	} {
		t.Run(shell, func(t *testing.T) {
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(shell + " is not installed")
			}
			script := Script(shell) + "\n" + strings.Join(lines, "\n") + "\n"
			if shell == "zsh" { // compdef must be there before the script
				script = lines[0] + "\n" + Script(shell) + "\n" + strings.Join(lines[1:], "\n") + "\n"
			}
			cmd := exec.Command(program, "-c", script)
			cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir}
			out, err := cmd.CombinedOutput()
			text := strings.ReplaceAll(string(out), "\\:", ":")
			if err != nil || !strings.Contains(text, "enable") || !strings.Contains(text, "model=") || !strings.Contains(text, "b") || strings.Contains(text, "rror") {
				t.Errorf("%v:\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

func TestManual(t *testing.T) {
	var out bytes.Buffer
	if err := Manual(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".TH RVO", "set_rate", "--metrics-listen=", "Detach a detector", "Without a command", ".SH EXIT STATUS", "not acknowledged"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in the manual page", want)
		}
	}
}
