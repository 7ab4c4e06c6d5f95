package detectors

import (
	"fmt"
	"slices"

	"rvo-tui/detectors/zone"
)

// Zone is one [[zone]] of the configuration: an area used by conditions and by the
// masks and zones of detectors.
type Zone struct {
	// Name is unique on each camera, with the syntax of a signal name.
	Name string `toml:"name"`
	// Cameras are the cameras that have the zone. Empty: all.
	Cameras []string `toml:"cameras"`
	// Points are the corners of a polygon, each as x and y, 0..1. Rect is a rectangle
	// instead: left, top, width, height. Exactly one of them must be set.
	Points [][]float64 `toml:"points"`
	Rect   []float64   `toml:"rect"`
	// Privacy blacks out the zone in all output of the camera.
	Privacy bool `toml:"privacy"`
	// Histogram records in a metric how long objects stay inside.
	Histogram bool `toml:"histogram"`
}

// Line is one [[line]] of the configuration, for conditions on objects that cross it.
type Line struct {
	// Name is unique on each camera, with the syntax of a signal name.
	Name string `toml:"name"`
	// Cameras are the cameras that have the line. Empty: all.
	Cameras []string `toml:"cameras"`
	// Points are its two ends, each as x and y, 0..1.
	Points [][]float64 `toml:"points"`
	// Directions are the names of the two directions of crossing. The first is from
	// left to right, looking from the first point to the second.
	Directions []string `toml:"directions"`
}

// MaxZones is the maximum number of zones of a camera, and of lines.
const MaxZones = 64

// DefaultZone returns the values that a [[zone]] starts from when decoded.
func DefaultZone() Zone { return Zone{} }

// DefaultLine returns the values that a [[line]] starts from when decoded.
func DefaultLine() Line { return Line{Directions: []string{"in", "out"}} }

// Area returns the zone's polygon. The zone must be valid.
func (z Zone) Area() zone.Polygon {
	if len(z.Rect) == 4 {
		area := zone.Rect(z.Rect[0], z.Rect[1], z.Rect[2], z.Rect[3])
		for i := range area {
			area[i] = area[i].Clamp() // 0.7 + 0.3 may exceed 1
		}
		return area
	}
	return points(z.Points)
}

// Line returns the geometry of the line, which must be valid.
func (l Line) Line() zone.Line {
	p := points(l.Points)
	return zone.Line{A: p[0], B: p[1]}
}

// Validate calls bad for every invalid key, with the allowed values. A key such as
// "points[2]" is an entry of a list. It does not check whether the cameras exist.
func (z Zone) Validate(bad func(key, problem string)) {
	checkPlace(z.Name, "zone", z.Cameras, bad)
	switch {
	case z.Points != nil && z.Rect != nil:
		bad("rect", "cannot be combined with points; leave one of them out")
	case z.Rect != nil:
		z.checkRect(bad)
	case z.Points == nil:
		bad("points", "is missing: give corners, as in points = [[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]], or rect = [0.1, 0.5, 0.3, 0.4]")
	case pairs(z.Points, bad):
		if err := points(z.Points).Check(); err != nil {
			bad("points", err.Error())
		}
	}
}

func (z Zone) checkRect(bad func(key, problem string)) {
	const slack = 1e-9
	if len(z.Rect) != 4 {
		bad("rect", fmt.Sprintf("has %d numbers; write left edge, top edge, width and height, as in [0.1, 0.5, 0.3, 0.4]", len(z.Rect)))
		return
	}
	x, y, w, h := z.Rect[0], z.Rect[1], z.Rect[2], z.Rect[3]
	switch {
	case !(w > 0 && h > 0):
		bad("rect", "is empty; width and height must be above 0")
	case !(x >= 0 && y >= 0 && x+w <= 1+slack && y+h <= 1+slack):
		bad("rect", fmt.Sprintf("%g is outside the frame: all edges must be between 0 and 1", z.Rect))
	default:
		if err := z.Area().Check(); err != nil {
			bad("rect", err.Error())
		}
	}
}

// Validate is like Zone.Validate.
func (l Line) Validate(bad func(key, problem string)) {
	checkPlace(l.Name, "line", l.Cameras, bad)
	switch {
	case l.Points == nil:
		bad("points", "is missing: give two ends, as in points = [[0.1, 0.5], [0.9, 0.5]]")
	case len(l.Points) != 2:
		bad("points", fmt.Sprintf("has %d points; a line has two ends", len(l.Points)))
	case pairs(l.Points, bad):
		if err := l.Line().Check(); err != nil {
			bad("points", err.Error())
		}
	}
	if len(l.Directions) != 2 {
		bad("directions", fmt.Sprintf("has %d names; a line is crossed in two directions, as in [\"in\", \"out\"]", len(l.Directions)))
		return
	}
	for i, name := range l.Directions {
		if !ValidName(name) {
			bad(entry("directions", i), fmt.Sprintf("%q cannot name a direction: use a letter, then letters, digits and underscores, at most 64 in all", name))
		}
	}
	if l.Directions[0] == l.Directions[1] {
		bad("directions[1]", "is the same as the first name; choose another")
	}
}

func checkPlace(name, what string, cameras []string, bad func(key, problem string)) {
	if !ValidName(name) {
		bad("name", fmt.Sprintf("%q cannot name a %s: use a letter, then letters, digits and underscores, at most 64 in all", name, what))
	}
	if slices.Contains(cameras, "") {
		bad("cameras", "has an empty name; leave the key out for all cameras")
	}
}

// pairs reports whether every point has two numbers.
func pairs(points [][]float64, bad func(key, problem string)) bool {
	for i, p := range points {
		if len(p) != 2 {
			bad(entry("points", i), fmt.Sprintf("has %d numbers; a point is x and y, as in [0.1, 0.5]", len(p)))
			return false
		}
	}
	return true
}

func points(pairs [][]float64) zone.Polygon {
	out := make(zone.Polygon, len(pairs))
	for i, p := range pairs {
		out[i] = zone.Point{p[0], p[1]}
	}
	return out
}

func entry(key string, at int) string { return fmt.Sprintf("%s[%d]", key, at) }

// ZonesOf returns the zones of a camera.
func ZonesOf(all []Zone, camera string) []Zone {
	return slices.DeleteFunc(slices.Clone(all), func(z Zone) bool { return !on(z.Cameras, camera) })
}

// LinesOf returns the lines of a camera.
func LinesOf(all []Line, camera string) []Line {
	return slices.DeleteFunc(slices.Clone(all), func(l Line) bool { return !on(l.Cameras, camera) })
}

// Areas returns the polygons of the named zones.
func Areas(zones []Zone, names []string) []zone.Polygon {
	var areas []zone.Polygon
	for _, z := range zones {
		if slices.Contains(names, z.Name) {
			areas = append(areas, z.Area())
		}
	}
	return areas
}

// on reports whether a list of cameras includes name. An empty list includes all.
func on(cameras []string, name string) bool {
	return len(cameras) == 0 || slices.Contains(cameras, name)
}
