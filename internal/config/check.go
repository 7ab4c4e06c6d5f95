package config

import (
	"fmt"
	"slices"
	"strings"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/detectors"
	"rvo-tui/internal/listen"
	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/notify"
)

func label(what, name string, n int) string {
	if name == "" {
		return fmt.Sprintf("%s %d", what, n+1)
	}
	return fmt.Sprintf("%s %q", what, name)
}

func cameraLabel(c capture.Config, n int) string     { return label("camera", c.Name, n) }
func detectorLabel(c detectors.Config, n int) string { return label("detector", c.Name, n) }
func ruleLabel(c rules.Config, n int) string         { return label("rule", c.Event, n) }
func zoneLabel(z detectors.Zone, n int) string       { return label("zone", z.Name, n) }
func lineLabel(l detectors.Line, n int) string       { return label("line", l.Name, n) }
func outputLabel(c notify.Config, n int) string      { return label("notify", c.Name, n) }

func (b *builder) detectorAt(i int) string { return detectorLabel(b.cfg.Detector[i], i) }
func (b *builder) ruleAt(i int) string     { return ruleLabel(b.cfg.Rule[i], i) }

// place returns the position of a key of o, or of o itself if the key is not written, for a
// message.
func (b *builder) place(o origin, key string) string {
	if o.flag != "" {
		return o.flag
	}
	m, ok := b.doc.Marks[tomldoc.JoinPath(o.path, key)]
	if !ok {
		m = b.doc.Marks[o.path]
	}
	line, column := b.doc.Position(m.Value)
	return fmt.Sprintf("%s:%d:%d", b.file, line, column)
}

// validate runs all checks.
func (b *builder) validate() {
	if len(b.cfg.Camera) == 0 && !b.menu && !b.broken["camera"] {
		b.problems = append(b.problems, Problem{
			File: b.file,
			Text: "no camera is configured; add one, as in\n    [[camera]]\n    name = \"street\"\n    source = \"synthetic:street\"",
		})
	}
	for i, c := range b.cfg.Camera {
		bad := func(key, problem string) { b.of(b.cameras[i], cameraLabel(c, i), key, problem) }
		c.Validate(bad)
		synthetic.Validate(c, bad)
	}
	for i, c := range b.cfg.Detector {
		c.Validate(b.kinds, func(key, problem string) { b.of(b.detectors[i], b.detectorAt(i), key, problem) })
	}
	for i, z := range b.cfg.Zone {
		z.Validate(func(key, problem string) { b.of(b.zones[i], zoneLabel(z, i), key, problem) })
	}
	for i, l := range b.cfg.Line {
		l.Validate(func(key, problem string) { b.of(b.lines[i], lineLabel(l, i), key, problem) })
	}
	for i, c := range b.cfg.Rule {
		c.Validate(func(key, problem string) { b.of(b.rules[i], b.ruleAt(i), key, problem) })
	}
	for i, c := range b.cfg.Notify {
		c.Validate(func(key, problem string) { b.of(b.outputs[i], outputLabel(c, i), key, problem) })
	}
	for name, section := range b.cfg.sections() {
		if s, ok := section.(interface {
			Validate(bad func(key, problem string))
		}); ok {
			s.Validate(func(key, problem string) { b.of(b.section(name, key), name, key, problem) })
		}
	}
	if b.cfg.Web.Listen != "" && !listen.OnLoopback(b.cfg.Web.Listen) {
		b.cfg.Control.Beyond("web.listen", func(key, problem string) { b.of(b.section("web", "listen"), "control", key, problem) })
	}
}

// warn adds warnings about valid settings that expose secrets or names to a network.
func (b *builder) warn() {
	for _, w := range []struct {
		section, key string
		exposed      func() (warning, do string)
	}{{"metrics", "listen", b.cfg.Metrics.Exposed}, {"mqtt", "server", b.cfg.MQTT.Exposed}} {
		if warning, do := w.exposed(); warning != "" {
			b.of(b.section(w.section, w.key), w.section, w.key, "warning: "+warning+"; "+do)
		}
	}
}

// section returns the origin of a key of the section [name].
func (b *builder) section(name, key string) origin {
	if flag := b.flags[name+"."+key]; flag != "" {
		return origin{flag: flag}
	}
	return origin{path: name}
}

// checkZeros reports keys set to a zero value that would count as not set.
func (b *builder) checkZeros(c detectors.Config, path, where string) {
	kind, ok := b.kinds[c.Kind]
	if !ok {
		return
	}
	for _, o := range slices.Concat(detectors.Common(), kind.Own()) {
		at := tomldoc.JoinPath(path, o.Key)
		if _, written := b.doc.Marks[at]; !written || b.broken[at] {
			continue
		}
		if problem := c.Zero(kind, o.Key); problem != "" {
			b.at(at, where, o.Key, problem)
		}
	}
}

