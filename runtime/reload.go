package runtime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// Setup is the configuration for Reload. It must be valid.
type Setup struct {
	Cameras   []capture.Config
	Detectors []detectors.Config
	Zones     []detectors.Zone
	Lines     []detectors.Line
	Rules     []rules.Config
	// Runs means that this configuration is already running: it only becomes the
	// reference for differences.
	Runs bool
}

// setup returns the current configuration.
func (r *Runtime) setup() Setup {
	o := &r.opts
	return Setup{Cameras: o.Cameras, Detectors: o.Detectors, Zones: o.Zones, Lines: o.Lines, Rules: o.Rules}
}

func (r *Runtime) configure(s Setup) {
	o := &r.opts
	o.Cameras, o.Detectors, o.Zones, o.Lines, o.Rules = s.Cameras, s.Detectors, s.Zones, s.Lines, s.Rules
}

// reload replaces the current setup by next. Unchanged parts are not touched: cameras
// keep streaming, detectors keep their model and counters, rules their state. Additions
// by command stay, unless next defines the same name. Parts that fail are left out and
// reported. A camera that does not respond keeps its setup, and the next reload replaces
// that. New cameras wait for those that are ending.
func (r *Runtime) reload(ctx, wait context.Context, current *change, next Setup) {
	last := r.setup()
	r.configure(next)
	r.setReloading(true) // before the first camera leaves the list
	for _, c := range last.Cameras {
		if a := r.camera(c.Name); a != nil && !slices.Contains(next.Cameras, c) {
			r.stopCamera(current, a)
		}
	}
	for _, c := range next.Cameras {
		if a := r.camera(c.Name); a != nil && !slices.Contains(last.Cameras, c) {
			r.stopCamera(current, a) // added by command with this name
		}
	}
	var problems []error
	for _, c := range r.list() {
		applied := false
		err := c.do(wait, func(e *engine.Engine, now time.Duration) error {
			applied = true
			return r.change(c.pipeline, e, now, c.setup, next)
		})
		if err != nil {
			problems = append(problems, fmt.Errorf("camera %q: %w", c.name, err))
		}
		if applied {
			c.setup = next
		}
	}
	gone := slices.Clone(current.going)
	current.rest = func() error {
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
				problems = append(problems, r.inherit(ctx, c.Name, gone[i], next))
			}
		}
		r.arrange(next.Cameras)
		return errors.Join(problems...)
	}
}

// setReloading sets whether cameras may be missing from the list.
func (r *Runtime) setReloading(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reloading = on
}

// arrange lists the cameras in the order of the configuration, followed by those added
// by command.
func (r *Runtime) arrange(configured []capture.Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	engine.Arrange(r.cameras, names(configured, func(c capture.Config) string { return c.Name }), func(a *active) string { return a.name })
}

