package ui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
	"rvo-tui/ui/query"
)

// order is a parsed line of the command palette: either a command for the runtime or an
// action of the dashboard.
type order struct {
	command runtime.Command
	act     action // empty: command
	arg     string // of act
}

// own returns the palette's own commands, which come in addition to the runtime's verbs.
func own() []cli.Verb {
	return []cli.Verb{
		{Name: "camera", Args: []string{"camera"}, Help: "Show a camera; a few letters of its name are enough."},
		{Name: "alerts", Help: "List current alerts."},
		{Name: "overview", Help: "List all cameras in a table."},
		{Name: "wall", Help: "Show several cameras side by side."},
		{Name: "timeline", Help: "Show the history of all rules and their events."},
		{Name: "sort", Args: []string{"order"}, Help: "Sort that table by " + strings.Join(pane.FleetSorts(), ", ") + "."},
		{Name: "events", Args: []string{"query"}, Help: "Show events, as in camera=yard rule=blind since=10m, or containing given words; no query shows all."},
		{Name: "log", Args: []string{"query"}, Help: "Show log lines, as in error camera=yard since=1h; no query shows all."},
		{Name: "filter", Args: []string{"text"}, Help: "Show only events and log lines that contain a text; no text shows all."},
		{Name: "theme", Args: []string{"theme"}, Help: "Change the colours: " + strings.Join(themes, ", ") + "."},
		{Name: "preset", Args: []string{"preset"}, Help: "Arrange the panes: " + strings.Join(presets(), ", ") + "."},
		{Name: "freeze", Help: "Freeze the screen, or resume."},
		{Name: "draw", Help: "Draw a zone or a line on the preview, or change one."},
		{Name: "diff", Help: "Compare the running configuration with the file."},
		{Name: "write", Help: "Write the differences to the file, after showing them."},
		{Name: "save", Help: "Save the screen to a text file."},
		{Name: "help", Help: "List all keys."},
		{Name: "quit", Help: "Quit."},
	}
}

// presets returns the names of the presets.
func presets() (names []string) {
	for _, p := range pane.Presets() {
		names = append(names, string(p))
	}
	return names
}

// verbOf finds a runtime verb or one of the dashboard's own commands by name.
func verbOf(name string) (v cli.Verb, isOwn, found bool) {
	for _, v := range cli.List() {
		if v.Name == name {
			return v, name == string(runtime.Reload), true // the dashboard has its own reload
		}
	}
	for _, v := range own() {
		if v.Name == name {
			return v, true, true
		}
	}
	return cli.Verb{}, false, false
}

// names returns all commands, to complete the first word of a line.
func names() (list []string) {
	for _, v := range append(cli.List(), own()...) {
		list = append(list, v.Name)
	}
	return list
}

// parseOrder parses a line of the command palette. If the line names no camera, the one shown
// is meant.
func parseOrder(line, camera string, kinds detectors.Kinds) (order, error) {
	fields := option.Fields(line)
	if len(fields) == 0 {
		return order{}, nil
	}
	v, isOwn, found := verbOf(fields[0])
	switch {
	case !found:
		advice := cmp.Or(text.DidYouMean(fields[0], names()), "; tab lists them")
		return order{}, fmt.Errorf("unknown command %q%s", draw.Clean(fields[0]), advice)
	case isOwn && len(fields)-1 > len(v.Args) && v.Name != string(actFilter) && !slices.Contains(v.Args, "query"):
		return order{}, fmt.Errorf("usage: %s", v.Usage())
	case isOwn:
		return order{act: action(v.Name), arg: strings.Join(fields[1:], " ")}, nil
	}
	c, err := cli.ParseVerb(fields, cli.Env{
		Camera:   camera,
		Detector: func(kind string, words []string) (detectors.Config, error) { return parseAttach(kind, words, kinds) },
		Source:   parseSource,
	})
	if err != nil {
		return order{}, errors.New(draw.Clean(err.Error()))
	}
	return order{command: c}, nil
}

