package ui

import (
	"log/slog"
	"slices"

	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/ui/pane"
	"rvo-tui/ui/query"
)

// sift selects the events and log lines that pass the filter.
func (m *model) sift() {
	s := &m.scene
	s.AllEvents, s.AllLog = m.allEvent, m.allLog
	log := m.allLog
	if s.LogLevel > slog.LevelDebug {
		log = slices.DeleteFunc(slices.Clone(log), func(l logging.Line) bool { return l.Level < s.LogLevel })
	}
	if s.Filter == "" {
		s.Events, s.Log = m.allEvent, pane.Fold(log)
		return
	}
	q, now := query.Parse(s.Filter), m.now()
	s.Events = nil
	for i := range m.allEvent {
		if q.Event(&m.allEvent[i], now) {
			s.Events = append(s.Events, m.allEvent[i])
		}
	}
	var lines []logging.Line
	for i := range log {
		if q.Line(&log[i], now) {
			lines = append(lines, log[i])
		}
	}
	s.Log = pane.Fold(lines)
}

// nextLevel raises the minimum level of the log lines shown; after errors it shows all again.
func (m *model) nextLevel() {
	s := &m.scene
	s.LogLevel += slog.LevelInfo - slog.LevelDebug
	if s.LogLevel > slog.LevelError {
		s.LogLevel = slog.LevelDebug
	}
	m.sift()
	m.focusOn(pane.Log)
}

// fingerprint hashes what must be redrawn at once when it changes: states and names, not numbers.
func fingerprint(s *runtime.Snapshot) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	add := func(text string) {
		for i := range len(text) {
			h = (h ^ uint64(text[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	for i := range s.Alerts {
		add(s.Alerts[i].ID)
		h ^= uint64(len(s.Alerts[i].Cameras))
		if s.Alerts[i].Acknowledged {
			add("acknowledged")
		}
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		add(c.Name)
		add(string(c.State))
		for k := range c.Detectors {
			d := &c.Detectors[k]
			add(d.Name)
			switch d.State {
			case engine.DetectorRunning, engine.DetectorWaiting:
				// They alternate with every run.
			default:
				add(string(d.State))
			}
			h ^= uint64(d.MaxFPS * 100)
		}
		for k := range c.Rules {
			add(c.Rules[k].Event)
			add(string(c.Rules[k].Status.State))
		}
	}
	return h
}

// version changes when a pane must be redrawn.
func (m *model) version(p pane.ID) uint64 {
	s := &m.scene
	switch p {
	case pane.Signals:
		return m.fast
	case pane.Preview, pane.Wall:
		return m.shots + m.slow<<40
	case pane.Rules:
		if c := s.Camera(); c != nil {
			for i := range c.Rules {
				if c.Rules[i].Status.State == rules.Potential {
					return m.fast + 1<<62
				}
			}
		}
	case pane.Events:
		if n := len(s.Events); n > 0 {
			return s.Events[n-1].Seq + uint64(n)<<40
		}
		return 0
	case pane.Log:
		if n := len(s.Log); n > 0 {
			return s.Log[n-1].Seq + uint64(n)<<40
		}
		return 0
	}
	return m.slow
}

// build returns a pane's body.
func (m *model) build(p pane.ID, sel, w, h int) pane.Body {
	s := &m.scene
	switch p {
	case pane.Cameras:
		return pane.CamerasView(s, w)
	case pane.Preview:
		return pane.PreviewView(s, w, h)
	case pane.Detectors:
		return pane.DetectorsView(s, sel, w)
	case pane.Signals:
		return pane.SignalsView(s, w)
	case pane.Rules:
		return pane.RulesView(s, sel, w)
	case pane.Events:
		return pane.EventsView(s, w)
	case pane.Latency:
		return pane.LatencyView(s, w)
	case pane.Queues:
		return pane.QueuesView(s, w)
	case pane.Alerts:
		return pane.AlertsView(s, sel, w)
	case pane.Fleet:
		return pane.FleetView(s, sel, w)
	case pane.Wall:
		return pane.WallView(s, sel, w, h)
	case pane.Time:
		return pane.TimelineView(s, sel, w)
	}
	return pane.LogView(s, w)
}

// settled returns a pane's body after moving its cursor to its row.
func (m *model) settled(p pane.ID, w, h int) pane.Body {
	c := &m.cursors[p]
	sel := c.Sel
	b := m.build(p, sel, w, h)
	if c.Settle(&b); c.Sel != sel {
		b = m.build(p, c.Sel, w, h)
	}
	return b
}

// arrange lays out the panes and requests previews of the resulting sizes.
func (m *model) arrange() {
	s := &m.scene
	n := pane.Wants{Preview: s.Preview, Events: len(s.Events)}
	if s.Snap != nil {
		n.Cameras = len(s.Snap.Cameras)
	}
	if c := s.Camera(); c != nil {
		n.Detectors, n.Signals, n.Rules = len(c.Detectors), len(c.Signals), len(c.Rules)
		n.Reason = c.Reason != ""
		if c.Width > 0 {
			n.Aspect = float64(c.Height) / float64(2*c.Width)
		}
		for i := range c.Rules {
			n.Clauses = max(n.Clauses, len(c.Rules[i].Clause))
		}
	}
	m.places = pane.Layout(m.preset, m.w, m.h-2, m.focus, m.tab, m.zoom, n)
	for i := range m.places {
		m.places[i].Y++
	}
	var list []runtime.PreviewSpec
	for _, p := range m.places {
		switch {
		case p.Pane == pane.Wall:
			tiles, _ := s.Tiles(m.cursors[pane.Wall].Sel, p.W-2, p.H-2)
			list = s.PreviewSpecs(tiles)
		case p.Pane == pane.Preview && s.Preview && s.Camera() != nil:
			list = s.PreviewSpecs([]pane.Tile{{Camera: s.Cam, Rect: p.Rect}})
		}
	}
	for camera, shot := range s.Shots {
		if !slices.ContainsFunc(list, func(v runtime.PreviewSpec) bool {
			return v.Camera == camera && v.Width == shot.Canvas.W && v.Height == 2*shot.Canvas.H
		}) {
			delete(s.Shots, camera)
		}
	}
	m.want.set(list)
}

// selected returns the index of the selected row, also while its pane is not drawn and rows change.
func selected[T any](c pane.Cursor, list []T, name func(T) string) int {
	if i := slices.IndexFunc(list, func(v T) bool { return name(v) == c.Key }); i >= 0 {
		return i
	}
	return c.Sel
}
