package engine

import (
	"slices"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// ZoneView is a zone of a camera.
type ZoneView struct {
	Name    string       `json:"name"`
	Points  zone.Polygon `json:"points"` // its corners, in fractions of the frame
	Privacy bool         `json:"privacy"`
}

// LineView is a line of a camera.
type LineView struct {
	Name       string        `json:"name"`
	Points     [2]zone.Point `json:"points"`     // its ends, in fractions of the frame
	Directions [2]string     `json:"directions"` // the first leads from the left to the right of who looks from the first end to the second
}

// SetPlaces replaces the zones and lines of the camera. They must be valid.
func (e *Engine) SetPlaces(zones []detectors.Zone, lines []detectors.Line) {
	e.zones, e.lines = make([]ZoneView, len(zones)), make([]LineView, len(lines))
	for i, z := range zones {
		e.zones[i] = ZoneView{z.Name, z.Area(), z.Privacy}
	}
	for i, l := range lines {
		line := l.Line()
		e.lines[i] = LineView{l.Name, [2]zone.Point{line.A, line.B}, [2]string(l.Directions)}
	}
}

// plainPlaces returns copies that JSON can express.
func plainPlaces(zones []ZoneView, lines []LineView) ([]ZoneView, []LineView) {
	zones, lines = slices.Clone(list(zones)), slices.Clone(list(lines))
	for i := range zones {
		zones[i].Points = slices.Clone(list(zones[i].Points))
		for k, p := range zones[i].Points {
			zones[i].Points[k] = zone.Point{finite(p[0]), finite(p[1])}
		}
	}
	for i := range lines {
		for k, p := range lines[i].Points {
			lines[i].Points[k] = zone.Point{finite(p[0]), finite(p[1])}
		}
	}
	return zones, lines
}
