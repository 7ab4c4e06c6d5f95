package ui

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/ui/remote"

	"rvo-tui/ui/draw"
	"rvo-tui/ui/film"

	"rvo-tui/ui/pane"
	"rvo-tui/ui/state"
)

// model is the state of the dashboard (tea.Model). Bubble Tea's goroutine owns it.
type model struct {
	ctx     context.Context // ends with the program
	backend Backend
	opts    Options
	file    *state.File
	want    *demand // what the feed should fetch
	player  *film.Player
	keys    *keymap
	link    remote.Link // from Options.Link, if set

	newest *runtime.Snapshot // as received

	themeName string
	dark      bool
	profile   colorprofile.Profile

	w, h     int
	scene    pane.Scene
	camera   string // the camera shown, by name
	wish     string // the detector to select when it appears
	added    string // the camera to show when it appears
	allEvent []runtime.RecentEvent
	allLog   []logging.Line

	preset     pane.Preset
	focus, tab pane.ID
	sought     string  // text of the last search; panes with a filter have their own
	from       pane.ID // focused before the current full-screen pane
	zoom       bool
	frozen     bool
	cursors    [pane.Count]pane.Cursor
	places     []pane.Place
	clicked    click

	overlay  overlay // nil: none
	later    overlay // to show when overlay is closed; nil: none
	notice   notice
	greeting string                    // notice to show with the first snapshot; empty: none
	state    state.State               // saved for the next dashboard
	changes  []change                  // that can be undone, oldest first
	sent     map[runtime.Command]*sent // last commands, by target, until a snapshot shows their effect
	quit     bool
	asked    time.Time // when the terminal was queried for its background; zero: it has answered
	pause    pause
	crash    *crash // nil: none

	// versions of the data that panes show: see version
	fast, slow, epoch uint64
	shots             uint64
	slowAt            time.Time
	states            uint64
	cache             [pane.Count]cached
	header            cachedLine
}

// notice is the result of the last action, shown for a few seconds.
type notice struct {
	text  string
	look  func(*draw.Theme) draw.Ink
	until time.Time
}

// cached is a pane as it was last drawn, with its frame.
type cached struct {
	key   cacheKey
	lines []string
}

type cacheKey struct {
	version, epoch uint64
	cur            pane.Cursor
	w, h           int
	focused        bool
}

type cachedLine struct {
	version, epoch uint64
	w              int
	text           string
}

// feedMsg is an update from the feed.
type feedMsg struct {
	snap   *runtime.Snapshot // nil: only the link's state is new
	log    []logging.Line
	events []runtime.RecentEvent
	frames map[string]runtime.Preview // by camera
	sent   float64                    // bytes a second written to the terminal
	link   remote.Link                // from Options.Link, if set
}

// pause is why a Bubble Tea program ended although the dashboard continues.
type pause int

const (
	running   pause = iota
	suspended       // the process should be suspended
	continued       // the process was stopped and continued from outside: take the terminal again
)

// jobMsg is a job control signal: SIGTSTP if stop is set, else SIGCONT.
type jobMsg struct{ stop bool }

// doneMsg is the result of a command.
type doneMsg struct {
	text string // what was done
	err  error
	back func() error // undoes it; nil: it cannot be undone
}

func newModel(ctx context.Context, backend Backend, opts Options, want *demand) (*model, error) {
	keys, err := newKeymap(opts.Config.Keys)
	if err != nil {
		return nil, err
	}
	if opts.Link != nil {
		keys.rename(actQuit, "disconnect", "disconnect; the program shown keeps running")
	}
	m := &model{
		ctx: ctx, backend: backend, opts: opts, want: want, keys: keys, file: state.Open(opts.State),
		themeName: opts.Config.Theme, dark: true, profile: colorprofile.TrueColor,
		focus: pane.Detectors, tab: pane.Rules, sent: map[runtime.Command]*sent{},
	}
	m.player = film.NewPlayer(backend, opts.Film)
	m.scene = pane.Scene{Shots: map[string]pane.Shot{}, LogLevel: slog.LevelDebug, Hist: pane.NewHistory(), Preview: opts.Config.Preview, Hints: pane.Hints{
		AddCamera: keys.shown(actCamera), Attach: keys.shown(actAttach), Preview: keys.shown(actPreview),
		Open: keys.shown(actOpen), Toggle: keys.shown(actToggle), Alerts: keys.shown(actAlerts), More: keys.shown(actSlower), Less: keys.shown(actFaster),
	}}
	m.state = m.file.Load()
	m.arrangeAs(pane.Preset(m.state.Preset))
	m.retheme()
	return m, nil
}

