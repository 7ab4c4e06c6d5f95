package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/spinner"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
)

// picker is the camera menu: capture devices, synthetic scenes and a typed address. The chosen
// source is tried in another goroutine before it is added.
type picker struct {
	choices []capture.Choice
	at      int // index in choices; len(choices) is the address
	in      textinput.Model
	spin    spinner.Model
	busy    string // the source being tried; empty: none
	looking bool   // searching for devices
	err     string
	stop    context.CancelFunc
}

// The results of the camera menu's background work.
type (
	devicesMsg struct {
		of   *picker
		list []capture.Choice
	}
	triedMsg struct {
		of  *picker
		cfg capture.Config
		err error
	}
)

func (m *model) pick() tea.Cmd {
	p := &picker{in: newInput(""), looking: m.opts.Devices != nil, stop: func() {}}
	p.in.Placeholder = "rtsp://user:password@10.0.0.7/stream1, a file, …"
	if m.opts.Link != nil { // files of another host cannot be used
		p.in.Placeholder = "rtsp://user:password@10.0.0.7/stream1, device:0, …"
	}
	p.in.Blur()
	p.spin = spinner.New(spinner.WithSpinner(spinner.Line))
	p.choices = synthetic.Choices()
	m.overlay = p
	if !p.looking {
		return nil
	}
	devices := m.opts.Devices
	return tea.Batch(p.spin.Tick, func() tea.Msg { return devicesMsg{p, devices()} })
}

func (p *picker) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	switch msg := msg.(type) {
	case devicesMsg:
		if msg.of != p { // of a menu that was closed
			return p, nil
		}
		p.looking = false
		if p.at < len(p.choices) && p.at > 0 {
			p.at += len(msg.list)
		}
		p.choices = append(slices.Clone(msg.list), p.choices...)
		return p, nil
	case spinner.TickMsg:
		if !p.looking && p.busy == "" {
			return p, nil
		}
		var cmd tea.Cmd
		p.spin, cmd = p.spin.Update(msg)
		return p, cmd
	case triedMsg:
		if msg.of != p {
			return p, nil
		}
		return p.tried(m, msg)
	case tea.KeyPressMsg:
		return p.press(m, msg)
	case clickMsg:
		i := msg.N()
		switch {
		case msg.What != draw.OnRow || p.busy != "":
		case i == p.at && i < len(p.choices):
			return p, p.try(m)
		default:
			p.choose(i)
		}
		return p, nil
	}
	var cmd tea.Cmd
	p.in, cmd = p.in.Update(msg)
	return p, cmd
}

func (p *picker) press(m *model, msg tea.KeyPressMsg) (overlay, tea.Cmd) {
	typing := p.at == len(p.choices)
	switch key := msg.String(); {
	case key == "esc" || key == "ctrl+c":
		p.stop()
		return nil, nil
	case p.busy != "":
		return p, nil
	case key == "enter":
		return p, p.try(m)
	case key == "up" || key == "shift+tab" || key == "k" && !typing:
		p.step(-1)
		return p, nil
	case key == "down" || key == "tab" || key == "j" && !typing:
		p.step(1)
		return p, nil
	}
	p.err = ""
	if !typing {
		return p, nil
	}
	var cmd tea.Cmd
	p.in, cmd = p.in.Update(msg)
	return p, cmd
}

func (p *picker) step(by int) {
	n := len(p.choices) + 1
	p.choose((p.at + by + n) % n)
}

func (p *picker) choose(i int) {
	p.at, p.err = i, ""
	if p.at == len(p.choices) {
		p.in.Focus()
	} else {
		p.in.Blur()
	}
}

// source returns the chosen source.
func (p *picker) source() string {
	if p.at < len(p.choices) {
		return p.choices[p.at].Source
	}
	return strings.TrimSpace(p.in.Value())
}

