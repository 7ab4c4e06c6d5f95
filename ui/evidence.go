package ui

import (
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"rvo-tui/clips"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
	"rvo-tui/ui/film"
	"rvo-tui/ui/pane"
)

// eventDetail shows one event, why it fired, and plays its clip.
type eventDetail struct {
	sheet
	event  runtime.RecentEvent
	clip   clips.Clip
	err    error // why the clip could not be found
	looked bool  // the first search for the clip has ended

	shot   film.Shot    // the newest frame of the clip
	canvas *draw.Canvas // drawn from shot or from the thumbnail; nil: there is neither
	from   time.Duration
	since  time.Time // as film.Wanted.Since
}

// clipMsg is the result of a search for an event's clip.
type clipMsg struct {
	seq  uint64
	clip clips.Clip
	err  error
}

// The clip of a new event is searched for every clipLook, and given up clipWait after it was due.
const (
	clipLook = time.Second
	clipWait = 2 * time.Minute
)

func newEventDetail(m *model, e runtime.RecentEvent) tea.Cmd {
	d := &eventDetail{event: e}
	d.sheet = sheet{title: "Event " + m.scene.Theme.Text(e.Event.Type), lines: d.text}
	m.overlay = d
	m.player.Want(film.Wanted{})
	return d.look(m)
}

// look searches for the clip.
func (d *eventDetail) look(m *model) tea.Cmd {
	backend, e := m.backend, d.event
	return func() tea.Msg {
		clip, err := backend.Clip(e.Event.ID)
		return clipMsg{e.Seq, clip, err}
	}
}

// lookMsg starts another search for the clip of an event.
type lookMsg struct{ seq uint64 }

func (d *eventDetail) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	switch msg := msg.(type) {
	case clipMsg:
		if msg.seq == d.event.Seq {
			return d, d.found(m, msg)
		}
		return d, nil
	case lookMsg:
		if msg.seq == d.event.Seq {
			return d, d.look(m)
		}
		return d, nil
	case film.Shot:
		if msg.Event == d.clip.Entry.EventID {
			d.take(msg)
		}
		return d, nil
	case clickMsg:
		switch msg.What {
		case draw.OnSeek:
			d.seek(m, d.shot.Length*time.Duration(msg.X)/time.Duration(max(msg.W-1, 1)))
			return d, nil
		case draw.OnAction:
			next, cmd, _ := d.press(m, action(msg.Arg))
			return next, cmd
		}
	case tea.KeyPressMsg:
		if next, cmd, done := d.press(m, m.keys.byKey[msg.String()]); done {
			return next, cmd
		}
	}
	if next, cmd := d.sheet.update(m, msg); next == nil {
		m.player.Want(film.Wanted{})
		return nil, cmd
	}
	return d, nil
}

// press runs an action on the event or its clip. It returns false for other actions.
func (d *eventDetail) press(m *model, a action) (overlay, tea.Cmd, bool) {
	switch a {
	case actCopy:
		return d, m.copyEvent(d.event), true
	case actCopyPath:
		if d.clip.Path == "" {
			m.say((*draw.Theme).InfoInk, "this event has no clip")
			return d, nil, true
		}
		m.say((*draw.Theme).GoodInk, "copied: "+d.clip.Path)
		return d, tea.SetClipboard(d.clip.Path), true
	case actOpener:
		return d, m.openClip(d.event), true
	case actNewer, actOlder:
		next, cmd := m.neighbour(d, a == actNewer)
		return next, cmd, true
	case actToggle:
		d.play(m, d.since.IsZero())
	case actRight, actLeft:
		step := max(d.shot.Length/40, 100*time.Millisecond)
		if a == actLeft {
			step = -step
		}
		d.seek(m, d.shot.At+step)
	default:
		return d, nil, false
	}
	return d, nil, true
}

// found handles the result of a search for the clip.
func (d *eventDetail) found(m *model, msg clipMsg) tea.Cmd {
	d.clip, d.err, d.looked = msg.clip, msg.err, true
	if d.awaited(m) {
		seq := msg.seq
		return tea.Tick(clipLook, func(time.Time) tea.Msg { return lookMsg{seq} })
	}
	if d.err == nil && d.clip.Entry.Damaged == "" {
		if img := thumb(msg.clip.Thumb); img != nil {
			w, h := d.room(m)
			w, h = draw.FitImage(img.Bounds(), w, h)
			d.canvas = draw.NewCanvas(draw.Shrink(img, w, h), nil, draw.Hold)
		}
		d.play(m, true)
	}
	return nil
}