// retheme rebuilds the theme after a change of its name or of what is known of the terminal.
func (m *model) retheme() {
	name := m.themeName
	if name == "auto" {
		name = "light"
		if m.dark {
			name = "dark"
		}
	}
	p, _ := draw.PaletteOf(name)
	if c := m.opts.Config; name == c.Theme && c.Colors != nil {
		p = c.Colors.Fill()
	}
	m.scene.Theme = draw.NewTheme(p, name == "mono", m.profile, m.opts.Config.ASCII)
	m.epoch++
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd {
	var cmds []tea.Cmd
	if m.themeName == "auto" {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if m.opts.Pick {
		m.opts.Pick = false
		cmds = append(cmds, m.pick())
	}
	return tea.Batch(cmds...)
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer func() {
		if m.rescue(recover()); m.crash != nil {
			cmd = tea.Quit
		}
	}()
	return m.update(msg)
}

// rescue stores a panic for the caller of the dashboard, who sees it after the terminal was
// restored.
func (m *model) rescue(cause any) {
	if cause != nil && m.crash == nil {
		m.crash = &crash{cause, debug.Stack()}
	}
}

func (m *model) update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		if d, ok := m.overlay.(*eventDetail); ok {
			d.want(m)
		}
		m.epoch++
		m.arrange()
		return m, nil
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m.retheme()
		return m, nil
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.retheme()
		m.asked = time.Time{}
		if m.quit {
			return m, tea.Quit
		}
		return m, nil
	case attachedMsg:
		if f, shown := m.overlay.(*form); !shown || f != msg.of { // the form was closed
			return m.update(doneMsg{text: msg.name + " is attached", err: msg.err, back: msg.back})
		}
	case undoneMsg:
		m.undone(msg)
		m.slowAt = time.Time{}
		return m, nil
	case diffMsg:
		m.compared(msg)
		return m, msg.copied()
	case jobMsg:
		m.pause = continued
		if msg.stop {
			m.pause = suspended
		}
		return m, tea.Quit
	case feedMsg:
		m.take(msg)
		return m, nil
	case doneMsg:
		if msg.err != nil {
			m.added, m.wish = "", "" // neither will appear
			m.fail(msg.err)
		} else if msg.text != "" {
			m.say((*draw.Theme).GoodInk, msg.text)
			m.changed(change{msg.text, msg.back})
		}
		m.slowAt = time.Time{} // what has changed is shown at once
		return m, nil
	}
	if key, ok := msg.(tea.KeyPressMsg); ok && m.keys.byKey[key.String()] == actSuspend {
		m.pause = suspended
		return m, tea.Quit
	}
	if m.small() && !m.usable(msg) || foreign(msg) {
		return m, nil
	}
	if m.overlay != nil {
		next, cmd := m.overlay.update(m, m.aimed(msg))
		if m.overlay = next; next == nil {
			m.overlay, m.later = m.later, nil
		}
		m.epoch++
		if m.quit {
			return m, m.leave()
		}
		return m, cmd
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd := m.press(msg.String())
		if m.quit {
			return m, m.leave()
		}
		return m, cmd
	case tea.MouseMsg:
		cmd := m.mouse(msg)
		if m.quit {
			return m, m.leave()
		}
		return m, cmd
	}
	return m, nil
}

// small reports whether the screen is too small to show the dashboard.
func (m *model) small() bool { return m.w < pane.LeastWidth || m.h < pane.LeastHeight }

// usable reports whether a message may be handled on a screen that is too small: input only to
// answer a question, which is all that it shows, to close a dialog, and to quit.
func (m *model) usable(msg tea.Msg) bool {
	_, asks := m.overlay.(*confirm)
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if key := msg.String(); m.overlay != nil {
			return asks || key == "esc" || key == "ctrl+c"
		}
		return m.keys.byKey[msg.String()] == actQuit
	case tea.MouseMsg, tea.PasteMsg:
		return false
	}
	return true
}

// foreign reports whether a message is input of the mouse that nothing is bound to: another button
// than the left one, with which terminals paste, or a wheel to the side.
func foreign(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		return msg.Button != tea.MouseLeft
	case tea.MouseWheelMsg:
		return msg.Button != tea.MouseWheelUp && msg.Button != tea.MouseWheelDown
	}
	return false
}

// answerTime is how long a terminal may take to answer the query sent at the start. leaveTime is
// how long quitting waits for that answer, which the shell would otherwise read as input.
const (
	answerTime = 5 * time.Second
	leaveTime  = 250 * time.Millisecond
)

// leave ends the Bubble Tea program.
func (m *model) leave() tea.Cmd {
	if time.Since(m.asked) > answerTime {
		return tea.Quit
	}
	return tea.Tick(leaveTime, func(time.Time) tea.Msg { return tea.QuitMsg{} })
}

// noticeTime is how long a notice is shown.
const noticeTime = 6 * time.Second

