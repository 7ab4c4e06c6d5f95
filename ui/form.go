package ui

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"rvo-tui/detectors"
	"rvo-tui/internal/option"
	"rvo-tui/rules"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"
)

// form configures a new detector: first its kind, then its keys, which are checked while
// typing.
type form struct {
	kinds  []string
	kind   int // in kinds
	chosen bool
	fields []field
	at     int               // in fields
	values map[string]string // typed so far, by key; survives a change of kind
	in     textinput.Model   // the field in focus
	tried  bool              // the user tried to attach it: show all problems
	busy   bool
	err    string
}

// field is a key of the chosen kind.
type field struct {
	option.Option
	choices []string // to choose from; the first is the default. Nil: free text
}

// cameraField is the last field: the camera to attach the detector to.
const cameraField = "camera"

func newForm(m *model) overlay {
	return &form{kinds: m.opts.Kinds.Names(), values: make(map[string]string), in: newInput("")}
}

// fieldsOf returns the fields of a kind: the name, the kind's own keys and the common ones.
func fieldsOf(k detectors.Kind) []field {
	common := slices.DeleteFunc(k.Common(), func(o option.Option) bool { return o.Key == "kind" || o.Key == "cameras" })
	name := slices.IndexFunc(common, func(o option.Option) bool { return o.Key == "name" })
	var fields []field
	for _, o := range slices.Concat(common[name:name+1], k.Own(), slices.Delete(slices.Clone(common), name, name+1)) {
		f := field{Option: o}
		switch {
		case o.Key == "enabled":
			f.choices = []string{"", "false"}
		case len(o.Choices) > 0:
			f.choices = append([]string{""}, o.Choices...)
		}
		fields = append(fields, f)
	}
	return append(fields, field{Option: option.Option{Key: cameraField, Help: "the camera to watch"}, choices: []string{"", "all"}})
}

func (f *form) update(m *model, msg tea.Msg) (overlay, tea.Cmd) {
	switch msg := msg.(type) {
	case attachedMsg:
		f.busy = false
		if msg.err != nil {
			f.err = draw.Clean(msg.err.Error())
			return f, nil
		}
		done := msg.name + " is attached"
		m.say((*draw.Theme).GoodInk, done)
		m.changed(change{done, msg.back})
		m.wish = msg.name
		return nil, nil
	case tea.KeyPressMsg:
		key := msg.String()
		switch {
		case key == "esc" || key == "ctrl+c":
			return nil, nil
		case !f.chosen:
			f.pick(m, key)
			return f, nil
		case key == "enter":
			return f, f.submit(m)
		case key == "tab" || key == "down":
			f.move(f.at + 1)
			return f, nil
		case key == "shift+tab" || key == "up":
			f.move(f.at - 1)
			return f, nil
		case f.fields[f.at].choices != nil:
			f.choose(key)
			return f, nil
		}
	}
	if click, ok := msg.(clickMsg); ok {
		if click.What == draw.OnRow {
			f.click(m, click.N())
		}
		return f, nil
	}
	if !f.chosen || f.fields[f.at].choices != nil {
		return f, nil
	}
	var cmd tea.Cmd
	f.in, cmd = f.in.Update(msg)
	f.values[f.fields[f.at].Key] = f.in.Value()
	f.err = ""
	return f, cmd
}

// pick chooses the kind: arrows step, a letter jumps to the next kind that begins with it.
func (f *form) pick(m *model, key string) {
	n := len(f.kinds)
	switch key {
	case "up", "shift+tab", "left":
		f.kind = (f.kind + n - 1) % n
	case "down", "tab", "right", "space":
		f.kind = (f.kind + 1) % n
	case "enter":
		f.chosen, f.fields, f.err, f.tried = true, fieldsOf(m.opts.Kinds[f.kinds[f.kind]]), "", false
		f.focus(0)
	default:
		for i := range n {
			if next := (f.kind + 1 + i) % n; strings.HasPrefix(f.kinds[next], key) {
				f.kind = next
				return
			}
		}
	}
}

