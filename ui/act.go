package ui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
)

// commandTimeout is how long a command may take to answer.
const commandTimeout = 15 * time.Second

// press runs the action bound to a key.
func (m *model) press(key string) tea.Cmd {
	m.notice = notice{}
	a, bound := m.keys.byKey[key]
	if !bound && len(key) == 1 && key >= "1" && key <= "9" {
		m.showNumber(int(key[0] - '1'))
		return nil
	}
	return m.do(a)
}

// do runs an action.
func (m *model) do(a action) tea.Cmd {
	if m.focus == pane.Wall && m.onWall(a) || m.focus == pane.Time && m.onTimeline(a) {
		return nil
	}
	if why := m.barred(); why != "" && a.changes() {
		m.say((*draw.Theme).InfoInk, why)
		return nil
	}
	for _, p := range m.places { // to the rows of the newest snapshot
		m.settled(p.Pane, p.W-2, p.H-2)
	}
	if why := m.hidden(a); why != "" {
		m.say((*draw.Theme).InfoInk, why)
		return nil
	}
	switch a {
	case actQuit:
		m.askQuit()
	case actNext, actPrevious:
		m.focusNext(a == actNext)
	case actRight, actLeft:
		m.focusNext(a == actRight)
	case actDown:
		m.move(1)
	case actUp:
		m.move(-1)
	case actPageDown:
		m.move(max(m.cursors[m.focus].Height-1, 1))
	case actPageUp:
		m.move(-max(m.cursors[m.focus].Height-1, 1))
	case actTop:
		m.move(-1 << 30)
	case actBottom:
		m.move(1 << 30)
	case actZoom:
		if m.focus < pane.Placed {
			m.zoom = !m.zoom
			m.arrange()
		}
	case actOverview:
		m.visit(pane.Fleet)
	case actSort, actSortBack:
		m.scene.FleetSort = m.scene.FleetSort.Next(a == actSort)
		m.epoch++
	case actAlerts:
		m.visit(pane.Alerts)
	case actWall:
		m.visit(pane.Wall)
	case actTimeline:
		m.visit(pane.Time)
	case actBack:
		m.back()
	case actFreeze:
		m.frozen = !m.frozen
		m.want.freeze(m.frozen)
		m.epoch++
	case actPreview:
		if m.focus < pane.Placed {
			m.scene.Preview = !m.scene.Preview
			m.epoch++
			m.arrange()
		}
	case actLevel:
		m.nextLevel()
	case actPreset:
		all := pane.Presets()
		return m.choose(all[(slices.Index(all, m.preset)+1)%len(all)])
	case actHelp:
		m.overlay = newHelp()
	case actFilter:
		m.overlay = newSearch(m)
	case actMatch, actMatchBack:
		m.nextMatch(a == actMatch)
	case actPalette:
		m.overlay = newPalette(m)
	case actSave:
		return m.save()
	case actCopy, actOpener:
		switch e := m.event(); {
		case e == nil:
			m.say((*draw.Theme).InfoInk, "there is no event")
		case a == actCopy:
			return m.copyEvent(*e)
		default:
			return m.openClip(*e)
		}
	case actCopyPath, actNewer, actOlder:
		m.say((*draw.Theme).InfoInk, "open an event first")
	case actOpen:
		return m.open()
	case actReload:
		return m.reload()
	case actUndo:
		return m.undo()
	case actDraw:
		m.overlay = newSketch(m)
	case actDiff, actWrite:
		return m.compare(a == actWrite)
	case actToggle:
		if m.focus == pane.Alerts {
			return m.acknowledge()
		}
		return m.command(a)
	case actCamera:
		return m.pick()
	case actAttach:
		if len(m.opts.Kinds) == 0 {
			m.say((*draw.Theme).InfoInk, "detectors cannot be attached here")
			return nil
		}
		m.overlay = newForm(m)
	default:
		return m.command(a)
	}
	return nil
}