// inherit attaches the detectors that were attached by command to a camera's
// predecessor, which has ended.
func (r *Runtime) inherit(ctx context.Context, name string, from *active, next Setup) error {
	ctx, cancel := context.WithTimeout(ctx, abandonAfter)
	defer cancel()
	p := r.camera(name)
	was, is := from.setup.configured(name), next.configured(name)
	var problems []error
	for _, w := range from.workers {
		_, before := was[w.spec.Name]
		_, now := is[w.spec.Name]
		spec, attached := from.engine.Spec(w.task)
		if before || now || !attached {
			continue
		}
		if err := p.do(ctx, func(*engine.Engine, time.Duration) error { return p.attach(r.again(w, spec, name)) }); err != nil {
			problems = append(problems, fmt.Errorf("camera %q: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// again returns what a pipeline needs to attach a detector again that was attached by
// command: with the current zones of the camera or, if one is missing, with those that it
// had.
func (r *Runtime) again(w *worker, spec detectors.Spec, camera string) (detectors.Config, detectors.Spec, func() (detectors.Detector, error)) {
	cfg := w.current(spec)
	if r.knows(camera, cfg) != nil {
		return cfg, spec, w.make
	}
	return r.prepare(cfg, camera)
}

// change applies next to the detectors and rules of a camera, given the previous setup.
// It runs in the pipeline's goroutine.
func (r *Runtime) change(p *pipeline, e *engine.Engine, now time.Duration, last, next Setup) error {
	var problems []error
	was, is := last.configured(p.name), next.configured(p.name)
	zones := detectors.ZonesOf(next.Zones, p.name)
	e.SetPlaces(zones, detectors.LinesOf(next.Lines, p.name))
	p.conceal(zones)
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
	for _, w := range slices.Clone(p.workers) {
		spec, attached := e.Spec(w.task)
		if _, configured := is[w.spec.Name]; configured || !attached {
			continue
		}
		if now, _, _ := r.again(w, spec, p.name); !reflect.DeepEqual(now, w.current(spec)) { // its zones
			problems = append(problems, p.detach(now.Name))
			fresh = append(fresh, now)
		}
	}
	// Everything to be removed is gone, so its signals are free.
	for _, d := range fresh {
		problems = append(problems, p.attach(r.prepare(d, p.name)))
	}
	for _, c := range last.Rules {
		if appliesTo(c.Cameras, p.name) && !slices.ContainsFunc(next.Rules, func(n rules.Config) bool {
			return appliesTo(n.Cameras, p.name) && reflect.DeepEqual(c.On(p.name), n.On(p.name))
		}) {
			e.RemoveRule(now, c.Event)
		}
	}
	for _, c := range next.Rules {
		if appliesTo(c.Cameras, p.name) && !e.HasRule(c.Event) {
			problems = append(problems, e.AddRule(c.On(p.name)))
		}
	}
	e.Arrange(
		names(next.Detectors, func(d detectors.Config) string { return d.Name }),
		names(next.Rules, func(c rules.Config) string { return c.Event }),
	)
	r.updateRing(p)
	return errors.Join(problems...)
}

// configured returns the detectors that apply to a camera, by name, as returned by on.
func (s Setup) configured(camera string) map[string]detectors.Config {
	byName := make(map[string]detectors.Config)
	for _, d := range s.Detectors {
		if appliesTo(d.Cameras, camera) {
			byName[d.Name] = s.on(d, camera)
		}
	}
	return byName
}

// on returns a detector as it applies to a camera: without lists of cameras, and with
// its areas.
func (s Setup) on(d detectors.Config, camera string) detectors.Config {
	zones := detectors.ZonesOf(s.Zones, camera)
	d = d.On(camera)
	d.Masked, d.Within = detectors.Areas(zones, d.Mask), detectors.Areas(zones, d.Zones)
	return d
}

func names[C any](configs []C, name func(C) string) []string {
	all := make([]string, len(configs))
	for i, c := range configs {
		all[i] = name(c)
	}
	return all
}

// RunningCamera is a camera as it runs, including all changes by command. It is what a
// configuration would have to contain.
type RunningCamera struct {
	Config    capture.Config
	Paused    bool
	Detectors []detectors.Config // in the form of detectors.Config.On
	Rules     []rules.Config     // in the form of rules.Config.On
}

// Running returns the cameras as they run, once all have been started. Sources and keys
// in it are not redacted. It fails while cameras are missing during a reload.
func (r *Runtime) Running(ctx context.Context) ([]RunningCamera, error) {
	select {
	case <-r.Started():
	case <-r.stopped:
		return nil, errStopped
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	all, reloading := r.listed()
	if reloading {
		return nil, errBusy
	}
	var list []RunningCamera
	for _, c := range all {
		v, err := r.running(ctx, c)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// running returns one camera as it runs.
func (r *Runtime) running(ctx context.Context, c *active) (RunningCamera, error) {
	v := RunningCamera{Config: c.cfg, Paused: c.camera.Paused()}
	err := c.do(ctx, func(e *engine.Engine, _ time.Duration) error {
		for _, w := range c.workers {
			spec, attached := e.Spec(w.task)
			if !attached {
				continue
			}
			v.Detectors = append(v.Detectors, w.current(spec))
		}
		v.Rules = e.Rules()
		return nil
	})
	return v, err
}

// current returns the configuration of a detector, including the changes in its current
// spec.
func (w *worker) current(spec detectors.Spec) detectors.Config {
	cfg := w.cfg
	cfg.Enabled = spec.Enabled
	if spec.MaxFPS != w.spec.MaxFPS {
		cfg.MaxFPS = spec.MaxFPS
	}
	return cfg
}

// differences returns the number of differences between a camera and its configuration.
func (s Setup) differences(v RunningCamera) (n int) {
	if !slices.Contains(s.Cameras, v.Config) {
		n++
	}
	if v.Paused {
		n++
	}
	was := s.configured(v.Config.Name)
	for _, d := range v.Detectors {
		if c, ok := was[d.Name]; !ok || !reflect.DeepEqual(c, d) {
			n++
		}
		delete(was, d.Name)
	}
	n += len(was)
	for _, c := range s.Rules {
		i := slices.IndexFunc(v.Rules, func(o rules.Config) bool { return o.Event == c.Event })
		if appliesTo(c.Cameras, v.Config.Name) && (i < 0 || v.Rules[i].Enabled != c.On(v.Config.Name).Enabled) {
			n++
		}
	}
	return n
}

// count updates the number of differences from the configuration. It runs in Run's
// goroutine, after every command, and skips cameras that do not respond.
func (r *Runtime) count(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, abandonAfter)
	defer cancel()
	setup := r.setup()
	n := 0
	for _, c := range setup.Cameras {
		if r.camera(c.Name) == nil {
			n++
		}
	}
	for _, c := range r.list() {
		if v, err := r.running(ctx, c); err == nil { // otherwise it is ending or hangs
			n += setup.differences(v)
		}
	}
	r.modified.Store(int64(n))
}

// FileDiff is the difference between the running state and the configuration file. It
// contains no secrets.
type FileDiff struct {
	File       string       `json:"file"`
	ID         string       `json:"id"` // identifies these changes; Write requires it, so that only shown changes are written
	Changes    []FileChange `json:"changes"`
	Unwritable []Unwritable `json:"unwritable"` // differences that a file cannot express
	Refused    string       `json:"refused"`    // why the file cannot be written, and what to do; empty: it can
	TOML       string       `json:"toml"`       // the changes, for copying into a file by hand
}

// Lines returns the differences as text, with a prefix for each line: "@@" for the
// position of a change, "-" for removed and "+" for added lines, "!" for what a file
// cannot express.
func (d FileDiff) Lines() (lines []string) {
	for _, c := range d.Changes {
		lines = append(lines, fmt.Sprintf("@@ %s:%d %s", d.File, c.Line, c.What))
		for _, part := range []struct{ sign, text string }{{"-", c.Old}, {"+", c.New}} {
			for line := range strings.Lines(part.text) {
				lines = append(lines, part.sign+strings.TrimRight(line, "\r\n"))
			}
		}
	}
	for _, u := range d.Unwritable {
		lines = append(lines, "! "+u.What+": "+u.Why)
	}
	if len(lines) == 0 {
		lines = append(lines, "the running configuration is that of "+d.File)
	}
	if d.Refused != "" {
		lines = append(lines, "! "+d.Refused)
	}
	return lines
}

// FileEdit is a change of one [[zone]] or [[line]] of the configuration file.
type FileEdit struct {
	Table  string         `json:"table"`  // "zone" or "line"
	Name   string         `json:"name"`   // added if missing
	Camera string         `json:"camera"` // the entry of this camera; empty: the first one with the name
	Set    map[string]any `json:"set"`    // keys to set; null removes a key
	Remove bool           `json:"remove"` // removes the whole table
}

// FileChange is a change of a few lines of a file.
type FileChange struct {
	What string `json:"what"` // for display, such as: rule "blind"
	Line int    `json:"line"` // first line, from 1
	Old  string `json:"old"`  // removed lines
	New  string `json:"new"`  // added lines
}

// Unwritable is a difference that a file cannot express.
type Unwritable struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Results of a reload.
const (
	ReloadOK      = "ok"      // applied completely
	ReloadPartial = "partial" // valid, but parts failed and were left out
	ReloadInvalid = "invalid" // nothing was changed
)

// reloadResults lists every result, so that the counters exist before the first reload.
var reloadResults = [...]string{ReloadOK, ReloadPartial, ReloadInvalid}

// reloadText is the maximum length of a stored reason, in bytes.
const reloadText = 512

// ReloadView counts reloads.
type ReloadView struct {
	Results []engine.Count `json:"results"` // by result: ok, partial, invalid
	Last    string         `json:"last"`    // result of the last reload; empty: none yet
	Reason  string         `json:"reason"`  // why the last reload was not ok, safe to display
	OK      time.Time      `json:"ok"`      // when the current configuration was read: at the start, or by the last reload that was ok
	Changed bool           `json:"changed"` // the file has changed since it was last read

	Quarantined []Quarantined `json:"quarantined"` // what the current configuration leaves out
}

// Quarantined is a camera, detector, rule or output of the configuration that does not
// run because its table is invalid.
type Quarantined struct {
	What string `json:"what"` // such as: camera "door"
	Why  string `json:"why"`  // first problem, with its position in the file, safe to display
}

// Reloads counts reloads by result. It is safe for concurrent use; a nil Reloads does
// nothing.
type Reloads struct {
	mu     sync.Mutex // guards the fields below
	counts [len(reloadResults)]uint64
	last   string
	reason string
	ok     time.Time
	edited bool
	out    []Quarantined
}

// NewReloads returns the counters of a program that has just read its configuration.
func NewReloads(now time.Time) *Reloads { return &Reloads{ok: now} }

// Note counts one result. reason is for the user and must not contain secrets. It is
// empty for ReloadOK.
func (r *Reloads) Note(now time.Time, result, reason string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.reason = result, text.CleanTo(reason, reloadText)
	for i, name := range reloadResults {
		if name == result {
			r.counts[i]++
		}
	}
	if result == ReloadOK {
		r.ok = now
	}
}

// Changed sets whether the file has changed since it was last read.
func (r *Reloads) Changed(is bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.edited = is
}

// Quarantine sets what the current configuration leaves out. The texts must not contain
// secrets. The receiver takes over the list.
func (r *Reloads) Quarantine(list []Quarantined) {
	if r == nil {
		return
	}
	for i := range list {
		list[i].What, list[i].Why = text.CleanTo(list[i].What, reloadText), text.CleanTo(list[i].Why, reloadText)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out = list
}

// View returns the counts.
func (r *Reloads) View() ReloadView {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := ReloadView{Last: r.last, Reason: r.reason, OK: r.ok, Changed: r.edited, Quarantined: r.out, Results: make([]engine.Count, len(reloadResults))}
	for i, name := range reloadResults {
		v.Results[i] = engine.Count{Reason: name, N: r.counts[i]}
	}
	return v
}
