package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// Revision is a changed configuration file that has not been written yet.
type Revision struct {
	Diff runtime.FileDiff
	Text []byte
	Next Config // the configuration in Text; valid if Diff.Refused is empty
}

// Diff returns the changes that make a file describe the running configuration. Text is the file's
// text, from which cfg was made. Everything else in it stays.
func (l Loader) Diff(cfg Config, text []byte, flags cli.Flags, running []runtime.RunningCamera) Revision {
	r := l.revise(cfg, text, running)
	if r.Diff.Refused != "" || len(r.Diff.Changes) == 0 {
		return r
	}
	if flags.CameraURI != "" || flags.CameraDevice != nil {
		r.Diff.Refused = "the camera comes from the command line, and the file has others; add the changes by hand"
		return r
	}
	l.check(&r, flags)
	if r.Diff.Refused == "" && len(l.revise(r.Next, r.Text, running).Diff.Changes) > 0 {
		r.Diff.Refused = "the file would not describe everything that runs; add the changes by hand"
	}
	return r
}

// check loads a revision and sets Diff.Refused if it has any error.
func (l Loader) check(r *Revision, flags cli.Flags) {
	l.Quarantine = false
	next, err := l.Compose(r.Diff.File, r.Text, flags)
	if err != nil {
		r.Diff.Refused = "the file would not be valid: " + l.redact(err.Error())
	}
	r.Next = next
}

func (l Loader) redact(line string) string { return l.Secrets.Redact(text.RedactLine(line)) }

// revise plans the changes but does not load the result.
func (l Loader) revise(cfg Config, text []byte, running []runtime.RunningCamera) Revision {
	p, err := l.planner(cfg.File, text)
	if err != nil {
		return Revision{Diff: runtime.FileDiff{File: cfg.File, Refused: err.Error()}}
	}
	p.secrets = secretsOf(cfg, running)
	p.cameras(cfg, running)
	p.detectors(cfg, running)
	p.rules(cfg, running)
	return p.revision()
}

// secretsOf returns the secrets of detectors, configured or running, and of notifications: their
// addresses and the values of their headers. Those of cameras are recognized in their addresses.
func secretsOf(cfg Config, running []runtime.RunningCamera) *Secrets {
	s := new(Secrets)
	all := slices.Clone(cfg.Detector)
	for _, r := range running {
		all = append(all, r.Detectors...)
	}
	for _, d := range all {
		for _, o := range option.List(d.Options) {
			if o.Secret {
				s.Add(d.Text(o.Key))
			}
		}
	}
	for _, n := range cfg.Notify {
		if strings.Contains(n.To, ":") { // not "exec"
			s.Add(n.To)
		}
		for _, header := range n.Headers {
			_, value, _ := strings.Cut(header, ":")
			s.Add(strings.TrimSpace(value))
		}
	}
	return s
}

// cameras plans the changes of [[camera]].
func (p *planner) cameras(cfg Config, running []runtime.RunningCamera) {
	for _, c := range cfg.Camera {
		if !slices.ContainsFunc(running, func(r runtime.RunningCamera) bool { return r.Config == c }) {
			what := fmt.Sprintf("camera %q, removed", c.Name)
			p.remove(what, "camera", "name", c.Name)
			if !slices.ContainsFunc(running, func(r runtime.RunningCamera) bool { return r.Config.Name == c.Name }) {
				p.forget(what, c.Name)
			}
		}
	}
	for _, r := range running {
		if !slices.Contains(cfg.Camera, r.Config) {
			what := fmt.Sprintf("camera %q, added", r.Config.Name)
			pairs := pairsOf(r.Config, capture.DefaultConfig())
			p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) { return d.Append("camera", pairs...) })
		}
		if r.Paused {
			p.cannot(fmt.Sprintf("camera %q is paused", r.Config.Name), "a pause lasts until the program ends")
		}
	}
}

// forget removes a camera that no longer exists from the other tables.
func (p *planner) forget(what, camera string) {
	for _, list := range []string{"detector", "rule", "notify", "zone", "line"} {
		tables, _ := p.doc.Tree[list].([]any)
		for i := len(tables) - 1; i >= 0; i-- {
			t, _ := tables[i].(map[string]any)
			path := tomldoc.IndexPath(list, i)
			for _, key := range []string{"cameras", "disabled_on"} {
				names, _ := t[key].([]any)
				rest := slices.DeleteFunc(slices.Clone(names), func(n any) bool { return n == camera })
				if len(rest) == len(names) {
					continue
				}
				remove := key == "cameras" && len(rest) == 0
				p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) {
					switch {
					case len(rest) > 0:
						return d.Set(path, key, rest)
					case remove:
						return d.Remove(path)
					}
					return d.Unset(path, key)
				})
				if remove { // now path is the next table
					break
				}
			}
			if t["camera"] == camera {
				p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) { return d.Remove(path) })
			}
		}
	}
}

// pairsOf returns the keys of cfg that differ from the defaults, and those of own that are not
// zero, in order.
func pairsOf(cfg, defaults any, own ...any) (pairs []tomldoc.Pair) {
	add := func(v, d reflect.Value) {
		for _, o := range option.List(v.Interface()) {
			value := option.Field(v, o.Key)
			if empty := value.Kind() == reflect.Slice && value.Len() == 0; !empty && !reflect.DeepEqual(value.Interface(), option.Field(d, o.Key).Interface()) {
				pairs = append(pairs, tomldoc.Pair{Key: o.Key, Value: escaped(value)})
			}
		}
	}
	add(reflect.ValueOf(cfg), reflect.ValueOf(defaults))
	for _, o := range own {
		if o != nil {
			add(reflect.ValueOf(o), reflect.Zero(reflect.TypeOf(o)))
		}
	}
	return pairs
}

