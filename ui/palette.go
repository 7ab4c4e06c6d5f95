package ui

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
	"rvo-tui/ui/query"
	"rvo-tui/ui/state"
)

// maxInput is the maximum length of an input line in characters: enough for a signed address.
const maxInput = 8192

// newInput returns an input line. Its cursor does not blink, which would redraw the screen all
// the time.
func newInput(value string) textinput.Model {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = maxInput
	in.KeyMap.Paste.SetEnabled(false) // the terminal pastes; over SSH, this machine's clipboard is the wrong one
	in.SetVirtualCursor(true)
	styles := in.Styles()
	styles.Cursor.Blink = false
	in.SetStyles(styles)
	in.SetValue(value)
	in.CursorEnd()
	in.Focus()
	return in
}

// palette is the command line of the dashboard.
type palette struct {
	in    textinput.Model
	place int // index in the history; its length means the line being typed
	typed string
	err   string
}

func newPalette(m *model) overlay { return &palette{in: newInput(""), place: len(m.state.History)} }

func (p *palette) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "enter":
			return p.enter(m)
		case "esc", "ctrl+c":
			return nil, nil
		case "tab":
			p.tab(complete(p.in.Value(), &m.scene, m.opts.Kinds))
			return p, nil
		case "up", "ctrl+p":
			p.recall(m, -1)
			return p, nil
		case "down", "ctrl+n":
			p.recall(m, 1)
			return p, nil
		}
	}
	if click, ok := msg.(clickMsg); ok {
		if list := complete(p.in.Value(), &m.scene, m.opts.Kinds); click.N() >= 0 && click.N() < len(list) {
			p.tab(list[click.N():][:1])
		}
		return p, nil
	}
	var cmd tea.Cmd
	p.in, cmd = p.in.Update(msg)
	p.err = ""
	return p, cmd
}

func (p *palette) enter(m *model) (overlay, tea.Cmd) {
	line := strings.TrimSpace(p.in.Value())
	if line == "" {
		return nil, nil
	}
	o, err := parseOrder(line, m.camera, m.opts.Kinds)
	if err != nil {
		p.err = state.WithoutSecrets(err.Error())
		return p, nil
	}
	if why := m.barred(); why != "" && o.act == "" {
		p.err = why
		return p, nil
	}
	shown := state.WithoutSecrets(line)
	if shown != line { // lines with secrets are not kept in the history
		return p.carry(m, o, shown)
	}
	keep := m.keep(func(s *state.State) { s.Remember(line) })
	next, cmd := p.carry(m, o, shown)
	return next, tea.Batch(keep, cmd)
}

// carry runs the parsed line and stores shown in the history.
func (p *palette) carry(m *model, o order, shown string) (overlay, tea.Cmd) {
	if o.act == "" {
		if o.command.Attached != nil {
			m.wish = o.command.Attached.Name
		}
		return nil, m.send(o.command, "done: "+shown)
	}
	m.overlay = nil
	switch o.act {
	case "camera":
		if o.arg == "" {
			p.err = "camera: write some letters of its name"
			return p, nil
		}
		m.showNamed(o.arg)
		return nil, nil
	case "events", "log":
		if err := query.Check(o.arg); err != nil {
			p.err = draw.Clean(err.Error())
			return p, nil
		}
		m.scene.Filter = o.arg
		m.sift()
		m.focusOn(pane.Events)
		if o.act == "log" {
			m.focusOn(pane.Log)
		}
		return nil, nil
	case actSort:
		i := fuzzy(pane.FleetSorts(), o.arg)
		if i < 0 || o.arg == "" {
			p.err = "sort: write one of " + strings.Join(pane.FleetSorts(), ", ")
			return p, nil
		}
		m.scene.FleetSort = pane.FleetSort(i)
		m.focusOn(pane.Fleet)
		return nil, nil
	case actPreset:
		i := fuzzy(presets(), o.arg)
		if i < 0 || o.arg == "" {
			p.err = "preset: write one of " + strings.Join(presets(), ", ")
			return p, nil
		}
		return nil, m.choose(pane.Presets()[i])
	case actFilter:
		m.scene.Filter = o.arg
		m.sift()
		return nil, nil
	case "theme":
		if !slices.Contains(themes, o.arg) && o.arg != m.opts.Config.Theme {
			p.err = "theme: write one of " + strings.Join(themes, ", ")
			return p, nil
		}
		m.themeName = o.arg
		m.retheme()
		return nil, nil
	}
	cmd := m.do(o.act)
	return m.overlay, cmd
}

// tab completes the last word up to the common prefix of the candidates.
func (p *palette) tab(list []string) {
	line := p.in.Value()
	if len(list) == 0 {
		return
	}
	common := list[0]
	for _, c := range list[1:] {
		for !strings.HasPrefix(c, common) {
			common = common[:len(common)-1]
		}
	}
	head := line[:strings.LastIndexByte(line, ' ')+1]
	if len(list) == 1 && !strings.HasSuffix(common, "=") && !strings.HasSuffix(common, ":") && !strings.HasSuffix(common, "/") {
		common += " "
	}
	if len(common) > len(line)-len(head) {
		p.in.SetValue(head + common)
		p.in.CursorEnd()
	}
}

// recall steps through the history.
func (p *palette) recall(m *model, by int) {
	at := p.place + by
	if at < 0 || at > len(m.state.History) {
		return
	}
	if p.place == len(m.state.History) {
		p.typed = p.in.Value()
	}
	p.place = at
	if at == len(m.state.History) {
		p.in.SetValue(p.typed)
	} else {
		p.in.SetValue(m.state.History[at])
	}
	p.in.CursorEnd()
}

func (p *palette) draw(m *model, screen []string) []string {
	th := m.scene.Theme
	p.in.SetWidth(max(m.w-6, 10))
	screen[len(screen)-1] = draw.Fit(" "+th.Accent.Of(":")+draw.Typed(p.in), m.w)
	above := ""
	switch list := complete(p.in.Value(), &m.scene, m.opts.Kinds); {
	case p.err != "":
		above = th.Bad.Of(th.Text(p.err))
	case len(list) > 0:
		for i, word := range list {
			above += draw.Clickable(draw.OnRow, strconv.Itoa(i), th.Dim.Of(th.Text(word))) + "  "
		}
	default:
		first, _, _ := strings.Cut(p.in.Value(), " ")
		if v, _, found := verbOf(first); found {
			above = th.Dim.Of(th.Text(v.Usage() + "   " + v.Help))
		}
	}
	if above != "" {
		screen[len(screen)-2] = draw.Fit(" "+above, m.w)
	}
	return screen
}