// click moves to a kind or field. A click on the current one confirms the kind, or steps to
// the field's next choice.
func (f *form) click(m *model, i int) {
	switch {
	case !f.chosen && f.kind == i:
		f.pick(m, "enter")
	case !f.chosen:
		f.kind = i
	case f.at != i:
		f.focus(i)
	case f.fields[i].choices != nil:
		f.choose("right")
	}
}

// move goes to another field; before the first one is the choice of the kind.
func (f *form) move(to int) {
	if to < 0 {
		f.chosen = false
		return
	}
	f.focus(to % len(f.fields))
}

func (f *form) focus(at int) {
	f.at = at
	o := f.fields[at]
	f.in = newInput(f.values[o.Key])
	if o.Secret {
		f.in.EchoMode = textinput.EchoPassword
	}
}

// choose steps through the choices of the field in focus.
func (f *form) choose(key string) {
	o := f.fields[f.at]
	n := len(o.choices)
	at := max(slices.Index(o.choices, f.values[o.Key]), 0)
	switch key {
	case "right", "space":
		at = (at + 1) % n
	case "left":
		at = (at + n - 1) % n
	case "backspace", "delete":
		at = 0
	default: // the first letter of a choice
		at = max(slices.IndexFunc(o.choices, func(c string) bool { return strings.HasPrefix(c, key) }), at)
	}
	f.values[o.Key], f.err = o.choices[at], ""
}

// config returns the detector as entered so far, and its problems by key.
func (f *form) config(m *model) (detectors.Config, map[string]string) {
	kind := m.opts.Kinds[f.kinds[f.kind]]
	cfg := detectors.DefaultConfig()
	cfg.Kind = f.kinds[f.kind]
	own := kind.NewOptions()
	problems := make(map[string]string)
	bad := func(key, problem string) {
		if problems[key] == "" && problem != "" {
			problems[key] = problem
		}
	}
	for _, o := range f.fields {
		value := strings.TrimSpace(f.values[o.Key])
		dst := option.Holder([]any{&cfg, own}, o.Key)
		if value == "" || !dst.IsValid() {
			continue
		}
		if err := option.Set(dst, o.Key, value); err != nil {
			bad(o.Key, err.Error())
			continue
		}
		cfg.SetOptions(own)
		bad(o.Key, cfg.Zero(kind, o.Key))
	}
	for _, name := range []string{cfg.Signal, cfg.Kind} {
		if cfg.Name == "" {
			cfg.Name = name
		}
	}
	for _, need := range cfg.Needs {
		if _, err := rules.Parse(need); err != nil {
			bad("needs", err.Error())
		}
	}
	cfg.Validate(m.opts.Kinds, bad)
	return cfg, problems
}

// attachedMsg is the result of attaching a detector.
type attachedMsg struct {
	of   *form
	name string
	err  error
	back func() error // undoes it
}

// submit attaches the detector, or goes to the first field with a problem.
func (f *form) submit(m *model) tea.Cmd {
	cfg, problems := f.config(m)
	f.tried = true
	if f.busy {
		return nil
	}
	for i, o := range f.fields {
		if problems[o.Key] != "" {
			f.focus(i)
			return nil
		}
	}
	for key, problem := range problems { // problems of keys that are not shown
		f.err = key + ": " + draw.Clean(problem)
		return nil
	}
	f.busy, f.err = true, ""
	camera := m.camera
	if f.values[cameraField] != "" {
		camera = ""
	}
	send := m.send(runtime.Command{Do: runtime.Attach, Camera: camera, Attached: &cfg}, "")
	return func() tea.Msg {
		done, _ := send().(doneMsg)
		return attachedMsg{f, cfg.Name, done.err, done.back}
	}
}

const (
	formMargin = 8 // lines of the screen not used by fields and what is below them
	helpLines  = 6 // maximum number of lines below the fields
	listMargin = 6 // the same for a list to choose from
)

// formWidth returns the width of a form in cells.
func (m *model) formWidth() int { return min(72, m.w-6) }

