package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/backoff"
	"rvo-tui/rules"
)

// Errors of commands.
var (
	ErrNoDetector = errors.New("no such detector")
	ErrNoRule     = errors.New("no such rule")
)

// NotFoundError is the error of a command for an unknown detector or rule.
type NotFoundError struct {
	What     error // ErrNoDetector or ErrNoRule
	Name     string
	Existing []string // the names that there are, in any order, also repeated
}

func (e *NotFoundError) Error() string {
	existing := "there are none"
	if len(e.Existing) > 0 {
		names := slices.Compact(slices.Sorted(slices.Values(e.Existing)))
		existing = "existing: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("%v %q; %s", e.What, e.Name, existing)
}

// Unwrap returns e.What.
func (e *NotFoundError) Unwrap() error { return e.What }

// Attach adds a detector and, if it is enabled, requests that it be loaded. Its name
// must be new, and no other detector may provide its signals. Its needs may name
// signals without a provider, which are unknown.
func (e *Engine) Attach(id TaskID, spec detectors.Spec) error {
	defer e.tidy() // frees interned names after an error
	if e.byName(spec.Name) != nil {
		return fmt.Errorf("attach detector %q: the name is in use; detach that detector first or choose another name", spec.Name)
	}
	t := newTask(id, spec)
	t.waits = &backoff.Backoff{First: retryFirst, Last: retryLast, Jitter: retryJitter, Random: e.rng.Float64}
	for _, name := range spec.Provides {
		sid, err := e.table.Intern(name)
		if err != nil {
			return fmt.Errorf("attach detector %q: %w", spec.Name, err)
		}
		if p := e.provider(sid); p != nil {
			return fmt.Errorf("attach detector %q: detector %q already provides the signal %q; give one of them another signal", spec.Name, p.spec.Name, name)
		}
		t.provides = append(t.provides, sid)
	}
	for _, src := range spec.Needs {
		expr, err := rules.Parse(src)
		if err != nil {
			return fmt.Errorf("attach detector %q: needs: %w", spec.Name, err)
		}
		c, err := expr.Compile(e.table)
		if err != nil {
			return fmt.Errorf("attach detector %q: needs %q: %w", spec.Name, src, err)
		}
		t.needs = append(t.needs, c)
	}
	t.feed = &e.camera
	if spec.CropsOf != "" {
		of, err := e.table.Intern(spec.CropsOf)
		if err != nil {
			return fmt.Errorf("attach detector %q: crops_of: %w", spec.Name, err)
		}
		for p := e.provider(of); p != nil; p = e.provider(p.crops.of) {
			if slices.ContainsFunc(t.provides, func(id detectors.ID) bool { return p.crops != nil && p.crops.of == id }) {
				return fmt.Errorf("attach detector %q: crops_of: detector %q in turn uses boxes of this detector; name another signal", spec.Name, p.spec.Name)
			}
			if p.crops == nil {
				break
			}
		}
		t.crops = &crops{of: of}
		t.feed = &t.crops.feed
	}
	e.tasks = append(e.tasks, t)
	e.refollow(false)
	e.applyEnabled(t)
	return nil
}

// applyEnabled applies a change of Enabled.
func (e *Engine) applyEnabled(t *task) {
	if !t.enabled {
		e.forget(t, detectors.Off)
		if t.phase == queued {
			e.do(t, DoWithdraw, 0)
		}
		return
	}
	e.forget(t, detectors.Never)
	if t.phase == closed {
		t.errors, t.logged, t.quietUntil = 0, false, 0
		t.waits.Reset()
		e.open(t)
	}
}

// Detach removes a detector and its signals. The driver stops its worker.
func (e *Engine) Detach(name string) (TaskID, error) {
	t := e.byName(name)
	if t == nil {
		return 0, e.noDetector(name)
	}
	e.tasks = slices.DeleteFunc(e.tasks, func(o *task) bool { return o == t })
	e.forget(t, detectors.Absent) // for rules that still read them
	e.refollow(false)
	e.tidy()
	return t.id, nil
}

// tidy frees signals that are no longer provided or read.
func (e *Engine) tidy() {
	used := make([]bool, e.table.Len())
	mark := func(ids []detectors.ID) {
		for _, id := range ids {
			used[id] = true
		}
	}
	for _, t := range e.tasks {
		mark(t.provides)
		for _, c := range t.needs {
			mark(c.Signals())
		}
		if t.crops != nil {
			used[t.crops.of] = true
		}
	}
	for _, r := range e.rules {
		mark(r.Condition().Signals())
	}
	for id, u := range used {
		if !u {
			e.table.Free(detectors.ID(id))
		}
	}
}

// Enable enables or disables a detector. Enabling a failed one opens it at once.
func (e *Engine) Enable(name string, on bool) error {
	t := e.byName(name)
	if t == nil {
		return e.noDetector(name)
	}
	retry := on && t.phase == closed
	if t.enabled != on || retry {
		t.enabled = on
		e.applyEnabled(t)
	}
	return nil
}

// SetRate changes the maximum rate of a detector, in runs per second. A default TTL
// follows it; if the TTL is configured, a rate with a longer period is refused.
func (e *Engine) SetRate(name string, fps float64) error {
	t := e.byName(name)
	if t == nil {
		return e.noDetector(name)
	}
	ttl := detectors.DefaultTTL(fps)
	if t.spec.FixedTTL {
		ttl = t.spec.TTL
	}
	if detectors.TooShort(ttl, fps) {
		return fmt.Errorf("rate %g: the ttl of detector %q is %v, shorter than the time between two runs, so its signals would be unknown in between; set at least %.3g a second, or raise or leave out its ttl in the configuration", fps, name, ttl, 1/ttl.Seconds())
	}
	t.spec.MaxFPS, t.spec.TTL, t.ttl, t.hasty = fps, ttl, ttl, false
	t.interval = rateInterval(fps)
	if t.follower != nil {
		t.follower.tracker.Pace(ttl, t.interval)
	}
	t.due = min(t.due, t.feed.frame.Seen+t.interval)
	return nil
}

// AddRule adds a rule. Signals without a provider are unknown.
func (e *Engine) AddRule(cfg rules.Config) error {
	defer e.tidy() // frees interned names after an error
	if e.rule(cfg.Event) != nil {
		return fmt.Errorf("add rule %q: it already exists", cfg.Event)
	}
	r, err := rules.New(cfg, e.table)
	if err != nil {
		return fmt.Errorf("add rule %q: %w", cfg.Event, err)
	}
	added := rule{r, cfg.Event, r.When(), time.Duration(cfg.For), time.Duration(cfg.Cooldown), cfg.Clip, time.Duration(cfg.After), nil}
	schedule, err := cfg.Schedule()
	if err != nil {
		return fmt.Errorf("add rule %q: %w", cfg.Event, err)
	}
	if schedule != nil {
		added.hours = &hours{schedule: schedule}
		e.hoursNext = e.now // checked within this step
	}
	e.rules = append(e.rules, added)
	e.refollow(false)
	return nil
}

// RemoveRule removes the named rule, if it exists, and ends its incident.
func (e *Engine) RemoveRule(now time.Duration, event string) {
	r := e.rule(event)
	if r == nil {
		return
	}
	r.SetEnabled(false, now)
	e.fire(now, r)
	e.rules = slices.DeleteFunc(e.rules, func(r rule) bool { return r.event == event })
	e.refollow(false)
	e.tidy()
}

// SetRule enables or disables a rule.
func (e *Engine) SetRule(now time.Duration, event string, on bool) error {
	r := e.rule(event)
	if r == nil {
		return e.noRule(event)
	}
	r.SetEnabled(on, now)
	return nil
}

// Has reports whether a detector with this name is attached.
func (e *Engine) Has(detector string) bool { return e.byName(detector) != nil }

// Spec returns the spec of an attached detector, including changes of its rate and of
// Enabled.
func (e *Engine) Spec(id TaskID) (spec detectors.Spec, ok bool) {
	t := e.task(id)
	if t == nil {
		return detectors.Spec{}, false
	}
	spec = t.spec
	spec.Enabled = t.enabled
	return spec, true
}

// HasRule reports whether there is a rule with this name.
func (e *Engine) HasRule(event string) bool { return e.rule(event) != nil }

// Rules returns the configurations of all rules, including changes of Enabled.
func (e *Engine) Rules() []rules.Config {
	all := make([]rules.Config, len(e.rules))
	for i, r := range e.rules {
		all[i] = r.Config()
		all[i].Enabled = r.Enabled()
	}
	return all
}

// Arrange puts detectors and rules in the given order of names. Others come last, in
// their current order.
func (e *Engine) Arrange(detectors, events []string) {
	Arrange(e.tasks, detectors, func(t *task) string { return t.spec.Name })
	Arrange(e.rules, events, func(r rule) string { return r.event })
}

// Arrange sorts list by the position of each name in names. Others come last, in their
// current order.
func Arrange[T any](list []T, names []string, name func(T) string) {
	place := make(map[string]int, len(names))
	for i, n := range names {
		place[n] = i - len(names)
	}
	slices.SortStableFunc(list, func(a, b T) int { return place[name(a)] - place[name(b)] })
}

func (e *Engine) byName(name string) *task {
	for _, t := range e.tasks {
		if t.spec.Name == name {
			return t
		}
	}
	return nil
}

func (e *Engine) noDetector(name string) error {
	bad := &NotFoundError{What: ErrNoDetector, Name: name}
	for _, t := range e.tasks {
		bad.Existing = append(bad.Existing, t.spec.Name)
	}
	return bad
}

func (e *Engine) provider(id detectors.ID) *task {
	for _, t := range e.tasks {
		if slices.Contains(t.provides, id) {
			return t
		}
	}
	return nil
}

func (e *Engine) noRule(event string) error {
	bad := &NotFoundError{What: ErrNoRule, Name: event}
	for _, r := range e.rules {
		bad.Existing = append(bad.Existing, r.event)
	}
	return bad
}

func (e *Engine) rule(event string) *rules.Rule {
	for _, r := range e.rules {
		if r.event == event {
			return r.Rule
		}
	}
	return nil
}