// take handles a new frame of the clip.
func (d *eventDetail) take(s film.Shot) {
	if s.Err != nil {
		d.shot.Err = s.Err
		return
	}
	d.canvas, d.shot = draw.NewCanvas(s.Frame, d.canvas, draw.Hold), s
	if s.Ended {
		d.from, d.since = s.Length, time.Time{}
	}
}

// play starts the clip, from its beginning if it has ended, or pauses it.
func (d *eventDetail) play(m *model, on bool) {
	d.from, d.since = d.shot.At, time.Time{}
	if on {
		d.since = time.Now()
		if d.shot.Ended {
			d.from = 0
		}
	}
	d.want(m)
}

// seek pauses the clip at a position.
func (d *eventDetail) seek(m *model, at time.Duration) {
	d.from, d.since = min(max(at, 0), d.shot.Length), time.Time{}
	d.shot.At = d.from // the next step starts here, even before this frame arrives
	d.want(m)
}

// want tells the player what to show.
func (d *eventDetail) want(m *model) {
	if !d.plays() {
		return
	}
	w, h := d.room(m)
	m.player.Want(film.Wanted{Clip: d.clip, Event: d.event.Event.ID, Width: w, Height: 2 * h, From: d.from, Since: d.since})
}

// plays reports whether there is a clip that can be played.
func (d *eventDetail) plays() bool {
	return d.looked && d.err == nil && d.clip.Path != "" && d.clip.Entry.Damaged == ""
}

// rule returns the rule of the event; nil if it was removed.
func (d *eventDetail) rule(m *model) *engine.RuleView {
	if m.scene.Snap == nil {
		return nil
	}
	for i := range m.scene.Snap.Cameras {
		c := &m.scene.Snap.Cameras[i]
		for k := range c.Rules {
			if c.Name == d.event.Event.Camera && c.Rules[k].Event == d.event.Event.Type {
				return &c.Rules[k]
			}
		}
	}
	return nil
}

// keepsNone reports whether the rule of the event records no clips.
func (d *eventDetail) keepsNone(m *model) bool {
	r := d.rule(m)
	return r != nil && !r.Clip && !d.event.Event.Clip
}

// due returns the time that the clip ends with, after which it can be complete.
func (d *eventDetail) due(m *model) time.Time {
	at := d.event.Event.Time
	if r := d.rule(m); r != nil {
		at = at.Add(r.ClipAfter)
	}
	return at
}

// awaited reports whether the clip may still appear.
func (d *eventDetail) awaited(m *model) bool {
	return d.err != nil && d.event.Event.Phase == rules.PhaseConfirmed && !d.keepsNone(m) && m.scene.WhyNoClip(d.event.Event.ID) == "" &&
		m.now().Sub(d.due(m)) < clipWait
}

// evidence describes the state of the clip in one line.
func (d *eventDetail) evidence(m *model, w int) string {
	th, now := m.scene.Theme, m.now()
	switch left := d.due(m).Sub(now); {
	case d.event.Event.Phase == rules.PhaseEnded:
		return th.Dim.Of("the end of an event has no clip; " + m.keys.shown(actOlder) + " goes to its beginning")
	case !d.looked:
		return th.Dim.Of("loading its clip")
	case d.err == nil && d.clip.Entry.Damaged != "":
		return th.Warn.Of("the clip is damaged: " + th.Text(d.clip.Entry.Damaged))
	case d.err == nil:
		const saved = "clip saved: "
		return th.Good.Of(saved) + lastOf(th.Text(d.clip.Path), w-len(saved))
	case d.keepsNone(m):
		return th.Dim.Of("this rule records no clips")
	case m.scene.WhyNoClip(d.event.Event.ID) != "":
		return th.Warn.Of("the clip was lost: " + th.Text(m.scene.WhyNoClip(d.event.Event.ID)))
	case d.awaited(m) && left > 0:
		return th.Info.Of(fmt.Sprintf("clip in %d s", int(math.Ceil(left.Seconds()))))
	case d.awaited(m):
		return th.Info.Of("the clip is being written")
	case errors.Is(d.err, clips.ErrNoClip):
		return th.Dim.Of("this event has no clip: it was lost, or has been deleted")
	}
	return th.Warn.Of(th.Text(d.err.Error()))
}

