package ui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

// order is a line of the command palette, understood: a command for the
// runtime, or an action of the dashboard.
type order struct {
	command runtime.Command
	act     action // empty: command
	arg     string // of act
}

// own are the commands of the dashboard itself, beside the verbs.
func own() []cli.Verb {
	return []cli.Verb{
		{Name: "filter", Args: []string{"text"}, Help: "Show only events and log lines that contain a text."},
		{Name: "theme", Args: []string{"theme"}, Help: "Change the colours: " + strings.Join(themes, ", ") + "."},
		{Name: "freeze", Help: "Freeze the screen, or resume."},
		{Name: "save", Help: "Save the screen to a text file."},
		{Name: "help", Help: "List all keys."},
		{Name: "quit", Help: "Quit."},
	}
}

// verbOf returns the verb, or the dashboard's own command, of a name.
func verbOf(name string) (v cli.Verb, isOwn, found bool) {
	for _, v := range cli.List() {
		if v.Name == name {
			return v, name == string(runtime.Reload), true // the dashboard knows how
		}
	}
	for _, v := range own() {
		if v.Name == name {
			return v, true, true
		}
	}
	return cli.Verb{}, false, false
}

// names returns what the first word of a line can be.
func names() (list []string) {
	for _, v := range append(cli.List(), own()...) {
		list = append(list, v.Name)
	}
	return list
}

// parseOrder reads a line of the command palette. What it leaves open is meant
// for the camera shown.
func parseOrder(line, camera string, kinds detectors.Kinds) (order, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return order{}, nil
	}
	v, isOwn, found := verbOf(fields[0])
	switch {
	case !found:
		advice := "tab lists them"
		if s := text.Suggest(fields[0], names()); s != "" {
			advice = fmt.Sprintf("did you mean %q?", s)
		}
		return order{}, fmt.Errorf("unknown command %q; %s", clean(fields[0]), advice)
	case isOwn && len(fields)-1 > len(v.Args) && v.Name != string(actFilter):
		return order{}, fmt.Errorf("write it as: %s", v.Usage())
	case isOwn:
		return order{act: action(v.Name), arg: strings.Join(fields[1:], " ")}, nil
	}
	c, err := cli.ParseVerb(fields, cli.Env{
		Camera:   camera,
		Detector: func(kind string, words []string) (detectors.Config, error) { return parseAttach(kind, words, kinds) },
		Source:   parseSource,
	})
	if err != nil {
		return order{}, errors.New(clean(err.Error()))
	}
	return order{command: c}, nil
}

// parseSource reads the keys name and source of a camera.
func parseSource(words []string) (capture.Config, error) {
	cfg := capture.DefaultConfig()
	for _, w := range words {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "name":
			cfg.Name = value
		case "source":
			cfg.Source = value
		default:
			return cfg, fmt.Errorf("%q: only a name and a source can be given here", w)
		}
	}
	return cfg, nil
}

// parseAttach reads keys such as max_fps=5 of a kind.
func parseAttach(kind string, words []string, kinds detectors.Kinds) (detectors.Config, error) {
	cfg := detectors.DefaultConfig()
	cfg.Kind, cfg.Name = kind, kind
	for _, option := range words {
		key, value, found := strings.Cut(option, "=")
		var err error
		switch {
		case !found:
			return cfg, fmt.Errorf("%q must be an option, as in max_fps=5", clean(option))
		case key == "name":
			cfg.Name = value
		case key == "signal":
			cfg.Signal = value
		case key == "endpoint":
			cfg.Endpoint = value
		case key == "needs":
			cfg.Needs = []string{value}
		case key == "max_fps":
			if cfg.MaxFPS, err = strconv.ParseFloat(value, 64); err != nil {
				return cfg, fmt.Errorf("max_fps=%s is not a number", clean(value))
			}
		default:
			return cfg, fmt.Errorf("%q is not an option; there are name, signal, max_fps, endpoint and needs", clean(key))
		}
	}
	return cfg, problemOf(cfg, kinds)
}

// problemOf returns the first thing that is wrong with a detector.
func problemOf(cfg detectors.Config, kinds detectors.Kinds) error {
	var first error
	cfg.Validate(kinds, func(key, problem string) {
		if first == nil {
			first = fmt.Errorf("%s: %s", key, problem)
		}
	})
	return first
}

// cameraFlag says which camera a verb is meant for.
const cameraFlag = "--camera"

// complete returns the words that the last word of a line can be.
func complete(line string, s *scene, kinds detectors.Kinds) []string {
	fields := strings.Fields(line)
	if line == "" || strings.HasSuffix(line, " ") {
		fields = append(fields, "")
	}
	last := fields[len(fields)-1]
	before := fields[:len(fields)-1]
	var from []string
	v, _, found := cli.Verb{}, false, false
	if len(before) > 0 {
		v, _, found = verbOf(before[0])
	}
	switch {
	case len(before) == 0:
		from = names()
	case !found:
		return nil
	case v.Flag && before[len(before)-1] == cameraFlag:
		from = candidates("camera", s, kinds)
		from = append(from, "all")
	default:
		given := len(before) - 1
		if i := slices.Index(before, cameraFlag); i >= 0 {
			given -= 2
		}
		if n := len(v.Args); n > 0 && given >= n && v.Args[n-1] == "key=value" {
			given = n - 1
		}
		if given < len(v.Args) {
			from = candidates(v.Args[given], s, kinds)
		}
		if v.Flag && strings.HasPrefix(last, "-") {
			from = append(from, cameraFlag)
		}
	}
	return slices.DeleteFunc(from, func(c string) bool { return !strings.HasPrefix(c, last) || c == last })
}

func candidates(what string, s *scene, kinds detectors.Kinds) (names []string) {
	c := s.camera()
	switch what {
	case "kind":
		return kinds.Names()
	case "key=value":
		return []string{"name=", "signal=", "max_fps=", "endpoint=", "needs="}
	case "theme":
		return slices.Clone(themes)
	case "source":
		for _, scene := range synthetic.Scenes() {
			names = append(names, "synthetic:"+scene)
		}
		return append(names, "device:", "rtsp://", "http://")
	case "camera":
		if s.snap != nil {
			for i := range s.snap.Cameras {
				names = append(names, s.snap.Cameras[i].Name)
			}
		}
	case "detector":
		if c != nil {
			for i := range c.Detectors {
				names = append(names, c.Detectors[i].Name)
			}
		}
	case "rule":
		if c != nil {
			for i := range c.Rules {
				names = append(names, c.Rules[i].Event)
			}
		}
	}
	return names
}