// escaped escapes ${ in all strings of a value, so that nothing is expanded.
func escaped(v reflect.Value) any {
	switch {
	case option.IsText(v.Type()):
	case v.Kind() == reflect.String:
		return strings.ReplaceAll(v.String(), "${", "$${")
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = escaped(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// rules plans the changes of [[rule]].
func (p *planner) rules(cfg Config, running []runtime.RunningCamera) {
	for _, c := range cfg.Rule {
		on := map[string]bool{}
		for _, r := range running {
			i := slices.IndexFunc(r.Rules, func(o rules.Config) bool { return o.Event == c.Event })
			if i >= 0 {
				on[r.Config.Name] = r.Rules[i].Enabled
			}
		}
		p.switched(fmt.Sprintf("rule %q", c.Event), "rule", "event", c.Event, c.Enabled, c.DisabledOn, on)
	}
}

// switched plans the change of enabled and disabled_on. On has, for each camera, whether the
// element is enabled there.
func (p *planner) switched(what, list, key, name string, enabled bool, disabledOn []string, on map[string]bool) {
	var off []string
	same, any := true, false
	for camera, is := range on {
		same = same && is == (enabled && !slices.Contains(disabledOn, camera))
		any = any || is
		if !is {
			off = append(off, camera)
		}
	}
	if same {
		return
	}
	slices.Sort(off)
	if !any {
		off = nil
	}
	if enabled != any {
		p.set(what, list, key, name, "enabled", any)
	}
	switch {
	case slices.Equal(off, disabledOn):
	case len(off) == 0:
		p.set(what, list, key, name, "disabled_on", nil)
	default:
		p.set(what, list, key, name, "disabled_on", off)
	}
}

// sameDetector reports whether two detectors are equal except for what commands can change.
func sameDetector(a, b detectors.Config) bool {
	a.Enabled, a.MaxFPS, a.Masked, a.Within = b.Enabled, b.MaxFPS, b.Masked, b.Within
	return reflect.DeepEqual(a, b)
}

// attached is a running detector and its cameras.
type attached struct {
	detectors.Config
	cameras []string
	rates   map[float64][]string // cameras by rate
	on      map[string]bool
}

// attachedOf groups the running detectors, in order of appearance.
func attachedOf(running []runtime.RunningCamera) (list []*attached) {
	for _, r := range running {
		for _, d := range r.Detectors {
			i := slices.IndexFunc(list, func(a *attached) bool { return sameDetector(a.Config, d) })
			if i < 0 {
				i = len(list)
				list = append(list, &attached{Config: d, rates: map[float64][]string{}, on: map[string]bool{}})
			}
			a := list[i]
			a.cameras = append(a.cameras, r.Config.Name)
			a.rates[d.MaxFPS] = append(a.rates[d.MaxFPS], r.Config.Name)
			a.on[r.Config.Name] = d.Enabled
		}
	}
	return list
}

// detectors plans the changes of [[detector]].
func (p *planner) detectors(cfg Config, running []runtime.RunningCamera) {
	var all []string
	for _, r := range running {
		all = append(all, r.Config.Name)
	}
	rest := attachedOf(running)
	for _, c := range cfg.Detector {
		i := slices.IndexFunc(rest, func(a *attached) bool { return sameDetector(a.Config, c.On("")) })
		what := fmt.Sprintf("detector %q", c.Name)
		if i < 0 {
			if _, here := p.find("detector", "name", c.Name); here && len(running) > 0 {
				p.remove(what+", detached", "detector", "name", c.Name)
			}
			continue
		}
		a := rest[i]
		rest = slices.Delete(rest, i, i+1)
		var wanted []string
		for _, name := range all {
			if len(c.Cameras) == 0 || slices.Contains(c.Cameras, name) {
				wanted = append(wanted, name)
			}
		}
		switch {
		case slices.Equal(wanted, a.cameras):
		case len(a.cameras) == len(all):
			p.set(what, "detector", "name", c.Name, "cameras", nil)
		default:
			p.set(what, "detector", "name", c.Name, "cameras", a.cameras)
		}
		p.rate(what, c, a)
		p.switched(what, "detector", "name", c.Name, c.Enabled, c.DisabledOn, a.on)
	}
	for _, a := range rest {
		what := fmt.Sprintf("detector %q, attached", a.Name)
		if _, taken := p.find("detector", "name", a.Name); taken {
			p.cannot(what, "the file can have only one detector of a name, for all its cameras; detach one of them or rename it")
			continue
		}
		c := a.Config
		if len(a.cameras) < len(all) {
			c.Cameras = a.cameras
		}
		p.oneRate(what, a)
		pairs := pairsOf(c, detectors.DefaultConfig(), c.Options)
		p.change(what, func(d *tomldoc.Document) (*tomldoc.Document, error) { return d.Append("detector", pairs...) })
		p.switched(what, "detector", "name", a.Name, c.Enabled, nil, a.on)
	}
}

// rate plans the change of max_fps.
func (p *planner) rate(what string, c detectors.Config, a *attached) {
	switch {
	case len(a.rates) > 1:
		p.oneRate(what, a)
	case a.MaxFPS == 0 && c.MaxFPS != 0:
		p.set(what, "detector", "name", c.Name, "max_fps", nil)
	case a.MaxFPS != c.MaxFPS:
		p.set(what, "detector", "name", c.Name, "max_fps", a.MaxFPS)
	}
}

// oneRate reports rates that differ by camera.
func (p *planner) oneRate(what string, a *attached) {
	if len(a.rates) < 2 {
		return
	}
	p.cannot(what+": its rate differs by camera", "the file has one max_fps for all cameras of a detector; set the same rate on all of them")
}
