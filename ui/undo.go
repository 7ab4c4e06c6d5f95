package ui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/capture"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// undoMost is how many changes can be undone.
const undoMost = 50

// change is a change that was made and the function that undoes it.
type change struct {
	what string
	back func() error // nil: it cannot be undone
}

// undoneMsg is the result of an undo.
type undoneMsg struct {
	change change
	err    error
}

// inverse returns the commands that undo a command, given the snapshot before it. Empty if the
// command changes nothing or cannot be undone.
func inverse(s *runtime.Snapshot, c runtime.Command) (back []runtime.Command) {
	switch c.Do {
	case runtime.AddCamera:
		if c.Added != nil {
			back = append(back, runtime.Command{Do: runtime.RemoveCamera, Camera: c.Added.Name})
		}
		return back
	case runtime.Attach:
		if c.Attached != nil {
			back = append(back, runtime.Command{Do: runtime.Detach, Camera: c.Camera, Detector: c.Attached.Name})
		}
		return back
	case runtime.Acknowledge:
		return []runtime.Command{c}
	}
	if s == nil {
		return nil
	}
	for i := range s.Cameras {
		if v := &s.Cameras[i]; c.Camera == "" || c.Camera == v.Name {
			back = append(back, inverseOn(v, c)...)
		}
	}
	return back
}

// inverseOn returns the commands that undo a command on one camera.
func inverseOn(v *runtime.CameraView, c runtime.Command) (back []runtime.Command) {
	paused := v.State == capture.Paused
	if c.Do == runtime.Pause && !paused {
		return []runtime.Command{{Do: runtime.Resume, Camera: v.Name}}
	}
	if c.Do == runtime.Resume && paused {
		return []runtime.Command{{Do: runtime.Pause, Camera: v.Name}}
	}
	for i := range v.Detectors {
		d := &v.Detectors[i]
		if d.Name != c.Detector {
			continue
		}
		off := d.State == engine.DetectorDisabled
		switch {
		case c.Do == runtime.Disable && !off:
			return []runtime.Command{{Do: runtime.Enable, Camera: v.Name, Detector: d.Name}}
		case c.Do == runtime.Enable && off:
			return []runtime.Command{{Do: runtime.Disable, Camera: v.Name, Detector: d.Name}}
		case c.Do == runtime.SetRate && c.FPS != d.MaxFPS:
			return []runtime.Command{{Do: runtime.SetRate, Camera: v.Name, Detector: d.Name, FPS: d.MaxFPS}}
		}
	}
	for i := range v.Rules {
		r := &v.Rules[i]
		if r.Event != c.Rule && (c.Rule != "" || r.Hours == nil) {
			continue
		}
		if do := inverseOf(c.Do, r); do != "" {
			back = append(back, runtime.Command{Do: do, Camera: v.Name, Rule: r.Event})
		}
	}
	return back
}

// inverseOf returns the verb that undoes a command about a rule; empty if the command changes
// nothing. An override of the rule's hours lasts until they next begin or end.
func inverseOf(do runtime.Verb, r *engine.RuleView) runtime.Verb {
	off, inactive := r.Status.State == rules.Disabled, r.Status.State == rules.Inactive
	switch {
	case do == runtime.RuleOff && !off:
		return runtime.RuleOn
	case do == runtime.RuleOn && off:
		return runtime.RuleOff
	case do == runtime.Arm && inactive:
		return runtime.Disarm
	case do == runtime.Disarm && r.Hours != nil && !off && !inactive:
		return runtime.Arm
	}
	return ""
}

// sent is a command that switches something or sets a rate.
type sent struct {
	runtime.Command
	done  chan struct{} // closed once err is set
	err   error
	until time.Time // forget it then, even if no snapshot shows its effect; zero: it was not done yet
}

// effectTime is how long the effect of a command may take to show in a snapshot.
const effectTime = 2 * time.Second

// target returns a command that stands for all that switch or set the same; false if c does not.
func target(c runtime.Command) (runtime.Command, bool) {
	c.FPS = 0
	switch c.Do {
	case runtime.Pause, runtime.Resume:
		c.Do = runtime.Pause
	case runtime.Disable, runtime.Enable:
		c.Do = runtime.Disable
	case runtime.RuleOff, runtime.RuleOn:
		c.Do = runtime.RuleOff
	case runtime.SetRate:
	default:
		return runtime.Command{}, false
	}
	return c, true
}

// last returns the last command with the target of c, while the snapshot may be older than its
// effect; nil if there is none.
func (m *model) last(c runtime.Command) *sent {
	t, _ := target(c)
	s := m.sent[t]
	if s == nil {
		return nil
	}
	select {
	case <-s.done:
		if s.err != nil {
			return nil
		}
	default:
	}
	return s
}

// holds reports whether what c would do is done, or was commanded last. Shown is whether the
// snapshot shows it.
func (m *model) holds(c runtime.Command, shown bool) bool {
	if s := m.last(c); s != nil {
		return s.Do == c.Do
	}
	return shown
}

// observe forgets the commands whose effect a snapshot shows.
func (m *model) observe(snap *runtime.Snapshot) {
	for t, s := range m.sent {
		select {
		case <-s.done:
		default:
			continue
		}
		if s.until.IsZero() {
			s.until = snap.At.Add(effectTime)
		}
		if s.err != nil || len(inverse(snap, s.Command)) == 0 || !snap.At.Before(s.until) {
			delete(m.sent, t)
		}
	}
}