// checkNames reports names that are used twice.
func (b *builder) checkNames() {
	check := func(what, key string, n int, name func(int) string, origins []origin) {
		first := map[string]int{}
		for i := range n {
			j, taken := first[name(i)]
			switch {
			case name(i) == "":
			case taken:
				b.of(origins[i], label(what, name(i), i), key,
					fmt.Sprintf("is taken by the %s at %s; choose another", what, b.place(origins[j], key)))
			default:
				first[name(i)] = i
			}
		}
	}
	check("camera", "name", len(b.cfg.Camera), func(i int) string { return b.cfg.Camera[i].Name }, b.cameras)
	check("detector", "name", len(b.cfg.Detector), func(i int) string { return b.cfg.Detector[i].Name }, b.detectors)
	check("rule", "event", len(b.cfg.Rule), func(i int) string { return b.cfg.Rule[i].Event }, b.rules)
	check("notify", "name", len(b.cfg.Notify), func(i int) string { return b.cfg.Notify[i].Name }, b.outputs)
}

// checkCameraLists reports lists of cameras that are empty or name unknown cameras.
func (b *builder) checkCameraLists() {
	var names []string
	for i, c := range b.cfg.Camera {
		if b.broken[b.cameras[i].path+".name"] {
			return
		}
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if b.broken["camera"] {
		return
	}
	known := func(o origin, where, key string, list []string) {
		for i, name := range list {
			if !slices.Contains(names, name) && name != "" {
				b.at(tomldoc.IndexPath(o.path+"."+key, i), where, key, text.Unknown("camera", name, names))
			}
		}
	}
	check := func(o origin, where string, list []string) {
		path := o.path + ".cameras"
		if _, written := b.doc.Marks[path]; written && len(list) == 0 && !b.broken[path] {
			b.at(path, where, "cameras", "is empty; name cameras, or leave the key out for all")
		}
		known(o, where, "cameras", list)
	}
	for i, c := range b.cfg.Detector {
		check(b.detectors[i], b.detectorAt(i), c.Cameras)
		known(b.detectors[i], b.detectorAt(i), "disabled_on", c.DisabledOn)
	}
	for i, z := range b.cfg.Zone {
		check(b.zones[i], zoneLabel(z, i), z.Cameras)
	}
	for i, l := range b.cfg.Line {
		check(b.lines[i], lineLabel(l, i), l.Cameras)
	}
	for i, c := range b.cfg.Rule {
		check(b.rules[i], b.ruleAt(i), c.Cameras)
		known(b.rules[i], b.ruleAt(i), "disabled_on", c.DisabledOn)
	}
	for i, c := range b.cfg.Notify {
		check(b.outputs[i], outputLabel(c, i), c.Cameras)
	}
}

// provides returns the signals of a detector.
func (b *builder) provides(c detectors.Config) []string {
	if kind, ok := b.kinds[c.Kind]; ok {
		return c.Spec(kind).Provides
	}
	if c.Signal != "" {
		return []string{c.Signal}
	}
	return []string{c.Name}
}

// covers reports whether a list of cameras contains name; an empty list means all cameras.
func covers(cameras []string, name string) bool {
	return len(cameras) == 0 || slices.Contains(cameras, name)
}

// providers returns the index of the detector that provides each signal on a camera.
func (b *builder) providers(camera string) map[string]int {
	by := map[string]int{}
	for i, c := range b.cfg.Detector {
		if !covers(c.Cameras, camera) {
			continue
		}
		for _, signal := range b.signals[i] {
			if _, taken := by[signal]; !taken {
				by[signal] = i
			}
		}
	}
	return by
}

// checkProviders reports signals with two providers on one camera, and cameras
// with too many signals.
func (b *builder) checkProviders() {
	type clash struct {
		first, second int
		signal        string
	}
	seen := map[clash]bool{}
	for _, camera := range b.cfg.Camera {
		by := map[string]int{}
		for i, c := range b.cfg.Detector {
			if !covers(c.Cameras, camera.Name) {
				continue
			}
			before := len(by)
			for _, signal := range b.signals[i] {
				j, taken := by[signal]
				if !taken {
					by[signal] = i
					continue
				}
				if k := (clash{j, i, signal}); !seen[k] && i != j && b.cfg.Detector[j].Name != c.Name {
					seen[k] = true
					b.of(b.detectors[i], b.detectorAt(i), "signal", fmt.Sprintf(
						"%q is already provided by %s (%s) on camera %q; a signal has one provider per camera: choose another signal, or other cameras",
						signal, b.detectorAt(j), b.place(b.detectors[j], "signal"), camera.Name))
				}
			}
			if before <= detectors.MaxSignals && len(by) > detectors.MaxSignals {
				b.of(b.detectors[i], b.detectorAt(i), "", fmt.Sprintf(
					"camera %q has more than %d signals with this detector; spread the detectors over cameras", camera.Name, detectors.MaxSignals))
			}
		}
	}
}

// unsure reports whether the provided signals are not all known, because some detectors could not
// be read.
func (b *builder) unsure() bool {
	if b.broken["detector"] || b.broken["camera"] {
		return true
	}
	for path := range b.broken {
		section, key := splitPath(path)
		if strings.HasPrefix(section, "detector[") && slices.Contains([]string{"name", "signal", "signals", "kind", "cameras"}, key) {
			return true
		}
	}
	return false
}

// mayProvide reports whether a detector of an unknown kind may provide a signal, judging by its
// name: kinds name their signals after the detector.
func (b *builder) mayProvide(signal string) bool {
	return slices.ContainsFunc(b.cfg.Detector, func(c detectors.Config) bool {
		_, known := b.kinds[c.Kind]
		return c.Name == "" || !known && (strings.HasPrefix(signal, c.Name) || c.Signal != "" && strings.HasPrefix(signal, c.Signal))
	})
}
