// Package zone is the geometry of polygons and directed lines in a frame, in fractions
// of its width and height. X runs to the right and Y down. Only the errors of Check
// allocate.
package zone

import (
	"errors"
	"fmt"
	"math"
)

// MaxPoints is the maximum number of points of a polygon.
const MaxPoints = 64

// leastArea is the minimum area of a polygon and leastLength the minimum length of a
// line, in fractions of the frame.
const (
	leastArea   = 1e-5
	leastLength = 1e-3
)

// edge is how close to the boundary a point counts as inside a polygon, so that a point
// at the edge of the frame is in a zone that reaches it.
const edge = 1e-9

// Point is a position in the frame: x and y, 0..1.
type Point [2]float64

func (p Point) String() string { return fmt.Sprintf("(%.4g, %.4g)", p[0], p[1]) }

// Clamp returns the point of the frame closest to p.
func (p Point) Clamp() Point {
	return Point{min(max(p[0], 0), 1), min(max(p[1], 0), 1)}
}

// within reports whether p is in the frame. NaN is not.
func (p Point) within() bool {
	return p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1
}

// Polygon is an area of the frame, given by its corners in either direction. The last
// one connects to the first.
type Polygon []Point

// Rect returns a rectangle as a polygon: left, top, width and height.
func Rect(x, y, w, h float64) Polygon {
	return Polygon{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
}

// Check returns what makes the polygon invalid, and where: too few or too many points,
// a point outside the frame, edges that cross or touch, or no area. Points are counted
// from 1.
func (p Polygon) Check() error {
	if len(p) < 3 || len(p) > MaxPoints {
		return fmt.Errorf("has %d points; an area needs 3 to %d", len(p), MaxPoints)
	}
	for i, at := range p {
		if !at.within() {
			return fmt.Errorf("point %d, %v, is outside the frame: x and y go from 0 to 1", i+1, at)
		}
	}
	for i := range p {
		for k := i + 1; k < len(p); k++ {
			if p[i] == p[k] {
				return fmt.Errorf("points %d and %d are the same, %v", i+1, k+1, p[i])
			}
		}
	}
	for i := range p {
		for k := i + 2; k < len(p); k++ {
			if i == 0 && k == len(p)-1 {
				continue // neighbours
			}
			if at, cross := meet(p[i], p.after(i), p[k], p.after(k)); cross {
				return fmt.Errorf("its edges from point %d to %d and from point %d to %d cross at %v; give the points in their order around the area",
					i+1, i+2, k+1, (k+1)%len(p)+1, at)
			}
		}
	}
	if p.area() < leastArea {
		return fmt.Errorf("is empty: its points, starting with %v, are on one line", p[0])
	}
	return nil
}

func (p Polygon) after(i int) Point { return p[(i+1)%len(p)] }

func (p Polygon) area() float64 {
	sum := 0.0
	for i, a := range p {
		b := p.after(i)
		sum += a[0]*b[1] - b[0]*a[1]
	}
	return math.Abs(sum) / 2
}

// Contains reports whether a point is in the polygon or on its boundary.
func (p Polygon) Contains(at Point) bool {
	inside := false
	for i, a := range p {
		b := p.after(i)
		if (a[1] > at[1]) != (b[1] > at[1]) && at[0] < a[0]+(at[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			inside = !inside
		}
	}
	return inside || p.Distance(at) <= edge
}

// Distance returns the distance of a point from the boundary, on either side.
func (p Polygon) Distance(at Point) float64 {
	least := math.Inf(1)
	for i, a := range p {
		least = min(least, squared(at, a, p.after(i)))
	}
	return math.Sqrt(least)
}

// squared returns the squared distance of p from the segment from a to b.
func squared(p, a, b Point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	t := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		t = min(max(((p[0]-a[0])*dx+(p[1]-a[1])*dy)/length, 0), 1)
	}
	x, y := p[0]-a[0]-t*dx, p[1]-a[1]-t*dy
	return x*x + y*y
}

// Line is a directed line that objects cross. The two directions are left to right and
// right to left, looking from A to B.
type Line struct{ A, B Point }

// Check returns what makes the line invalid, and where: an end outside the frame, or no
// length.
func (l Line) Check() error {
	for i, at := range []Point{l.A, l.B} {
		if !at.within() {
			return fmt.Errorf("point %d, %v, is outside the frame: x and y go from 0 to 1", i+1, at)
		}
	}
	if l.length() < leastLength {
		return errors.New("is empty: both points are " + l.A.String())
	}
	return nil
}

func (l Line) length() float64 {
	x, y := l.B[0]-l.A[0], l.B[1]-l.A[1]
	return math.Sqrt(x*x + y*y)
}

// Side returns the distance of a point from the infinite line: positive on the right,
// looking from A to B, negative on the left.
func (l Line) Side(p Point) float64 { return cross(l.A, l.B, p) / l.length() }

// Meets reports whether the segment between two points meets the line between its ends.
func (l Line) Meets(from, to Point) bool {
	_, meets := meet(l.A, l.B, from, to)
	return meets
}

// cross is positive if p is to the right of the direction from a to b.
func cross(a, b, p Point) float64 {
	return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
}

// meet returns a common point of the segments a-b and c-d, and whether there is one.
func meet(a, b, c, d Point) (Point, bool) {
	c1, c2 := cross(a, b, c), cross(a, b, d)
	d1, d2 := cross(c, d, a), cross(c, d, b)
	if c1 != c2 && between(0, c1, c2) && between(0, d1, d2) && d1 != d2 {
		t := c1 / (c1 - c2)
		return Point{c[0] + t*(d[0]-c[0]), c[1] + t*(d[1]-c[1])}, true
	}
	for _, end := range [4]struct{ p, from, to Point }{{c, a, b}, {d, a, b}, {a, c, d}, {b, c, d}} {
		if squared(end.p, end.from, end.to) <= edge*edge {
			return end.p, true
		}
	}
	return Point{}, false
}

func between(v, a, b float64) bool { return v >= min(a, b) && v <= max(a, b) }
