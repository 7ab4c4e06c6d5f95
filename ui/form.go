package ui

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"rvo-tui/detectors"
	"rvo-tui/internal/option"
	"rvo-tui/runtime"
)

// The fields of the form for a new detector.
const (
	fieldKind = iota
	fieldName
	fieldSignal
	fieldEndpoint
	fieldRate
	fieldNeeds
	fieldWhere
	fieldCount
)

var fieldNames = [fieldCount]string{"kind", "name", "signal", "endpoint", "rate", "needs", "cameras"}

// form asks for a new detector, and checks it as one types.
type form struct {
	kinds []string
	kind  int
	all   bool
	at    int
	in    [fieldCount]textinput.Model // but for kind and cameras, which are chosen
	tried bool                        // to be attached as it is: every problem is shown
	busy  bool
	err   string
}

func newForm(m *model) overlay {
	f := &form{kinds: m.opts.Kinds.Names()}
	f.kind = max(slices.Index(f.kinds, "remote"), 0)
	for i := range f.in {
		f.in[i] = newInput("")
		f.in[i].Blur()
	}
	f.in[fieldEndpoint].Placeholder = "localhost:50051"
	f.in[fieldNeeds].Placeholder = "motion > 0.01"
	return f
}

// has reports whether the chosen kind has a field.
func (f *form) has(m *model, field int) bool {
	if field != fieldEndpoint {
		return true
	}
	return slices.Contains(option.Keys(m.opts.Kinds[f.kinds[f.kind]].Own()), "endpoint")
}

func (f *form) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	switch msg := msg.(type) {
	case attachedMsg:
		f.busy = false
		if msg.err != nil {
			f.err = clean(msg.err.Error())
			return f, nil
		}
		m.say((*theme).goodInk, msg.name+" is attached")
		m.wish = msg.name
		return nil, nil
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "ctrl+c":
			return nil, nil
		case "tab", "down":
			f.turn(m, 1)
			return f, nil
		case "shift+tab", "up":
			f.turn(m, -1)
			return f, nil
		case "enter":
			return f, f.submit(m)
		case "left", "right", "space":
			if f.choose(msg.String()) {
				return f, nil
			}
		}
	}
	var cmd tea.Cmd
	f.in[f.at], cmd = f.in[f.at].Update(msg)
	f.err = ""
	return f, cmd
}

func (f *form) turn(m *model, by int) {
	f.in[f.at].Blur()
	for {
		f.at = (f.at + by + fieldCount) % fieldCount
		if f.has(m, f.at) {
			break
		}
	}
	if f.at != fieldKind && f.at != fieldWhere {
		f.in[f.at].Focus()
	}
}

// choose changes a field that is chosen rather than typed.
func (f *form) choose(key string) bool {
	by := 1
	if key == "left" {
		by = -1
	}
	switch f.at {
	case fieldKind:
		f.kind = (f.kind + by + len(f.kinds)) % len(f.kinds)
	case fieldWhere:
		f.all = !f.all
	default:
		return false
	}
	f.err = ""
	return true
}

// config returns the detector as it is described by now, and what is wrong with
// it, by field.
func (f *form) config(m *model) (detectors.Config, [fieldCount]string) {
	cfg := detectors.DefaultConfig()
	value := func(i int) string { return strings.TrimSpace(f.in[i].Value()) }
	cfg.Kind, cfg.Name, cfg.Signal = f.kinds[f.kind], value(fieldName), value(fieldSignal)
	var problems [fieldCount]string
	if f.has(m, fieldEndpoint) {
		with, _ := m.opts.Kinds.Parse(cfg.Kind, []string{"endpoint=" + value(fieldEndpoint)})
		cfg.Options = with.Options
	}
	if text := value(fieldNeeds); text != "" {
		cfg.Needs = []string{text}
	}
	if cfg.Name == "" {
		cfg.Name = cfg.Signal
	}
	if cfg.Name == "" && f.kinds[f.kind] != "remote" {
		cfg.Name = cfg.Kind
	}
	if text := value(fieldRate); text != "" {
		fps, err := strconv.ParseFloat(text, 64)
		if err != nil || fps <= 0 {
			problems[fieldRate] = "must be a number above 0: runs a second"
		}
		cfg.MaxFPS = max(fps, 0)
	}
	keys := map[string]int{"kind": fieldKind, "name": fieldName, "signal": fieldSignal, "endpoint": fieldEndpoint, "max_fps": fieldRate, "needs": fieldNeeds}
	cfg.Validate(m.opts.Kinds, func(key, problem string) {
		i, ok := keys[key]
		if !ok {
			i, problem = fieldKind, key+": "+problem
		}
		if problems[i] == "" {
			problems[i] = problem
		}
	})
	return cfg, problems
}

// attachedMsg is what attaching came to.
type attachedMsg struct {
	name string
	err  error
}

func (f *form) submit(m *model) tea.Cmd {
	cfg, problems := f.config(m)
	f.tried = true
	if f.busy || problems != [fieldCount]string{} {
		return nil
	}
	f.busy, f.err = true, ""
	camera := m.camera
	if f.all {
		camera = ""
	}
	send := m.send(runtime.Command{Do: runtime.Attach, Camera: camera, Attached: &cfg}, "")
	return func() tea.Msg {
		done, _ := send().(doneMsg)
		return attachedMsg{cfg.Name, done.err}
	}
}

func (f *form) draw(m *model, screen []string) []string {
	th := m.scene.th
	const w = 72
	cfg, problems := f.config(m)
	filled := cfg
	if k, ok := m.opts.Kinds[cfg.Kind]; ok {
		filled = cfg.Fill(k)
	}
	lines := []string{th.dim.of(th.text(m.opts.Kinds[f.kinds[f.kind]].Doc)), ""}
	for i := range fieldCount {
		if !f.has(m, i) {
			continue
		}
		value := ""
		switch i {
		case fieldKind:
			value = "< " + f.kinds[f.kind] + " >"
		case fieldWhere:
			value = "< " + th.text(m.camera) + " >"
			if f.all {
				value = "< all >"
			}
		default:
			f.in[i].SetWidth(34)
			value = typed(f.in[i])
			if f.at != i && f.in[i].Value() == "" {
				switch i {
				case fieldName:
					value = th.dim.of(filled.Name)
				case fieldSignal:
					value = th.dim.of(filled.Signal)
				case fieldRate:
					value = th.dim.of(rate(filled.MaxFPS) + " a second")
				}
			}
		}
		name := fit(fieldNames[i], 10)
		if f.at == i {
			name = th.accent.of(name)
		} else {
			name = th.dim.of(name)
		}
		lines = append(lines, name+value)
		if problems[i] != "" && (f.tried || f.in[i].Value() != "") {
			for _, l := range wrap(th.text(problems[i]), w-12) {
				lines = append(lines, spaces(10)+th.bad.of(l))
			}
		}
	}
	lines = append(lines, "")
	switch {
	case f.busy:
		lines = append(lines, th.info.of("attaching"))
	case f.err != "":
		for _, l := range wrap(th.text(f.err), w) {
			lines = append(lines, th.bad.of(l))
		}
	default:
		lines = append(lines, th.chip.of("enter")+th.dim.of(" attach   ")+th.chip.of("tab")+th.dim.of(" next field   ")+
			th.chip.of("left right")+th.dim.of(" choose   ")+th.chip.of("esc")+th.dim.of(" cancel"))
	}
	return m.box(screen, "Attach a detector", lines, w)
}
