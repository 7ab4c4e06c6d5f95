package runtime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// Setup is what Reload puts in place of what was configured before. It must be
// valid.
type Setup struct {
	Cameras   []capture.Config
	Detectors []detectors.Config
	Rules     []rules.Config
}

// reload changes what is at work from the setup before to next, and nothing
// else: a camera that is configured as before keeps streaming, a detector its
// model and figures, a rule its state. What was added by command stays, unless
// next defines the same name. What cannot be done is left out and reported; the
// rest is done. Cameras that come wait for those that go.
func (r *Runtime) reload(ctx, wait context.Context, under *change, next Setup) {
	last := Setup{r.opts.Cameras, r.opts.Detectors, r.opts.Rules}
	r.opts.Cameras, r.opts.Detectors, r.opts.Rules = next.Cameras, next.Detectors, next.Rules
	r.setReloading(true) // before the first camera is off the list
	for _, c := range last.Cameras {
		if a := r.camera(c.Name); a != nil && !slices.Contains(next.Cameras, c) {
			r.dismiss(under, a)
		}
	}
	for _, c := range next.Cameras {
		if a := r.camera(c.Name); a != nil && !slices.Contains(last.Cameras, c) {
			r.dismiss(under, a) // by command, under this name
		}
	}
	var problems []error
	for _, c := range r.list() {
		err := c.do(wait, func(e *engine.Engine, now time.Duration) error { return r.change(c.pipeline, e, now, last, next) })
		if err != nil {
			problems = append(problems, fmt.Errorf("camera %q: %w", c.name, err))
		}
	}
	gone := slices.Clone(under.going)
	under.rest = func() error {
		defer r.setReloading(false)
		for _, c := range next.Cameras {
			if r.camera(c.Name) != nil {
				continue
			}
			if err := r.addCamera(ctx, c); err != nil {
				problems = append(problems, err)
				continue
			}
			if i := slices.IndexFunc(gone, func(a *active) bool { return a.name == c.Name }); i >= 0 {
				problems = append(problems, r.inherit(wait, c.Name, gone[i], last, next))
			}
		}
		r.arrange(next.Cameras)
		return errors.Join(problems...)
	}
}

// setReloading tells those who look that cameras may be missing from the list
// for now.
func (r *Runtime) setReloading(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reloading = on
}

// arrange lists the cameras as they are configured, and after them those that
// were added by command.
func (r *Runtime) arrange(configured []capture.Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	engine.Arrange(r.cameras, names(configured, func(c capture.Config) string { return c.Name }), func(a *active) string { return a.name })
}

// inherit attaches to a camera what was attached by command to the one that it
// replaces, which has ended.
func (r *Runtime) inherit(ctx context.Context, name string, from *active, last, next Setup) error {
	p := r.camera(name)
	was, is := configured(last.Detectors, name), configured(next.Detectors, name)
	var problems []error
	for _, w := range from.workers {
		_, before := was[w.spec.Name]
		_, now := is[w.spec.Name]
		spec, attached := from.engine.Spec(w.task)
		if before || now || !attached {
			continue
		}
		if err := p.do(ctx, func(*engine.Engine, time.Duration) error { return p.attach(spec, w.make) }); err != nil {
			problems = append(problems, fmt.Errorf("camera %q: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// change brings the detectors and rules of a camera from the setup before to
// next. It runs in the pipeline's goroutine.
func (r *Runtime) change(p *pipeline, e *engine.Engine, now time.Duration, last, next Setup) error {
	var problems []error
	was, is := configured(last.Detectors, p.name), configured(next.Detectors, p.name)
	for name := range was {
		if _, kept := is[name]; !kept && e.Has(name) {
			problems = append(problems, p.detach(name))
		}
	}
	var fresh []detectors.Config
	for _, d := range next.Detectors {
		wanted, here := is[d.Name]
		before, had := was[d.Name]
		attached := e.Has(d.Name)
		if !here || had && attached && reflect.DeepEqual(before, wanted) {
			continue
		}
		if attached {
			problems = append(problems, p.detach(d.Name))
		}
		fresh = append(fresh, d)
	}
	// All that goes has gone: its signals are free for others.
	for _, d := range fresh {
		problems = append(problems, p.attach(r.prepare(d)))
	}
	for _, c := range last.Rules {
		if meant(c.Cameras, p.name) && !slices.ContainsFunc(next.Rules, func(n rules.Config) bool {
			return meant(n.Cameras, p.name) && sameRule(c, n)
		}) {
			e.RemoveRule(now, c.Event)
		}
	}
	for _, c := range next.Rules {
		if meant(c.Cameras, p.name) && !e.HasRule(c.Event) {
			problems = append(problems, e.AddRule(c))
		}
	}
	e.Arrange(
		names(next.Detectors, func(d detectors.Config) string { return d.Name }),
		names(next.Rules, func(c rules.Config) string { return c.Event }),
	)
	r.remember(p)
	return errors.Join(problems...)
}

// configured returns the detectors that are meant for a camera, by name, without
// the list of cameras, which is not their own matter.
func configured(all []detectors.Config, camera string) map[string]detectors.Config {
	byName := make(map[string]detectors.Config)
	for _, d := range all {
		if meant(d.Cameras, camera) {
			d.Cameras = nil
			byName[d.Name] = d
		}
	}
	return byName
}

func names[C any](configs []C, name func(C) string) []string {
	all := make([]string, len(configs))
	for i, c := range configs {
		all[i] = name(c)
	}
	return all
}

func sameRule(a, b rules.Config) bool {
	a.Cameras, b.Cameras = nil, nil
	return reflect.DeepEqual(a, b)
}
