package zone

import (
	"math"
	"strings"
	"testing"
)

func TestPolygonCheck(t *testing.T) {
	long := make(Polygon, MaxPoints+1)
	for i := range long {
		a := 2 * math.Pi * float64(i) / float64(len(long))
		long[i] = Point{0.5 + 0.4*math.Cos(a), 0.5 + 0.4*math.Sin(a)}
	}
	for _, c := range []struct {
		name    string
		p       Polygon
		problem string // empty: none
	}{
		{"rectangle", Rect(0, 0, 1, 1), ""},
		{"triangle", Polygon{{0.1, 0.1}, {0.9, 0.1}, {0.5, 0.9}}, ""},
		{"other direction", Polygon{{0.5, 0.9}, {0.9, 0.1}, {0.1, 0.1}}, ""},
		{"concave", Polygon{{0, 0}, {1, 0}, {1, 1}, {0.5, 0.2}, {0, 1}}, ""},
		{"as many as may be", long[:MaxPoints], ""},
		{"too many", long, "has 65 points"},
		{"two points", Polygon{{0, 0}, {1, 1}}, "has 2 points; an area needs 3 to 64"},
		{"outside", Polygon{{0, 0}, {1.2, 0.5}, {0, 1}}, "point 2, (1.2, 0.5), is outside the frame"},
		{"not a number", Polygon{{0, 0}, {math.NaN(), 0.5}, {0, 1}}, "point 2, (NaN, 0.5), is outside"},
		{"bow tie", Polygon{{0, 0}, {1, 1}, {1, 0}, {0, 1}}, "from point 1 to 2 and from point 3 to 4 cross at (0.5, 0.5)"},
		{"crosses its last edge", Polygon{{0.5, 0}, {0.5, 1}, {1, 1}, {0, 0.5}}, "from point 1 to 2 and from point 3 to 4 cross"},
		{"touches itself", Polygon{{0, 0}, {1, 0}, {1, 1}, {0.5, 0}, {0, 1}}, "cross at (0.5, 0)"},
		{"on one line", Polygon{{0.1, 0.1}, {0.2, 0.2}, {0.3, 0.3}}, "is empty"},
		{"the same twice", Polygon{{0, 0}, {1, 0}, {1, 0}, {0, 1}}, "points 2 and 3 are the same, (1, 0)"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.p.Check(), c.problem) })
	}
}

func TestLineCheck(t *testing.T) {
	expect(t, Line{Point{0, 0.5}, Point{1, 0.5}}.Check(), "")
	expect(t, Line{Point{0, 0.5}, Point{0, 0.5}}.Check(), "is empty: both points are (0, 0.5)")
	expect(t, Line{Point{0, 0.5}, Point{1, -0.5}}.Check(), "point 2, (1, -0.5), is outside the frame")
}

func expect(t *testing.T, err error, problem string) {
	t.Helper()
	if problem == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), problem) {
		t.Errorf("error %v, want %q in it", err, problem)
	}
}

func TestContains(t *testing.T) {
	hook := Polygon{{0, 0}, {1, 0}, {1, 1}, {0.5, 0.2}, {0, 1}}
	for _, c := range []struct {
		at   Point
		want bool
	}{
		{Point{0.5, 0.1}, true},
		{Point{0.5, 0.5}, false}, // in the notch
		{Point{0.05, 0.5}, true},
		{Point{0, 0}, true},
		{Point{1, 1}, true},   // corners
		{Point{0.3, 0}, true}, // on an edge
		{Point{1.01, 0.5}, false},
		{Point{0.5, -0.01}, false},
	} {
		if got := hook.Contains(c.at); got != c.want {
			t.Errorf("%v inside: %v, want %v", c.at, got, c.want)
		}
	}
	if got := Rect(0.2, 0.2, 0.4, 0.4).Distance(Point{0.3, 0.4}); math.Abs(got-0.1) > 1e-12 {
		t.Errorf("distance %v, want 0.1", got)
	}
}

func TestLineSides(t *testing.T) {
	up := Line{Point{0.5, 1}, Point{0.5, 0}}
	if up.Side(Point{0.8, 0.5}) <= 0 || up.Side(Point{0.2, 0.5}) >= 0 {
		t.Error("seen along a line that leads up, the right of the frame is on the left")
	}
	short := Line{Point{0.4, 0.5}, Point{0.6, 0.5}}
	if !short.Meets(Point{0.5, 0.4}, Point{0.5, 0.6}) {
		t.Error("a way across the middle does not meet the line")
	}
	if short.Meets(Point{0.7, 0.4}, Point{0.7, 0.6}) {
		t.Error("a way past the end meets the line")
	}
}

// FuzzPolygon: a polygon that Check accepts has an inside and an outside.
func FuzzPolygon(f *testing.F) {
	f.Add(0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1, 0.9)
	f.Add(0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0)
	f.Fuzz(func(t *testing.T, a, b, c, d, e, f, g, h float64) {
		p := Polygon{{a, b}, {c, d}, {e, f}, {g, h}}
		if p.Check() != nil {
			return
		}
		for _, corner := range p {
			if !p.Contains(corner) {
				t.Errorf("%v does not contain its corner %v", p, corner)
			}
		}
		if p.Contains(Point{-0.5, -0.5}) || p.Contains(Point{1.5, 0.5}) {
			t.Errorf("%v contains what is outside the frame", p)
		}
	})
}
