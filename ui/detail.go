package ui

import (
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/pane"
)

// openPage shows all about the selected row of a pane that has such pages. It reports
// whether there is one.
func (m *model) openPage() bool {
	s := &m.scene
	c := s.Camera()
	if c == nil {
		return false
	}
	camera, th := c.Name, s.Theme
	switch i := m.cursors[m.focus].Sel; m.focus {
	case pane.Cameras:
		if order := s.CameraOrder(); i < len(order) {
			m.show(order[i])
			camera = m.camera
		}
		m.page("Camera "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string { return pane.CameraPage(s, c, w) })
		return true
	case pane.Detectors:
		if list := s.Detectors(); i < len(list) {
			name := list[i].Name
			m.page("Detector "+th.Text(name)+" on "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string {
				return of(c.Detectors, func(d *engine.DetectorView) bool { return d.Name == name }, func(d *engine.DetectorView) []string { return pane.DetectorPage(s, d, w) })
			})
			return true
		}
	case pane.Rules:
		if i < len(c.Rules) {
			name := c.Rules[i].Event
			m.page("Rule "+th.Text(name)+" on "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string {
				return of(c.Rules, func(r *engine.RuleView) bool { return r.Event == name }, func(r *engine.RuleView) []string { return pane.RulePage(s, r, w) })
			})
			return true
		}
	case pane.Signals:
		if i < len(c.Signals) {
			name := c.Signals[i].Name
			m.page("Signal "+th.Text(name)+" on "+th.Text(camera), camera, func(c *runtime.CameraView, w int) []string {
				return of(c.Signals, func(v *engine.SignalView) bool { return v.Name == name }, func(v *engine.SignalView) []string { return pane.SignalPage(s, v, w) })
			})
			return true
		}
	}
	return false
}

// page opens a sheet that follows what it is about as long as its camera is shown.
func (m *model) page(title, camera string, lines func(c *runtime.CameraView, w int) []string) {
	m.overlay = &sheet{title: title, wide: 110, lines: func(m *model, w int) []string {
		c := m.scene.Camera()
		if c == nil || c.Name != camera {
			return []string{"The camera is gone."}
		}
		return lines(c, w)
	}}
}

// of returns the lines about the entry of a list that is meant.
func of[T any](list []T, meant func(*T) bool, lines func(*T) []string) []string {
	for i := range list {
		if meant(&list[i]) {
			return lines(&list[i])
		}
	}
	return []string{"It is gone."}
}
