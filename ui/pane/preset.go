package pane

// Preset is an arrangement of the panes for a purpose.
type Preset string

// The presets.
const (
	Ops        Preset = "ops"     // everything
	Video      Preset = "video"   // a large preview, and the events
	RulesFirst Preset = "rules"   // why rules fire, and why not
	Timing     Preset = "latency" // where time goes
)

// Presets returns all presets, in the order in which a key goes through them.
func Presets() []Preset { return []Preset{Ops, Video, RulesFirst, Timing} }

// Main returns the pane for which a preset is there.
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

// columns returns the left and right column of a preset that is not Ops, and how many
// percent of the width the left one has. Narrow screens have one column.
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

// leastColumn is the width of a column in which the numbers of rules and events have room.
const leastColumn = 46

// layout puts the panes of a preset into w x h cells. A pane in focus that has no place
// gets the last one.
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