// lastOf returns a path on one line of w cells, cut at its beginning if it is longer.
func lastOf(path string, w int) string {
	n := draw.Width(path)
	if n <= w || w < 2 {
		return path
	}
	runes := []rune(path)
	for len(runes) > 0 && draw.Width(string(runes)) > w-1 {
		runes = runes[1:]
	}
	return "…" + string(runes)
}

// The minimum width that shows the clip beside the text, and the width of the text then.
const (
	besideWidth = 100
	textWidth   = 48
)

// room returns the cells available to the clip's frames; 0, 0 if there is no room.
func (d *eventDetail) room(m *model) (w, h int) {
	w, h = m.w-6, m.h-4-len(d.under(m, m.w-6))-1
	if m.w >= besideWidth {
		return w - textWidth - 2, h - 1
	}
	if h -= 3 + 4; h < 5 {
		return 0, 0
	}
	return w, h
}

// under returns the lines below the clip, which have the whole width.
func (d *eventDetail) under(m *model, w int) []string {
	th := m.scene.Theme
	lines := []string{d.evidence(m, w)}
	if d.shot.Err != nil {
		lines = append(lines, th.Warn.Of(draw.Fit(th.Text(d.shot.Err.Error()), w)))
	}
	key := func(a action, what string) string {
		return draw.Clickable(draw.OnAction, string(a), m.keys.shown(a)+what)
	}
	keys := key(actToggle, " plays") + "  " + key(actLeft, "") + " " + key(actRight, " scrub") + "  " + key(actOlder, "") + " " + key(actNewer, " events") +
		"  " + key(actCopyPath, " copies the path")
	if m.opts.Link == nil {
		keys += "  " + key(actOpener, " opens it")
	}
	return append(lines, th.Dim.Of(draw.Fit(keys, w)))
}