// command runs an action that changes the runtime.
func (m *model) command(a action) tea.Cmd {
	c := m.marked()
	if c == nil {
		if a != "" {
			m.say((*draw.Theme).InfoInk, "there is no camera; press "+m.keys.shown(actCamera)+" to add one")
		}
		return nil
	}
	switch a {
	case actClip:
		return m.send(runtime.Command{Do: runtime.SaveClip, Camera: c.Name}, "a clip of "+c.Name+" is being saved")
	case actPause:
		if m.holds(runtime.Command{Do: runtime.Pause, Camera: c.Name}, c.State == capture.Paused) {
			return m.send(runtime.Command{Do: runtime.Resume, Camera: c.Name}, c.Name+" is resumed")
		}
		return m.send(runtime.Command{Do: runtime.Pause, Camera: c.Name}, c.Name+" is paused")
	case actRule:
		r := m.rule(c)
		if r == nil {
			return nil
		}
		if m.holds(runtime.Command{Do: runtime.RuleOff, Camera: c.Name, Rule: r.Event}, r.Status.State == rules.Disabled) {
			return m.send(runtime.Command{Do: runtime.RuleOn, Camera: c.Name, Rule: r.Event}, "rule "+r.Event+" is enabled")
		}
		return m.send(runtime.Command{Do: runtime.RuleOff, Camera: c.Name, Rule: r.Event}, "rule "+r.Event+" is disabled")
	}
	d := m.detector()
	if d == nil {
		return nil
	}
	switch a {
	case actToggle:
		if m.holds(runtime.Command{Do: runtime.Disable, Camera: c.Name, Detector: d.Name}, d.State == engine.DetectorDisabled) {
			return m.send(runtime.Command{Do: runtime.Enable, Camera: c.Name, Detector: d.Name}, d.Name+" is enabled")
		}
		return m.send(runtime.Command{Do: runtime.Disable, Camera: c.Name, Detector: d.Name}, d.Name+" is disabled")
	case actFaster, actSlower:
		cmd := runtime.Command{Do: runtime.SetRate, Camera: c.Name, Detector: d.Name, FPS: d.MaxFPS}
		if last := m.last(cmd); last != nil {
			cmd.FPS = last.FPS
		}
		cmd.FPS = step(cmd.FPS, a == actFaster)
		return m.send(cmd, fmt.Sprintf("%s runs at most %s times per second", d.Name, draw.Rate(cmd.FPS)))
	case actDetach:
		cmd := runtime.Command{Do: runtime.Detach, Camera: c.Name, Detector: d.Name}
		m.overlay = &confirm{
			title:    "Detach?",
			question: "Detach " + d.Name + " from " + c.Name + "?",
			detail:   "Its signals become unknown; rules that use them cannot fire.",
			yes:      func(m *model) tea.Cmd { return m.send(cmd, d.Name+" is detached") },
		}
	}
	return nil
}

// rates are the values that the faster and slower keys step through.
var rates = []float64{0.2, 0.5, 1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 45, 60, 90, 120}

func step(fps float64, up bool) float64 {
	if up {
		for _, r := range rates {
			if r > fps+1e-9 {
				return r
			}
		}
		return min(fps*1.5, detectors.MaxRate)
	}
	for _, r := range slices.Backward(rates) {
		if r < fps-1e-9 {
			return r
		}
	}
	return fps
}

// acknowledge toggles the acknowledgement of the selected alert.
func (m *model) acknowledge() tea.Cmd {
	a := m.alert()
	switch {
	case a == nil:
		return nil
	case m.barred() != "":
		m.say((*draw.Theme).InfoInk, m.barred())
		return nil
	}
	done := "acknowledged until it clears: "
	if a.Acknowledged {
		done = "no longer acknowledged: "
	}
	return m.send(runtime.Command{Do: runtime.Acknowledge, Alert: a.ID}, done+a.Title())
}

// alert returns the selected alert, or nil.
func (m *model) alert() *runtime.Alert {
	if s, i := m.scene.Snap, m.cursors[pane.Alerts].Sel; s != nil && i < len(s.Alerts) {
		return &s.Alerts[i]
	}
	return nil
}

// send sends a command to the runtime from another goroutine. Commands with the same target are
// sent in order.
func (m *model) send(c runtime.Command, done string) tea.Cmd {
	before, now := m.last(c), &sent{Command: c, done: make(chan struct{})}
	commands := inverse(m.scene.Snap, c)
	if before != nil {
		if commands = nil; before.Command != c {
			commands = []runtime.Command{before.Command}
		}
	}
	var back func() error
	if len(commands) > 0 {
		back = m.all(commands)
	}
	if t, ok := target(c); ok {
		m.sent[t] = now
	}
	run, ended := m.all([]runtime.Command{c}), m.ctx.Done()
	return func() tea.Msg {
		if before != nil {
			select {
			case <-before.done:
			case <-ended:
			}
		}
		now.err = run()
		close(now.done)
		return doneMsg{text: done, err: now.err, back: back}
	}
}