// try tries the chosen source in another goroutine.
func (p *picker) try(m *model) tea.Cmd {
	cfg := capture.DefaultConfig()
	cfg.Source = p.source()
	addr, err := capture.ParseAddress(cfg.Source)
	if err != nil {
		p.err = draw.Clean(err.Error())
		return nil
	}
	cfg.Name = freeName(addr, m.scene.Snap)
	if m.opts.Try == nil {
		return m.addCamera(cfg)
	}
	ctx, cancel := context.WithCancel(m.ctx)
	p.stop, p.busy, p.err = cancel, text.Redact(cfg.Source), ""
	try := m.opts.Try
	return tea.Batch(p.spin.Tick, func() tea.Msg {
		defer cancel()
		return triedMsg{p, cfg, try(ctx, cfg)}
	})
}

func (p *picker) tried(m *model, msg triedMsg) (overlay, tea.Cmd) {
	p.busy = ""
	if msg.err != nil {
		if errors.Is(msg.err, context.Canceled) {
			return p, nil
		}
		p.err = draw.Clean(msg.err.Error())
		return p, nil
	}
	return nil, m.addCamera(msg.cfg)
}

func (m *model) addCamera(cfg capture.Config) tea.Cmd {
	m.added = cfg.Name
	return m.send(runtime.Command{Do: runtime.AddCamera, Added: &cfg}, "camera "+cfg.Name+" is added")
}

// freeName returns an unused camera name.
func freeName(addr capture.Address, snap *runtime.Snapshot) string {
	base := string(addr.Kind)
	switch addr.Kind {
	case capture.KindSynthetic:
		base = addr.Scene
	case capture.KindDevice:
		base = fmt.Sprintf("device%d", addr.Device)
	case capture.KindRTSP, capture.KindHTTP, capture.KindStream:
		base = "camera"
	}
	name := base
	for n := 2; ; n++ {
		taken := snap != nil && slices.ContainsFunc(snap.Cameras, func(c runtime.CameraView) bool { return c.Name == name })
		if !taken {
			return name
		}
		name = fmt.Sprintf("%s%d", base, n)
	}
}

func (p *picker) draw(m *model, screen []string) []string {
	th := m.scene.Theme
	w := m.formWidth()
	lines := []string{}
	if p.looking {
		lines = append(lines, th.Info.Of(th.Text(p.spin.View()+" looking for capture devices")))
	}
	first, end := window(len(p.choices), p.at, max(m.h-listMargin-2, 1)) // lines besides the address
	for i := first; i < end; i++ {
		c := &p.choices[i]
		l := "  " + draw.Fit(th.Text(c.Source), 20) + " " + th.Dim.Of(th.Text(c.Label))
		l = draw.Fit(l, w)
		if i == p.at {
			l = pane.Mark(l, th, true)
		}
		lines = append(lines, draw.Clickable(draw.OnRow, strconv.Itoa(i), l))
	}
	p.in.SetWidth(w - 13)
	l := "  address  " + draw.Typed(p.in)
	if p.at == len(p.choices) {
		l = th.Accent.Of(th.Pointer) + l[1:]
	}
	lines = append(lines, draw.Clickable(draw.OnRow, strconv.Itoa(len(p.choices)), draw.Fit(l, w)))
	if p.at == len(p.choices) && p.in.Value() != "" {
		if _, err := capture.ParseAddress(p.source()); err != nil {
			for _, l := range draw.Wrap(th.Text(err.Error()), w-2) {
				lines = append(lines, "  "+th.Warn.Of(l))
			}
		}
	}
	lines = append(lines, "")
	switch {
	case p.busy != "":
		lines = append(lines, th.Info.Of(th.Text(p.spin.View()+" trying "+p.busy)))
	case p.err != "":
		for _, l := range draw.Wrap(th.Text(p.err), w) {
			lines = append(lines, th.Bad.Of(l))
		}
	default:
		lines = append(lines, m.hints("enter", "add", "up down", "choose", "esc", "cancel"))
	}
	return m.box(screen, "Add a camera", lines, cut{first, len(p.choices) - end}, w)
}
