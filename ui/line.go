package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// order is a line of the command palette, understood: a command for the
// runtime, or an action of the dashboard.
type order struct {
	command runtime.Command
	act     action // empty: command
	arg     string // of act
}

// word is what the first word of a line can be, and what follows it.
type word struct {
	name string
	args []string // what each argument is: see complete
	doc  string
}

func words() []word {
	return []word{
		{"attach", []string{"kind", "option"}, "KIND [name=… signal=… rate=… endpoint=… needs=…]"},
		{"detach", []string{"detector", "camera"}, "DETECTOR [CAMERA|all]"},
		{"enable", []string{"detector", "camera"}, "DETECTOR [CAMERA|all]"},
		{"disable", []string{"detector", "camera"}, "DETECTOR [CAMERA|all]"},
		{"set_rate", []string{"detector", "rate", "camera"}, "DETECTOR RUNS-A-SECOND [CAMERA|all]"},
		{"rule_on", []string{"rule", "camera"}, "RULE [CAMERA|all]"},
		{"rule_off", []string{"rule", "camera"}, "RULE [CAMERA|all]"},
		{"clip", []string{"camera"}, "[CAMERA|all]"},
		{"pause", []string{"camera"}, "[CAMERA|all]"},
		{"resume", []string{"camera"}, "[CAMERA|all]"},
		{"add_camera", []string{"new", "source"}, "NAME SOURCE"},
		{"remove_camera", []string{"camera"}, "CAMERA"},
		{"reload", nil, "read the configuration again"},
		{"filter", []string{"text"}, "[TEXT]"},
		{"theme", []string{"theme"}, "auto|dark|light|mono"},
		{"freeze", nil, "hold the screen still, or let it go"},
		{"save", nil, "the screen, to a text file"},
		{"help", nil, "every key"},
		{"quit", nil, ""},
	}
}

// parseOrder reads a line of the command palette. What it leaves open is meant
// for the camera shown.
func parseOrder(line, camera string, kinds detectors.Kinds) (order, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return order{}, nil
	}
	list := words()
	i := slices.IndexFunc(list, func(w word) bool { return w.name == fields[0] })
	if i < 0 {
		var names []string
		for _, w := range list {
			names = append(names, w.name)
		}
		problem := fmt.Sprintf("%q is no command; tab lists them", clean(fields[0]))
		if s := detectors.Suggest(fields[0], names); s != "" {
			problem = fmt.Sprintf("%q is no command; did you mean %q?", clean(fields[0]), s)
		}
		return order{}, fmt.Errorf("%s", problem)
	}
	w, args := list[i], fields[1:]
	usage := fmt.Errorf("write it as: %s %s", w.name, w.doc)
	if len(args) > len(w.args) && w.name != "attach" && w.name != "filter" {
		return order{}, usage
	}
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	at := func(i int) string {
		switch c := arg(i); c {
		case "":
			return camera
		case "all":
			return ""
		default:
			return c
		}
	}
	verb := runtime.Verb(w.name)
	c := runtime.Command{Do: verb}
	switch verb {
	case runtime.Attach:
		cfg, err := parseAttach(args, kinds)
		if err != nil {
			return order{}, err
		}
		c.Camera, c.Attached = camera, &cfg
	case runtime.Detach, runtime.Enable, runtime.Disable:
		c.Detector, c.Camera = arg(0), at(1)
		if c.Detector == "" {
			return order{}, usage
		}
	case runtime.SetRate:
		fps, err := strconv.ParseFloat(arg(1), 64)
		if err != nil {
			return order{}, usage
		}
		c.Detector, c.FPS, c.Camera = arg(0), fps, at(2)
	case runtime.RuleOn, runtime.RuleOff:
		c.Rule, c.Camera = arg(0), at(1)
		if c.Rule == "" {
			return order{}, usage
		}
	case runtime.Pause, runtime.Resume, runtime.SaveClip:
		c.Camera = at(0)
	case runtime.RemoveCamera:
		c.Camera = arg(0)
		if c.Camera == "" {
			return order{}, usage
		}
	case runtime.AddCamera:
		if len(args) != 2 {
			return order{}, usage
		}
		cfg := capture.DefaultConfig()
		cfg.Name, cfg.Source = args[0], args[1]
		c.Added = &cfg
	default:
		return order{act: action(w.name), arg: strings.Join(args, " ")}, nil
	}
	return order{command: c}, nil
}

// parseAttach reads KIND and options such as rate=5.
func parseAttach(args []string, kinds detectors.Kinds) (detectors.Config, error) {
	cfg := detectors.DefaultConfig()
	if len(args) == 0 {
		return cfg, fmt.Errorf("name a kind: %s", strings.Join(kinds.Names(), ", "))
	}
	cfg.Kind, cfg.Name = args[0], args[0]
	for _, option := range args[1:] {
		key, value, found := strings.Cut(option, "=")
		var err error
		switch {
		case !found:
			return cfg, fmt.Errorf("%q must be an option, as in rate=5", clean(option))
		case key == "name":
			cfg.Name = value
		case key == "signal":
			cfg.Signal = value
		case key == "endpoint":
			cfg.Endpoint = value
		case key == "needs":
			cfg.Needs = []string{value}
		case key == "rate":
			if cfg.MaxFPS, err = strconv.ParseFloat(value, 64); err != nil {
				return cfg, fmt.Errorf("rate=%s is not a number", clean(value))
			}
		default:
			return cfg, fmt.Errorf("%q is not an option; there are name, signal, rate, endpoint and needs", clean(key))
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

// complete returns the words that the last word of a line can be.
func complete(line string, s *scene, kinds detectors.Kinds) []string {
	fields := strings.Fields(line)
	if line == "" || strings.HasSuffix(line, " ") {
		fields = append(fields, "")
	}
	last := fields[len(fields)-1]
	var from []string
	if len(fields) == 1 {
		for _, w := range words() {
			from = append(from, w.name)
		}
	} else {
		for _, w := range words() {
			if n := len(fields) - 2; w.name == fields[0] && len(w.args) > 0 {
				if n >= len(w.args) && w.args[len(w.args)-1] != "option" {
					return nil
				}
				from = candidates(w.args[min(n, len(w.args)-1)], s, kinds)
			}
		}
	}
	return slices.DeleteFunc(from, func(c string) bool { return !strings.HasPrefix(c, last) || c == last })
}

func candidates(what string, s *scene, kinds detectors.Kinds) (names []string) {
	c := s.camera()
	switch what {
	case "kind":
		return kinds.Names()
	case "option":
		return []string{"name=", "signal=", "rate=", "endpoint=", "needs="}
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
		return append(names, "all")
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
