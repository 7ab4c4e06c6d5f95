package starter

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func asker(input string, out io.Writer) Asker {
	return Asker{
		In: bufio.NewReader(strings.NewReader(input)), Out: out,
		Devices: []Device{{"device:0", "Integrated Camera"}},
		Try: func(source string) error {
			if strings.Contains(source, "dead") {
				return errors.New("no answer: check the address")
			}
			return nil
		},
		Check: func(file string) error {
			for _, bad := range []string{"gopher", "smoke-signal"} {
				if strings.Contains(file, bad) {
					return errors.New(bad + " is no address")
				}
			}
			return nil
		},
	}
}

func TestAsk(t *testing.T) {
	for name, tt := range map[string]struct {
		input string
		given Answers
		tell  bool // was given
		want  Answers
		said  string // part of the output
	}{
		"a device":         {"1\n2\n\n", Answers{}, false, Answers{"device:0", "person", ""}, "1  device:0  Integrated Camera"},
		"by name":          {"rtsp://cam/1\nface\nntfy://x/y\n", Answers{}, false, Answers{"rtsp://cam/1", "face", "ntfy://x/y"}, ""},
		"motion by itself": {"a.mp4\n\n\n", Answers{}, false, Answers{"a.mp4", "motion", ""}, ""},
		"wrong address":    {"\ngopher://x\na.mp4\n\n\n", Answers{}, false, Answers{"a.mp4", "motion", ""}, "gopher is no address"},
		"dead, and kept":   {"rtsp://dead/\n\n\n\n", Answers{}, false, Answers{"rtsp://dead/", "motion", ""}, "check the address"},
		"dead, another":    {"rtsp://dead/\nrtsp://cam/\n\n\n", Answers{}, false, Answers{"rtsp://cam/", "motion", ""}, ""},
		"wrong things":     {"a.mp4\n9\ncats\nperson\nsmoke-signal:\n\n", Answers{}, false, Answers{"a.mp4", "person", ""}, `"cats" is not one of`},
		"all given":        {"", Answers{"a.mp4", "person", "ntfy://x/y"}, true, Answers{"a.mp4", "person", "ntfy://x/y"}, ""},
		"no end of line":   {"a.mp4\n\nntfy://x/y", Answers{}, false, Answers{"a.mp4", "motion", "ntfy://x/y"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			got, err := asker(tt.input, &out).Ask(tt.given, tt.tell)
			if err != nil || got != tt.want || !strings.Contains(out.String(), tt.said) {
				t.Errorf("%+v, %v\n%s", got, err, &out)
			}
		})
	}
	if _, err := asker("a.mp4\n", io.Discard).Ask(Answers{}, false); !errors.Is(err, ErrNoAnswer) || !strings.HasSuffix(err.Error(), "or give --find and --tell (--tell= notifies nobody)") {
		t.Errorf("input that ends: %v", err)
	}
	if _, err := asker("", io.Discard).Ask(Answers{"a.mp4", "motion", ""}, false); !errors.Is(err, ErrNoAnswer) || !strings.HasSuffix(err.Error(), "or give --tell (--tell= notifies nobody)") {
		t.Errorf("one answer missing: %v", err)
	}
	if _, err := asker("", io.Discard).Ask(Answers{"gopher://x", "motion", ""}, true); err == nil {
		t.Error("an address that was given, and is wrong, is taken")
	}
}

// Without a terminal all missing answers are named before the camera is tried, which may take long.
// On a terminal the camera is tried first: the other questions can wait.
func TestAskNamesWhatIsMissingFirst(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		tried := false
		k := asker("", io.Discard)
		k.Terminal = terminal
		k.Try = func(string) error { tried = true; return nil }
		_, err := k.Ask(Answers{Source: "rtsp://cam/"}, false)
		if !errors.Is(err, ErrNoAnswer) || !strings.HasSuffix(err.Error(), "or give --find and --tell (--tell= notifies nobody)") || tried != terminal {
			t.Errorf("on a terminal %v: %v, camera tried: %v", terminal, err, tried)
		}
	}
}

// Nobody is there to keep a camera that does not work, unless --no-start does.
func TestAskTriesAGivenCamera(t *testing.T) {
	given := Answers{"rtsp://dead/", "motion", ""}
	k := asker("", io.Discard)
	if _, err := k.Ask(given, true); err == nil || !strings.HasPrefix(err.Error(), "init: no answer: check the address; nothing was written") {
		t.Errorf("a dead camera: %v", err)
	}
	var out strings.Builder
	k.Out, k.Force = &out, true
	if got, err := k.Ask(given, true); err != nil || got != given || !strings.Contains(out.String(), "does not work yet: no answer") {
		t.Errorf("with --no-start: %+v, %v\n%s", got, err, &out)
	}
	k.Try = func(string) error { return context.Canceled }
	if _, err := k.Ask(given, true); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	k.In = bufio.NewReader(strings.NewReader("rtsp://cam/\nrtsp://cam/\n"))
	if _, err := k.Ask(Answers{}, true); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted while a typed camera is tried: %v", err)
	}
}