// changed stores a change for undo.
func (m *model) changed(c change) {
	if c.back != nil {
		m.changes = tail(append(m.changes, c), undoMost)
		m.epoch++
	}
}

// undo undoes the last change, in another goroutine.
func (m *model) undo() tea.Cmd {
	n := len(m.changes)
	if n == 0 {
		m.say((*draw.Theme).InfoInk, "nothing to undo")
		return nil
	}
	c := m.changes[n-1]
	m.changes = m.changes[:n-1]
	clear(m.sent) // keys go by the snapshot again
	m.epoch++
	return func() tea.Msg { return undoneMsg{c, c.back()} }
}

// undone shows the result of an undo. A failed undo can be tried again.
func (m *model) undone(msg undoneMsg) {
	if msg.err != nil {
		m.changed(msg.change)
		m.fail(msg.err)
		return
	}
	m.say((*draw.Theme).GoodInk, "undone: "+strings.TrimPrefix(msg.change.what, "done: "))
}

// diffMsg is the difference between the running configuration and the file, or of edits.
type diffMsg struct {
	diff  runtime.FileDiff
	write bool               // the user asked to write it
	edits []runtime.FileEdit // the edits compared; none: the running configuration
	err   error
}

// copied copies the TOML for the user to paste, as the file cannot be written.
func (d diffMsg) copied() tea.Cmd {
	if d.err != nil || !d.write || d.diff.Refused == "" || d.diff.TOML == "" {
		return nil
	}
	return tea.SetClipboard(d.diff.TOML)
}

// compare compares the running configuration with the file, in another goroutine.
func (m *model) compare(write bool) tea.Cmd {
	if m.opts.Diff == nil {
		m.say((*draw.Theme).InfoInk, "there is no configuration file to compare with")
		return nil
	}
	ctx, diff := m.ctx, m.opts.Diff
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		d, err := diff(ctx)
		return diffMsg{diff: d, write: write, err: err}
	}
}

// compared shows the result of compare.
func (m *model) compared(msg diffMsg) {
	if msg.err != nil {
		m.fail(msg.err)
		return
	}
	r := &review{diff: msg.diff, edits: msg.edits}
	r.sheet = sheet{title: "Running configuration and " + draw.Clean(msg.diff.File), lines: r.lines}
	if len(msg.edits) > 0 {
		r.title = "Change " + draw.Clean(msg.diff.File)
	}
	switch {
	case len(r.diff.Changes) == 0:
	case r.diff.Refused == "":
		r.asks = true
	case msg.write:
		r.copied = true
	}
	if m.epoch++; m.overlay != nil { // do not take keys meant for another dialog
		m.later = r
		return
	}
	m.overlay = r
}

// review shows a difference from the file, and asks whether to write it.
type review struct {
	sheet
	diff         runtime.FileDiff
	edits        []runtime.FileEdit // to write; none: write the running configuration
	asks, copied bool
}

func (r *review) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "y":
			if r.asks {
				return nil, m.write(r)
			}
		case "n":
			return nil, nil
		case "c":
			r.copied = r.diff.TOML != ""
			return r, tea.SetClipboard(r.diff.TOML)
		}
	}
	next, cmd := r.sheet.update(m, msg)
	if next == nil {
		return nil, cmd
	}
	return r, cmd
}

// lines returns the available actions, followed by the difference.
func (r *review) lines(m *model, w int) (lines []string) {
	th := m.scene.Theme
	switch {
	case r.asks:
		lines = append(lines, "Write this to the file?  "+m.hints("y", "yes", "n", "no", "c", "copy"))
	case r.copied:
		lines = append(lines, th.Good.Of("The TOML was copied: paste it into the file."))
	case len(r.diff.Changes) > 0:
		lines = append(lines, m.hints("c", "copy the TOML"))
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	for _, line := range r.diff.Lines() {
		ink := th.Strong
		switch line[0] {
		case '+':
			ink = th.Good
		case '-':
			ink = th.Bad
		case '!':
			ink = th.Warn
		case '@':
			ink = th.Info
		}
		for _, part := range draw.Wrap(th.Text(line), w) {
			lines = append(lines, ink.Of(part))
		}
	}
	return lines
}

// write writes the difference that is shown.
func (m *model) write(r *review) tea.Cmd {
	if why := m.barred(); why != "" {
		m.say((*draw.Theme).InfoInk, why)
		return nil
	}
	opts, what := m.opts, "written to the configuration file"
	if len(r.edits) == 0 {
		write := m.within(func(ctx context.Context) error { return opts.Write(ctx, r.diff.ID) })
		return func() tea.Msg { return doneMsg{text: what, err: write()} }
	}
	if len(r.diff.Changes) > 0 {
		what = draw.Clean(r.diff.Changes[0].What) + " is " + what
	}
	return func() tea.Msg {
		var d runtime.FileDiff
		edit := m.within(func(ctx context.Context) (err error) {
			d, err = opts.Edit(ctx, r.edits, true)
			return err
		})
		if err := edit(); err != nil {
			return doneMsg{err: err}
		}
		return doneMsg{text: what, back: m.within(func(ctx context.Context) error { return opts.Revert(ctx, d.ID) })}
	}
}

// within returns a function that makes a call with a timeout of commandTimeout.
func (m *model) within(call func(ctx context.Context) error) func() error {
	ctx := m.ctx
	return func() error {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		return call(ctx)
	}
}
