package ui

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"

	"rvo-tui/internal/text"
	"rvo-tui/ui/pane"
)

// action is something that a key can do; [ui] keys names it.
type action string

// The actions.
const (
	actToggle   action = "toggle"
	actAttach   action = "attach"
	actDetach   action = "detach"
	actFaster   action = "faster"
	actSlower   action = "slower"
	actRule     action = "rule"
	actClip     action = "clip"
	actPause    action = "pause"
	actCamera   action = "add_camera"
	actReload   action = "reload"
	actUndo     action = "undo"
	actFreeze   action = "freeze"
	actZoom     action = "zoom"
	actPreview  action = "preview"
	actFilter   action = "filter"
	actPalette  action = "palette"
	actSave     action = "save"
	actCopy     action = "copy"
	actCopyPath action = "copy_path"
	actOpener   action = "open_clip"
	actNewer    action = "newer"
	actOlder    action = "older"
	actHelp     action = "help"
	actSuspend  action = "suspend"
	actQuit     action = "quit"
	actNext     action = "next"
	actPrevious action = "previous"
	actRight    action = "right"
	actLeft     action = "left"
	actDown     action = "down"
	actUp       action = "up"
	actPageDown action = "page_down"
	actPageUp   action = "page_up"
	actTop      action = "top"
	actBottom   action = "bottom"
	actOpen     action = "open"
	actBack     action = "back"
	actOverview action = "overview"
	actWall     action = "wall"
	actTimeline action = "timeline"
	actAlerts   action = "alerts"
	actSort     action = "sort"
	actSortBack action = "sort_back"

	actLevel     action = "log_level"
	actPreset    action = "preset"
	actDiff      action = "diff"
	actDraw      action = "draw"
	actWrite     action = "write"
	actMatch     action = "match"
	actMatchBack action = "match_back"
)

// keyDef is an action with its default keys, its name in the footer and its help.
type keyDef struct {
	act   action
	keys  []string
	short string // in the footer; empty: not shown there, unless viewKeys names it
	doc   string
	group string
}

// groupActions is the group of keys that change something.
const groupActions = "Actions"

func keyDefs() []keyDef {
	const (
		act    = groupActions
		screen = "Screen"
		move   = "Navigation"
	)
	return []keyDef{
		{actToggle, []string{"space"}, "on/off", "enable or disable the selected detector; acknowledge the selected alert; play or pause a clip; when drawing: set a corner", act},
		{actAttach, []string{"a"}, "attach", "attach a detector", act},
		{actDetach, []string{"x"}, "", "detach the selected detector; when drawing: remove the zone or line", act},
		{actFaster, []string{"+", "="}, "", "raise the selected detector's rate; in the timeline: show less time", act},
		{actSlower, []string{"-"}, "", "lower the selected detector's rate; in the timeline: show more time", act},
		{actRule, []string{"e"}, "rule", "enable or disable the selected rule", act},
		{actClip, []string{"c"}, "clip", "save a clip of the camera now", act},
		{actPause, []string{"p"}, "", "pause or resume the camera", act},
		{actCamera, []string{"A"}, "", "add a camera", act},
		{actReload, []string{"r"}, "", "reload the configuration", act},
		{actUndo, []string{"u"}, "", "undo the last change", act},
		{actDiff, []string{"D"}, "", "compare the running configuration with the file", act},
		{actWrite, []string{"W"}, "", "write the differences to the file, after showing them", act},
		{actDraw, []string{"d"}, "", "draw a zone or a line on the preview, or change one", act},
		{actNext, []string{"tab"}, "pane", "next pane; when drawing: switch between zone and line", move},
		{actPrevious, []string{"shift+tab"}, "", "previous pane", move},
		{actRight, []string{"right", "l"}, "", "next pane; wall: next tile; timeline: next event; clip: forward; when drawing: move, with shift by eight cells", move},
		{actLeft, []string{"left", "h"}, "", "previous pane; wall: previous tile; timeline: previous event; clip: back", move},
		{actDown, []string{"j", "down"}, "", "next row", move},
		{actUp, []string{"k", "up"}, "", "previous row", move},
		{actPageDown, []string{"pgdown", "ctrl+d"}, "", "a page down", move},
		{actPageUp, []string{"pgup", "ctrl+u"}, "", "a page up", move},
		{actTop, []string{"g", "home"}, "", "first row", move},
		{actBottom, []string{"G", "end"}, "", "last row; events and log then follow new rows", move},
		{actOpen, []string{"enter"}, "", "details of the selected row", move},
		{actBack, []string{"esc"}, "", "close, or clear the filter; when drawing: start over, or leave", move},
		{actAlerts, []string{"!"}, "alerts", "current alerts; enter goes to one, space acknowledges it", move},
		{actOverview, []string{"0"}, "all", "all cameras in a table; enter shows one (1 to 9: one of them)", move},
		{actSort, []string{">"}, "", "sort the table of cameras by its next column", move},
		{actSortBack, []string{"<"}, "", "sort the table of cameras by its previous column", move},
		{actZoom, []string{"z"}, "zoom", "zoom the focused pane", screen},
		{actPalette, []string{":"}, "command", "type a command; tab completes, up and down recall", screen},
		{actFilter, []string{"/"}, "search", "search the focused pane; events, log and the table of cameras show only what contains the text", screen},
		{actMatch, []string{"n"}, "", "next match; when drawing: change the next zone or line", screen},
		{actMatchBack, []string{"N"}, "", "previous match", screen},
		{actWall, []string{"w"}, "wall", "several cameras side by side; enter shows one of them", screen},
		{actTimeline, []string{"t"}, "time", "history of rules and their events; + and - show less and more time", screen},
		{actLevel, []string{"L"}, "", "lowest level of the log lines shown: all, info, warn, error", screen},
		{actPreset, []string{"P"}, "", "next preset of panes: ops, video, rules, latency", screen},
		{actFreeze, []string{"f"}, "freeze", "freeze the screen; everything else keeps running", screen},
		{actPreview, []string{"v"}, "preview", "show or hide the preview", screen},
		{actCopy, []string{"y"}, "", "copy the selected event as JSON", screen},
		{actCopyPath, []string{"Y"}, "", "copy the path of the clip of the event shown", screen},
		{actOpener, []string{"o"}, "", "open the clip of the selected event with [ui] opener; when drawing: move the other corner", screen},
		{actNewer, []string{"]"}, "", "in the details of an event: show the next one", screen},
		{actOlder, []string{"["}, "", "in the details of an event: show the previous one", screen},
		{actSave, []string{"s"}, "save", "save the screen to a text file", screen},
		{actHelp, []string{"?"}, "help", "this help", screen},
		{actSuspend, []string{"ctrl+z"}, "", "suspend; fg in the shell resumes", screen},
		{actQuit, []string{"q", "ctrl+c"}, "quit", "quit; recording stops too", screen},
	}
}