func (f *form) draw(m *model, screen []string) []string {
	w := m.formWidth()
	if !f.chosen {
		lines, hidden := f.drawKinds(m)
		return m.box(screen, "Attach a detector", lines, hidden, w)
	}
	th := m.scene.Theme
	cfg, problems := f.config(m)
	filled := cfg.Fill(m.opts.Kinds[cfg.Kind])
	o := f.fields[f.at]
	help := o.Help
	if o.Type != nil && o.Type.Kind() == reflect.Slice && o.Sep == "" {
		help += "; separate several by commas, or write [\"a\", \"b\"]"
	}
	below, style := th.Text(help), th.Dim
	switch problem := problems[o.Key]; {
	case f.busy:
		below, style = "attaching", th.Info
	case f.err != "":
		below, style = th.Text(f.err), th.Bad
	case problem != "" && (f.tried || f.values[o.Key] != ""):
		below, style = th.Text(problem), th.Bad
	}
	under := append(draw.Wrap(below, w), "")
	under = under[:min(max(len(under)-1, 2), helpLines)]
	first, end := window(len(f.fields), f.at, max(m.h-formMargin-len(under), 1))
	var lines []string
	for _, l := range append(draw.Wrap(th.Text(cfg.Kind+": "+m.opts.Kinds[cfg.Kind].Doc), w), "")[:2] {
		lines = append(lines, th.Strong.Of(l))
	}
	for i, o := range f.fields[first:end] {
		line := f.drawField(m, first+i, filled, problems[o.Key] != "" && (f.tried || f.values[o.Key] != ""))
		lines = append(lines, draw.Clickable(draw.OnRow, strconv.Itoa(first+i), draw.Fit(line, w)))
	}
	lines = append(lines, "")
	for _, l := range under {
		lines = append(lines, style.Of(l))
	}
	keys := []string{"enter", "attach", "up down", "field"}
	if o.choices != nil {
		keys = append(keys, "left right", "choose")
	}
	lines = append(lines, m.hints(append(keys, "esc", "cancel")...))
	return m.box(screen, fmt.Sprintf("Attach a detector (%d/%d)", f.at+1, len(f.fields)), lines, cut{first, len(f.fields) - end}, w)
}

// window returns the range of n lines to show in room lines so that line at is visible.
func window(n, at, room int) (first, end int) {
	first = min(max(at-room/2, 0), max(n-room, 0))
	return first, min(first+room, n)
}

// drawKinds lists the kinds.
func (f *form) drawKinds(m *model) ([]string, cut) {
	th := m.scene.Theme
	first, end := window(len(f.kinds), f.kind, m.h-listMargin)
	w := m.formWidth()
	var lines []string
	for i := first; i < end; i++ {
		name := f.kinds[i]
		text := "  " + draw.Fit(th.Text(name), 10) + " " + th.Text(m.opts.Kinds[name].Doc)
		text = draw.Fit(text, w)
		if i == f.kind {
			text = th.Cursor.Of(text)
		}
		lines = append(lines, draw.Clickable(draw.OnRow, strconv.Itoa(i), text))
	}
	return append(lines, "", m.hints("enter", "choose", "up down", "or a first letter", "esc", "cancel")), cut{first, len(f.kinds) - end}
}

// drawField draws a field with the typed value, or else its default.
func (f *form) drawField(m *model, i int, filled detectors.Config, wrong bool) string {
	th := m.scene.Theme
	o := f.fields[i]
	value := f.values[o.Key]
	preset := ""
	if v := filled.Value(o.Key); v.IsValid() && !v.IsZero() {
		preset = option.Text(v)
	}
	if o.Key == cameraField {
		preset = m.camera
	}
	shown := th.Dim.Of(th.Text(preset))
	switch {
	case o.choices != nil && value != "":
		shown = th.Text(value)
	case f.at == i && o.choices == nil:
		f.in.SetWidth(m.formWidth() - 16)
		f.in.Placeholder = th.Text(preset)
		shown = draw.Typed(f.in)
	case o.Secret && value != "":
		shown = strings.Repeat("*", len([]rune(value)))
	case value != "":
		shown = th.Text(draw.Mask(value))
	}
	if f.at == i && o.choices != nil {
		shown = draw.Clickable(draw.OnKey, "left", "< ") + shown + draw.Clickable(draw.OnKey, "right", " >")
	}
	name, mark := draw.Fit(o.Key, 12), "  "
	if wrong {
		mark = th.Bad.Of("! ")
	}
	if f.at == i {
		return mark + th.Accent.Of(name) + shown
	}
	return mark + th.Dim.Of(name) + shown
}