// say shows a notice.
func (m *model) say(look func(*draw.Theme) draw.Ink, text string) {
	m.notice = notice{text, look, m.now().Add(noticeTime)}
}

// fail shows an error as a notice, or in an overlay if it does not fit on a line.
func (m *model) fail(err error) {
	text := err.Error()
	m.say((*draw.Theme).BadInk, draw.Clean(text))
	if m.overlay != nil || !strings.Contains(text, "\n") && draw.Width(draw.Clean(text)) < m.w-2 {
		return
	}
	m.overlay = &sheet{title: "Failed", lines: func(m *model, w int) (lines []string) {
		for l := range strings.Lines(text) {
			lines = append(lines, draw.Wrap(m.scene.Theme.Text(l), w)...)
		}
		return lines
	}}
}

// keep changes the saved state and writes it to the file from another goroutine.
func (m *model) keep(change func(*state.State)) tea.Cmd {
	change(&m.state)
	if m.file == nil {
		return nil
	}
	file, log := m.file, m.opts.Log
	file.Change(change)
	return func() tea.Msg {
		save(file, log)
		return nil
	}
}

func save(file *state.File, log *slog.Logger) {
	if err := file.Save(); err != nil && log != nil {
		log.Warn("cannot save the dashboard's state", "error", err)
	}
}

// now is the time of the newest snapshot.
func (m *model) now() time.Time {
	if m.scene.Snap == nil {
		return time.Time{}
	}
	return m.scene.Snap.At
}

// take handles an update from the feed.
func (m *model) take(f feedMsg) {
	if m.opts.Link != nil {
		m.relink(f.link)
	}
	if f.snap == nil {
		m.outdate()
		return
	}
	s := &m.scene
	if was := m.newest; was != nil && m.opts.Link != nil {
		m.renew(was.At, f.snap.At, was.Started.Equal(f.snap.Started))
	}
	s.Snap, m.newest = f.snap, f.snap
	m.observe(f.snap)
	s.Sent = f.sent
	s.Hist.Add(f.snap)
	s.Cam = 0
	for i := range f.snap.Cameras {
		if f.snap.Cameras[i].Name == m.camera {
			s.Cam = i
		}
	}
	if c := s.Camera(); c != nil {
		m.camera = c.Name
		if k := &m.cursors[pane.Cameras].Key; *k == "" {
			*k = c.Name
		}
	}
	m.grant()
	m.allEvent = tail(append(m.allEvent, f.events...), runtime.RecentEvents)
	m.allLog = tail(append(m.allLog, f.log...), logging.MaxLines)
	if len(f.events)+len(f.log) > 0 {
		m.sift()
	}
	hold := draw.Hold
	if m.focus == pane.Wall {
		hold = draw.HoldTile
	}
	for camera, frame := range f.frames {
		shot := pane.Shot{Frame: frame.Frame, Canvas: draw.NewCanvas(frame, s.Shots[camera].Canvas, hold)}
		for i := range f.snap.Cameras {
			if c := &f.snap.Cameras[i]; c.Name == camera {
				shot.Camera = c
			}
		}
		s.Shots[camera] = shot
		m.shots++
	}
	if m.greeting != "" {
		m.say((*draw.Theme).BadInk, draw.Clean(m.greeting))
		m.greeting = ""
	}
	m.fast++
	if states := fingerprint(f.snap); states != m.states || f.snap.At.Sub(m.slowAt) >= 480*time.Millisecond {
		m.states, m.slowAt = states, f.snap.At
		m.slow++
		if strings.Contains(s.Filter, "since=") { // rows grow too old
			m.sift()
		}
	}
	m.arrange()
}

// grant shows the camera in m.added and selects the detector in m.wish once they exist.
func (m *model) grant() {
	for i := range m.scene.Snap.Cameras {
		if m.scene.Snap.Cameras[i].Name == m.added {
			m.added = ""
			m.show(i)
			break
		}
	}
	c := m.scene.Camera()
	if c == nil || m.wish == "" {
		return
	}
	for i, d := range m.scene.Detectors() {
		if d.Name == m.wish {
			m.cursors[pane.Detectors].Sel, m.cursors[pane.Detectors].Key = i, m.wish
			m.wish = ""
			return
		}
	}
}

// newestEvent returns the number of the newest event, which is also the count of all events.
func (m *model) newestEvent() uint64 {
	if n := len(m.allEvent); n > 0 {
		return m.allEvent[n-1].Seq
	}
	return 0
}

func (m *model) newestLine() uint64 {
	if n := len(m.allLog); n > 0 {
		return m.allLog[n-1].Seq
	}
	return 0
}

// tail returns the last n entries.
func tail[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	return slices.Clone(list[len(list)-n:])
}