// all returns a function that runs commands in order and stops at the first error.
func (m *model) all(commands []runtime.Command) func() error {
	backend := m.backend
	return m.within(func(ctx context.Context) error {
		for _, c := range commands {
			if err := backend.Do(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// detector returns the selected detector; nil if there is none.
func (m *model) detector() *engine.DetectorView {
	list := m.scene.Detectors()
	if i := selected(m.cursors[pane.Detectors], list, func(d *engine.DetectorView) string { return d.Name }); i < len(list) {
		return list[i]
	}
	m.say((*draw.Theme).InfoInk, "there is no detector; press "+m.keys.shown(actAttach)+" to attach one")
	return nil
}

func (m *model) rule(c *runtime.CameraView) *engine.RuleView {
	if i := selected(m.cursors[pane.Rules], c.Rules, func(r engine.RuleView) string { return r.Event }); i < len(c.Rules) {
		return &c.Rules[i]
	}
	m.say((*draw.Theme).InfoInk, "no rule applies to "+c.Name)
	return nil
}

// askQuit ends the program. It asks first while clips are being written.
func (m *model) askQuit() {
	if m.opts.Link != nil {
		m.quit = true // only this dashboard ends
		return
	}
	if s := m.scene.Snap; s != nil && s.Clips != nil && (s.Clips.Building || s.Clips.Waiting > 0) {
		m.overlay = &confirm{
			title:     "Quit?",
			question:  "Clips are being written. Quit anyway?",
			interrupt: true, // a second Ctrl-C
			detail:    "They will end with the frames received so far. Recording stops with this program; a service (docs/operations.md) keeps recording.",
			yes: func(m *model) tea.Cmd {
				m.quit = true
				return nil
			},
		}
		return
	}
	m.quit = true
}

func (m *model) reload() tea.Cmd {
	if m.opts.Reload == nil {
		m.say((*draw.Theme).InfoInk, "the configuration cannot be reloaded here")
		return nil
	}
	ctx, reload := m.ctx, m.opts.Reload
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		return doneMsg{text: "configuration reloaded", err: reload(ctx)}
	}
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// save writes the screen as text to a file in the working directory.
func (m *model) save() tea.Cmd {
	text := ansi.Strip(strings.Join(m.screen(), "\n")) + "\n"
	name := "rvo-tui-" + m.now().Local().Format("20060102-150405") + ".txt"
	return func() tea.Msg {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return doneMsg{err: fmt.Errorf("save screen: %w", err)}
		}
		_, err = file.WriteString(text)
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			return doneMsg{err: fmt.Errorf("save screen: %w", err)}
		}
		return doneMsg{text: "screen saved to " + absolute(name)}
	}
}

// open shows the details of the selected row.
func (m *model) open() tea.Cmd {
	s := &m.scene
	switch m.focus {
	case pane.Alerts:
		m.follow()
	case pane.Time:
		if e := m.event(); e != nil {
			return newEventDetail(m, *e)
		}
		m.say((*draw.Theme).InfoInk, "no event of this rule yet")
	case pane.Wall:
		m.show(m.cursors[pane.Wall].Sel)
		m.focusOn(m.from)
	case pane.Fleet:
		if i := s.FleetCamera(m.cursors[pane.Fleet].Sel); i >= 0 {
			m.show(i)
			m.focusOn(m.from)
		}
	case pane.Events:
		if e := m.event(); e != nil {
			return newEventDetail(m, *e)
		}
	case pane.Log:
		if i := m.cursors[pane.Log].Sel; i < len(s.Log) {
			l := s.Log[i]
			_, level := pane.LevelInk(s.Theme, l.Level)
			m.overlay = &sheet{title: "Log line " + fmt.Sprint(l.Seq), lines: func(m *model, w int) []string {
				head := draw.Stamp(l.Time) + "  " + level
				if l.N > 1 {
					head += fmt.Sprintf("  %d times since %s", l.N, draw.Stamp(l.First))
				}
				return append([]string{head, ""}, draw.Wrap(m.scene.Theme.Text(l.Text), w)...)
			}}
		}
	default:
		if !m.openPage() {
			m.zoom = !m.zoom
			m.arrange()
		}
	}
	return nil
}
