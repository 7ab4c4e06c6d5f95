package synthetic

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Traffic repeats in rounds of this many seconds. Everything enters after calmStart and
// has left by calmEnd, so that the street is empty between two rounds.
const (
	roundTime = 11.0
	calmStart = 0.4
	calmEnd   = 8.8
)

// traffic is everything that passes in one round; from and until count from its start.
type traffic struct {
	figures []figure // by depth, farthest first
	cars    []car
}

// meet creates the traffic of a round. After the third round, some have no people.
func meet(seed uint64, round int64) *traffic {
	r := rand.New(rand.NewPCG(seed, mix64(uint64(round))))
	tr := &traffic{}
	people := 1 + r.IntN(3)
	if round > 2 && r.IntN(5) == 0 {
		people = 0
	}
	for i := range people {
		f := dress(r)
		f.from = calmStart + 0.6*r.Float64() + 0.8*float64(i)
		f.until = f.from + 4.6 + 1.4*r.Float64()
		f.feet = 0.845 + 0.14*r.Float64()
		if i == 0 { // make at least one large enough
			f.feet = 0.92 + 0.06*r.Float64()
		}
		tr.figures = append(tr.figures, f)
	}
	if people > 0 && r.IntN(2) == 0 {
		f := dress(r)
		f.runs, f.coat, f.skirt = true, false, false
		f.from = calmStart
		f.until = calmEnd - 0.4*r.Float64()
		f.feet = houseFoot + 0.022 + 0.01*r.Float64()
		tr.figures = append(tr.figures, f)
	}
	slices.SortFunc(tr.figures, func(a, b figure) int { return cmp.Compare(a.feet, b.feet) })
	first := r.IntN(2) == 0
	for i := range r.IntN(3) { // at most one per lane
		k := car{body: pick(r, tops), right: first == (i == 0), van: r.IntN(3) == 0}
		k.from = 1 + 5*r.Float64()
		k.until = k.from + 1.9 + 0.7*r.Float64()
		k.wheels = 0.59
		if k.right {
			k.wheels = 0.745
		}
		tr.cars = append(tr.cars, k)
	}
	slices.SortFunc(tr.cars, func(a, b car) int { return cmp.Compare(a.wheels, b.wheels) })
	return tr
}

// draw draws the traffic t seconds after the start of its round, over the backdrop.
func (tr *traffic) draw(c canvas, back *backdrop, t float64) {
	near := 0
	for near < len(tr.figures) && tr.figures[near].feet < farKerb {
		near++
	}
	for i := range tr.figures[:near] {
		tr.figures[i].draw(c, t)
	}
	if near > 0 {
		back.hide(c)
	}
	for i := range tr.cars {
		tr.cars[i].draw(c, t)
	}
	for i := range tr.figures[near:] {
		tr.figures[near+i].draw(c, t)
	}
}

// car is a passing car.
type car struct {
	from, until float64
	wheels      float64 // y of the wheels' ground contact
	right, van  bool
	body        ink
}

func (k *car) draw(c canvas, t float64) {
	if t < k.from || t > k.until {
		return
	}
	m := metre(k.wheels)
	long, high := 4.3*m, 1.45*m
	if k.van {
		long, high = 4.9*m, 2.0*m
	}
	way := c.aspect() + 2*long
	x := -long + way*(t-k.from)/(k.until-k.from)
	if !k.right {
		x = c.aspect() - x - long
	}
	// u runs from the rear bumper (0) to the front (1), v from the road (0) to the
	// roof.
	at := func(u, v float64) point {
		if !k.right {
			u = 1 - u
		}
		return point{x + u*long, k.wheels - v*high}
	}
	c.ellipse(x+long/2, k.wheels, 0.54*long, 0.07*high, rgb(24, 24, 28), 0.6)
	glass, trim := rgb(46, 58, 68), rgb(38, 38, 40)
	if k.van {
		c.poly(k.body, at(0.01, 0.2), at(0.0, 0.5), at(0.03, 0.97), at(0.08, 1), at(0.72, 1), at(0.77, 0.95), at(0.9, 0.58), at(0.99, 0.48), at(1, 0.2))
		c.poly(glass, at(0.58, 0.6), at(0.58, 0.9), at(0.73, 0.9), at(0.85, 0.6))
		c.poly(k.body.shade(0.86), at(0.01, 0.2), at(0.005, 0.4), at(0.995, 0.4), at(1, 0.2))
	} else {
		c.poly(k.body.shade(0.95), at(0.1, 0.55), at(0.2, 0.93), at(0.27, 1), at(0.58, 1), at(0.64, 0.95), at(0.78, 0.6))
		c.poly(k.body, at(0.01, 0.22), at(0.0, 0.5), at(0.04, 0.63), at(0.72, 0.64), at(0.95, 0.54), at(0.995, 0.44), at(1, 0.22))
		c.poly(glass, at(0.17, 0.63), at(0.24, 0.92), at(0.42, 0.93), at(0.42, 0.63))
		c.poly(glass, at(0.45, 0.63), at(0.45, 0.93), at(0.59, 0.93), at(0.71, 0.63))
		c.poly(glass.mix(rgb(200, 212, 220), 0.45), at(0.27, 0.68), at(0.32, 0.9), at(0.36, 0.9), at(0.31, 0.68))
		c.poly(k.body.shade(0.82), at(0.01, 0.22), at(0.005, 0.38), at(0.995, 0.38), at(1, 0.22))
	}
	c.poly(trim, at(0.0, 0.17), at(0.0, 0.25), at(1, 0.25), at(1, 0.17))
	c.ellipse(at(0.975, 0.44).x, at(0, 0.44).y, 0.022*long, 0.05*high, rgb(246, 244, 220), 1)
	c.ellipse(at(0.012, 0.48).x, at(0, 0.48).y, 0.012*long, 0.06*high, rgb(190, 40, 34), 1)
	radius := 0.32 * m
	for _, u := range [2]float64{0.19, 0.8} {
		w := point{at(u, 0).x, k.wheels - radius}
		c.ellipse(w.x, w.y, 1.14*radius, 1.14*radius, rgb(22, 22, 24), 1)
		c.ellipse(w.x, w.y, 0.62*radius, 0.62*radius, rgb(150, 152, 156), 1)
		spin := x / radius
		for i := range 3 {
			sin, cos := math.Sincos(spin + float64(i)*math.Pi/3)
			c.limb(point{w.x - 0.5*radius*cos, w.y - 0.5*radius*sin}, 0.07*radius, point{w.x + 0.5*radius*cos, w.y + 0.5*radius*sin}, 0.07*radius, rgb(84, 86, 90))
		}
		c.ellipse(w.x, w.y, 0.16*radius, 0.16*radius, rgb(60, 60, 62), 1)
	}
}