// keymap maps keys to actions.
type keymap struct {
	defs     []keyDef
	bindings map[action]key.Binding
	byKey    map[string]action
}

// newKeymap returns the default keymap with changes, each "action=key,key".
func newKeymap(changes []string) (*keymap, error) {
	defs := keyDefs()
	var names []string
	for _, d := range defs {
		names = append(names, string(d.act))
	}
	changed := map[string]bool{}
	for _, change := range changes {
		name, list, found := strings.Cut(change, "=")
		name = strings.TrimSpace(name)
		i := slices.Index(names, name)
		switch {
		case !found || strings.TrimSpace(list) == "":
			return nil, fmt.Errorf("%q must be ACTION=KEY, as in \"freeze=F\" or \"quit=q,ctrl+q\"", change)
		case i < 0:
			return nil, fmt.Errorf("%q is not an action; actions are %s%s", name, strings.Join(names, ", "), text.DidYouMean(name, names))
		}
		defs[i].keys = splitKeys(list)
		changed[name] = true
	}
	m := &keymap{defs: defs, bindings: map[action]key.Binding{}, byKey: map[string]action{}}
	for _, moved := range []bool{true, false} { // first configured keys, then defaults that are still free
		for i, d := range defs {
			if changed[string(d.act)] != moved {
				continue
			}
			var own []string
			for _, k := range d.keys {
				switch other, taken := m.byKey[k]; {
				case !taken:
					m.byKey[k] = d.act
					own = append(own, k)
				case moved:
					return nil, fmt.Errorf("%q is assigned to both %s and %s; choose another key for one of them", k, other, d.act)
				}
			}
			defs[i].keys = own
			m.bindings[d.act] = key.NewBinding(key.WithKeys(own...), key.WithHelp(strings.Join(own, " "), d.doc))
		}
	}
	if len(m.bindings[actQuit].Keys()) == 0 {
		return nil, fmt.Errorf("quit has no key left; assign one, as in \"quit=Q\"")
	}
	return m, nil
}

// viewKeys returns the keys that the footer of a full-screen pane shows first.
func viewKeys(p pane.ID) []keyDef {
	show, back := keyDef{act: actOpen, short: "show"}, keyDef{act: actBack, short: "back"}
	switch p {
	case pane.Alerts:
		return []keyDef{{act: actOpen, short: "go to"}, {act: actToggle, short: "acknowledge"}, back}
	case pane.Fleet:
		return []keyDef{show, back, {act: actSort, short: "sort"}}
	case pane.Wall:
		return []keyDef{show, back}
	case pane.Time:
		return []keyDef{
			{act: actOpen, short: "open"},
			back,
			{act: actLeft, short: "previous"},
			{act: actRight, short: "next"},
			{act: actFaster, short: "less time"},
			{act: actSlower, short: "more time"},
		}
	}
	return nil
}

// footer returns the keys in the footer of a pane, most important first. It leaves out
// those that act on what is hidden, and most actions of a full-screen pane.
func (m *keymap) footer(p pane.ID, hidden func(action) bool) []keyDef {
	list := viewKeys(p)
	for i := range list {
		list[i].keys = m.bindings[list[i].act].Keys()
	}
	for _, d := range m.defs {
		full := p >= pane.Placed && (d.group == groupActions || slices.Contains([]action{actNext, actZoom, actPreview}, d.act))
		if d.short != "" && !full && !hidden(d.act) {
			list = append(list, d)
		}
	}
	return slices.DeleteFunc(list, func(d keyDef) bool { return len(d.keys) == 0 })
}

// rename changes an action's name in the footer and its help.
func (m *keymap) rename(a action, short, doc string) {
	for i := range m.defs {
		if m.defs[i].act == a {
			m.defs[i].short, m.defs[i].doc = short, doc
		}
	}
}

// splitKeys splits "q,ctrl+q"; "," alone is the comma key.
func splitKeys(list string) []string {
	if strings.TrimSpace(list) == "," {
		return []string{","}
	}
	var keys []string
	for k := range strings.SplitSeq(list, ",") {
		if k = strings.TrimSpace(k); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// shown returns the first key of an action as it is displayed.
func (m *keymap) shown(a action) string {
	keys := m.bindings[a].Keys()
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}