// parseSource reads camera keys, such as fps=5.
func parseSource(words []string) (capture.Config, error) {
	cfg := capture.DefaultConfig()
	allowed := option.Keys(option.List(cfg))
	_, err := option.Apply(words, func(key string) string { return text.Unknown("key", key, allowed) }, &cfg)
	return cfg, err
}

// parseAttach reads detector keys of a kind, such as max_fps=5.
func parseAttach(kind string, words []string, kinds detectors.Kinds) (detectors.Config, error) {
	cfg, err := kinds.Parse(kind, words)
	if err != nil {
		return cfg, err
	}
	return cfg, problemOf(cfg, kinds)
}

// problemOf returns the first problem of a detector's configuration.
func problemOf(cfg detectors.Config, kinds detectors.Kinds) error {
	var first error
	cfg.Validate(kinds, func(key, problem string) {
		if first == nil {
			first = fmt.Errorf("%s: %s", key, problem)
		}
	})
	return first
}

// cameraFlag is the flag that selects the camera of a verb.
const cameraFlag = "--camera"

// complete returns the completions of the last word of a line.
func complete(line string, s *pane.Scene, kinds detectors.Kinds) []string {
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
		from = candidates("camera", "", s, kinds)
		from = append(from, "all")
	default:
		given := len(before) - 1
		if i := slices.Index(before, cameraFlag); i >= 0 {
			given -= 2
		}
		if n := len(v.Args); n > 0 && given >= n && (v.Args[n-1] == "key=value" || v.Args[n-1] == "query") {
			given = n - 1
		}
		if given < len(v.Args) {
			kind := ""
			if v.Name == string(runtime.Attach) && len(before) > 1 {
				kind = before[1]
			}
			from = candidates(v.Args[given], kind, s, kinds)
		}
		if v.Flag && strings.HasPrefix(last, "-") {
			from = append(from, cameraFlag)
		}
	}
	return slices.DeleteFunc(from, func(c string) bool { return !strings.HasPrefix(c, last) || c == last })
}

// keys returns the keys of a detector kind; those of a camera if kind is empty.
func keys(kind string, kinds detectors.Kinds) (names []string) {
	list := option.List(capture.Config{})
	if kind != "" {
		list = slices.Concat(kinds[kind].Own(), kinds[kind].Common())
	}
	for _, o := range list {
		if o.Key != "kind" && o.Key != "cameras" && o.Key != "source" {
			names = append(names, o.Key+"=")
		}
	}
	return names
}

// candidates returns the completions of an argument; what names the argument, kind is the
// detector kind if the line has one.
func candidates(what, kind string, s *pane.Scene, kinds detectors.Kinds) (names []string) {
	c := s.Camera()
	switch what {
	case "kind":
		return kinds.Names()
	case "key=value":
		return keys(kind, kinds)
	case "theme":
		return slices.Clone(themes)
	case "preset":
		return presets()
	case "query":
		return query.Keys()
	case "order":
		return slices.Clone(pane.FleetSorts())
	case "source":
		for _, scene := range synthetic.Scenes() {
			names = append(names, "synthetic:"+scene)
		}
		return append(names, "device:", "rtsp://", "http://")
	case "camera":
		if s.Snap != nil {
			for i := range s.Snap.Cameras {
				names = append(names, s.Snap.Cameras[i].Name)
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

// fuzzy returns the index of the best match for a few letters: an equal name, else one that
// begins with them, contains them, or has them in this order; -1: none. Case is ignored.
func fuzzy(names []string, letters string) int {
	letters = strings.ToLower(letters)
	for _, means := range []func(name string) bool{
		func(name string) bool { return name == letters },
		func(name string) bool { return strings.HasPrefix(name, letters) },
		func(name string) bool { return strings.Contains(name, letters) },
		func(name string) bool { return inOrder(name, letters) },
	} {
		if i := slices.IndexFunc(names, func(name string) bool { return means(strings.ToLower(name)) }); i >= 0 {
			return i
		}
	}
	return -1
}

// inOrder reports whether a name contains all letters in the given order.
func inOrder(name, letters string) bool {
	for _, r := range letters {
		at := strings.IndexRune(name, r)
		if at < 0 {
			return false
		}
		name = name[at+len(string(r)):]
	}
	return true
}
