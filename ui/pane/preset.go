package pane

// Preset is a named arrangement of the panes.
type Preset string

// The presets.
const (
	Ops        Preset = "ops"     // all panes
	Video      Preset = "video"   // a large preview, and the events
	RulesFirst Preset = "rules"   // why rules fire, and why not
	Timing     Preset = "latency" // latency by stage
)

// Presets returns all presets, in the order of the key that cycles through them.
func Presets() []Preset { return []Preset{Ops, Video, RulesFirst, Timing} }

// Main returns the most important pane of a preset.
func (p Preset) Main() ID {
	switch p {
	case Video:
		return Preview
	case RulesFirst:
		return Rules
	case Timing:
		return Latency
	}
	return Detectors
}

// columns returns the columns of a preset other than Ops, and the width of the left one in
// percent. Narrow screens have one column.
func (p Preset) columns(n Wants, narrow bool) (left, right []share, percent int) {
	rules := share{Rules, 8, 2, n.Rules + n.Clauses + 5}
	switch {
	case p == Video && narrow:
		return []share{{Preview, 12, 2, 0}, {Events, 7, 1, 0}}, nil, 100
	case p == Video:
		return []share{{Cameras, n.camerasHeight(9), 0, 0}, {Preview, 12, 1, 0}}, []share{{Signals, 6, 2, n.Signals + 3}, rules, {Events, 11, 3, 0}}, 64
	case p == RulesFirst && narrow:
		return []share{rules, {Signals, 5, 1, n.Signals + 3}, {Events, 6, 1, 0}}, nil, 100
	case p == RulesFirst:
		rules.least, rules.most = 14, 0
		return []share{rules, {Signals, 8, 1, n.Signals + 3}}, []share{{Detectors, 8, 1, n.Detectors + 6}, {Events, 11, 2, 0}, {Log, 5, 1, 0}}, 50
	case narrow: // Timing
		return []share{{Detectors, 7, 2, n.Detectors + 6}, {Latency, 12, 1, 0}}, nil, 100
	}
	return []share{{Latency, 13, 0, 0}, {Queues, 8, 1, 0}}, []share{{Cameras, n.camerasHeight(9), 0, 0}, {Detectors, 9, 2, n.Detectors + 8}, {Log, 6, 1, 0}}, 45
}

// leastColumn is the minimum width of a column that has the numbers of rules and events.
const leastColumn = 46

// layout arranges the panes of a preset in w x h cells. A focused pane that the preset does not
// show replaces the last one.
func (p Preset) layout(w, h int, focus ID, n Wants) []Place {
	narrow := w < 100 || h < 34
	left, right, percent := p.columns(n, narrow)
	split := w * percent / 100
	if right != nil {
		split = min(split, w-leastColumn)
	}
	places := column(Rect{0, 0, split, h}, left)
	if right != nil {
		places = append(places, column(Rect{split, 0, w - split, h}, right)...)
	}
	last := len(places) - 1
	for _, at := range places {
		if at.Pane == focus {
			return places
		}
	}
	places[last].Pane = focus
	return places
}
