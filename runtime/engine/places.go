package engine

import (
	"slices"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// ZoneView is a zone of a camera.
type ZoneView struct {
	Name    string       `json:"name"`
	Points  zone.Polygon `json:"points"` // corners, in fractions of the frame
	Privacy bool         `json:"privacy"`
	Dwell   *Histogram   `json:"dwell"` // of objects that have left it; nil: not recorded
}

// LineView is a line of a camera.
type LineView struct {
	Name       string        `json:"name"`
	Points     [2]zone.Point `json:"points"`     // ends, in fractions of the frame
	Directions [2]string     `json:"directions"` // the first is from left to right, looking from the first end to the second
}

// SetPlaces replaces the zones and lines of the camera. They must be valid.
func (e *Engine) SetPlaces(zones []detectors.Zone, lines []detectors.Line) {
	zoneViews, lineViews := make([]ZoneView, len(zones)), make([]LineView, len(lines))
	for i, z := range zones {
		zoneViews[i] = ZoneView{Name: z.Name, Points: z.Area(), Privacy: z.Privacy}
		if z.Histogram {
			zoneViews[i].Dwell = e.dwell(z.Name)
		}
	}
	for i, l := range lines {
		line := l.Line()
		lineViews[i] = LineView{l.Name, [2]zone.Point{line.A, line.B}, [2]string(l.Directions)}
	}
	same := func(a, b ZoneView) bool {
		return a.Name == b.Name && a.Privacy == b.Privacy && a.Dwell == b.Dwell && slices.Equal(a.Points, b.Points)
	}
	if slices.EqualFunc(e.zones, zoneViews, same) && slices.Equal(e.lines, lineViews) {
		return
	}
	e.zones, e.lines = zoneViews, lineViews
	e.refollow(true)
}

// dwell returns the histogram of a zone, and keeps an existing one.
func (e *Engine) dwell(name string) *Histogram {
	for _, z := range e.zones {
		if z.Name == name && z.Dwell != nil {
			return z.Dwell
		}
	}
	return new(Histogram)
}

// plainPlaces returns copies suitable for JSON.
func plainPlaces(zones []ZoneView, lines []LineView) ([]ZoneView, []LineView) {
	zones, lines = slices.Clone(list(zones)), slices.Clone(list(lines))
	for i := range zones {
		zones[i].Points = plainPoints(zones[i].Points)
	}
	for i := range lines {
		lines[i].Points = [2]zone.Point(plainPoints(lines[i].Points[:]))
	}
	return zones, lines
}

// plainTracks returns a copy suitable for JSON.
func plainTracks(tracks []TrackView) []TrackView {
	tracks = slices.Clone(list(tracks))
	for i := range tracks {
		t := &tracks[i]
		t.Box, t.Zones, t.Path = plainBox(t.Box), list(t.Zones), plainPoints(t.Path)
	}
	return tracks
}

func plainPoints(points []zone.Point) []zone.Point {
	points = slices.Clone(list(points))
	for i, p := range points {
		points[i] = zone.Point{finite(p[0]), finite(p[1])}
	}
	return points
}