// frame draws the newest frame of the clip with its detections, and the progress bar.
func (d *eventDetail) frame(m *model, w, h int) []string {
	th := m.scene.Theme
	var lines []string
	if d.canvas != nil && d.canvas.W <= w && d.canvas.H <= h {
		k := d.canvas.Clone()
		for i, f := range d.shot.Found {
			pane.Outline(th, k, i, f.Signal, f.Detections)
		}
		lines = pane.Center(k.Lines(th.ASCII, th.Colourless), k.W, w, h)
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	for i := range lines { // a click plays or pauses
		lines[i] = draw.Clickable(draw.OnAction, string(actToggle), draw.Fit(lines[i], w))
	}
	if d.shot.Err != nil {
		return append(lines, th.Warn.Of("cannot be played"))
	}
	state := "paused"
	switch {
	case d.shot.Frame.Frame == 0:
		state = "loading"
	case !d.since.IsZero():
		state = "playing"
	}
	label := fmt.Sprintf("%s %4.1f of %.1f s ", draw.Fit(state, 7), d.shot.At.Seconds(), max(d.shot.Length.Seconds(), float64(d.clip.Entry.DurationMS)/1000))
	n := max(w-draw.Width(label), 1)
	share := func(at time.Duration) float64 { return float64(at) / float64(max(d.shot.Length, 1)) }
	mark := -1.0
	if d.shot.Frame.Frame != 0 && d.shot.Mark >= 0 {
		mark = share(d.shot.Mark)
	}
	return append(lines, th.Dim.Of(label)+draw.Clickable(draw.OnSeek, "", th.Scrubber(share(d.shot.At), mark, n)))
}

func (d *eventDetail) draw(m *model, screen []string) []string {
	vw, vh := 0, 0
	if d.plays() {
		vw, vh = d.room(m)
	}
	w, most := m.w-6, m.h-4
	if vw == 0 {
		w = min(w, 76)
	}
	under := d.under(m, w)
	var lines, text []string
	var hidden cut
	switch {
	case vw == 0:
		text, hidden = d.part(append(d.text(m, w), ""), most-1-min(len(under), most-2))
		lines = append(lines, text...)
	case m.w >= besideWidth:
		frame := d.frame(m, vw, vh)
		text, hidden = d.part(d.text(m, textWidth), vh+1)
		for i, l := range frame {
			beside := ""
			if i < len(text) {
				beside = text[i]
			}
			lines = append(lines, draw.Fit(beside, textWidth)+"  "+l)
		}
	default:
		all := d.text(m, w)
		head := all[:min(3, len(all))]
		lines = append(lines, head...)
		lines = append(lines, d.frame(m, vw, vh)...)
		text, hidden = d.part(all[len(head):], most-1-len(lines)-len(under))
		lines = append(lines, text...)
	}
	lines = append(lines, under...)
	return m.box(screen, d.heading(m, hidden), lines, hidden, w)
}

// neighbour shows the next or previous event that passes the filter.
func (m *model) neighbour(d *eventDetail, newer bool) (overlay, tea.Cmd) {
	events := m.scene.Events
	i := slices.IndexFunc(events, func(e runtime.RecentEvent) bool { return e.Seq == d.event.Seq })
	if newer {
		i++
	} else {
		i--
	}
	if i < 0 || i >= len(events) {
		m.say((*draw.Theme).InfoInk, "no more events")
		return d, nil
	}
	c := &m.cursors[pane.Events]
	c.Select(i, strconv.FormatUint(events[i].Seq, 10))
	cmd := newEventDetail(m, events[i])
	return m.overlay, cmd
}

// copyEvent copies an event to the terminal's clipboard, as JSON in the form of the event log.
func (m *model) copyEvent(e runtime.RecentEvent) tea.Cmd {
	line, err := e.Event.AppendLine(nil)
	if err != nil {
		m.fail(fmt.Errorf("copy event: %w", err))
		return nil
	}
	m.say((*draw.Theme).GoodInk, "copied: the event as JSON")
	return tea.SetClipboard(strings.TrimSuffix(string(line), "\n"))
}

// openClip opens the clip of an event with the configured opener. A path that came from
// another machine is never passed to a program.
func (m *model) openClip(e runtime.RecentEvent) tea.Cmd {
	words := strings.Fields(m.opts.Config.Opener)
	switch {
	case m.opts.Link != nil:
		m.say((*draw.Theme).InfoInk, "not opened: the path belongs to another process; the clip plays here, and "+m.keys.shown(actCopyPath)+" copies the path")
		return nil
	case len(words) == 0:
		m.say((*draw.Theme).InfoInk, "no program to open clips with; set [ui] opener")
		return nil
	}
	backend, done := m.backend, m.ctx.Done()
	return func() tea.Msg {
		clip, err := backend.Clip(e.Event.ID)
		if err != nil {
			return doneMsg{err: fmt.Errorf("open clip: %w", err)}
		}
		cmd := exec.Command(words[0], append(slices.Clone(words[1:]), clip.Path)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it must not take over the terminal
		if err := cmd.Start(); err != nil {
			return doneMsg{err: fmt.Errorf("open clip: %w; see [ui] opener", err)}
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }() // the viewer may outlive the dashboard
		select {
		case err := <-ended:
			if err != nil {
				return doneMsg{err: fmt.Errorf("open clip: %s: %w; see [ui] opener", words[0], err)}
			}
		case <-done:
		}
		return nil
	}
}

// text describes the event and its clip.
func (d *eventDetail) text(m *model, w int) []string {
	th := m.scene.Theme
	lines := pane.EventPage(&m.scene, &d.event.Event, w)
	if d.err == nil && d.looked {
		lines = append(lines, "", th.TitleOn.Of("Clip"), "  "+fmt.Sprintf("%.1f s, %s", float64(d.clip.Entry.DurationMS)/1000, draw.Amount(d.clip.Entry.Bytes)))
		for _, f := range d.shot.Found {
			lines = append(lines, "  "+th.Text(f.Signal)+th.Dim.Of(fmt.Sprintf(" found %d here", len(f.Detections))))
		}
	}
	return lines
}
