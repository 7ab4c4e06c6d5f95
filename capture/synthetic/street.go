package synthetic

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Positions of the horizontal bands of the street, in frame heights.
const (
	houseFoot = 0.46 // start of the far pavement
	farKerb   = 0.505
	farRoad   = 0.515
	nearKerb  = 0.80
	nearWalk  = 0.82
)

// metre returns the height of one metre at ground position y.
func metre(y float64) float64 { return 0.45 * (y - 0.314) }

var facades = []ink{
	{72, 92, 156}, {158, 188, 206}, {150, 150, 146}, {96, 148, 190}, {146, 166, 152}, {160, 148, 128}, {120, 130, 172},
}

// backdrop is the static part of the street.
type backdrop struct {
	canvas
	near [][]run // by row, the trees and lamps, which hide people behind them
}

func newBackdrop(w, h int, r *rand.Rand) *backdrop {
	c := newCanvas(w, h)
	drawSky(c, r)
	for x := -0.1 * r.Float64(); x < c.aspect(); {
		w := 0.26 + 0.2*r.Float64()
		drawHouse(c, r, x, w)
		x += w
	}
	drawGround(c, r)
	without := canvas{w: w, h: h, pix: slices.Clone(c.pix)}
	drawNear(c)
	b := &backdrop{canvas: c, near: differing(without, c)}
	grain(c, r)
	return b
}

// shrink returns the backdrop scaled down.
func (b *backdrop) shrink(by int) *backdrop {
	without, with := newCanvas(b.w, b.h), newCanvas(b.w, b.h)
	drawNear(with)
	return &backdrop{canvas: b.canvas.shrink(by), near: differing(without.shrink(by), with.shrink(by))}
}

// hide redraws the trees and lamps over people behind them.
func (b *backdrop) hide(c canvas) {
	for y, runs := range b.near {
		for _, r := range runs {
			i, j := (y*c.w+r.from)*3, (y*c.w+r.to)*3
			copy(c.pix[i:j], b.pix[i:j])
		}
	}
}

// differing returns, by row, where two frames of the same size differ.
func differing(a, b canvas) [][]run {
	rows := make([][]run, a.h)
	for y := range rows {
		from := -1
		for x := range a.w + 1 {
			i := (y*a.w + x) * 3
			same := x == a.w || [3]byte(a.pix[i:]) == [3]byte(b.pix[i:])
			switch {
			case !same && from < 0:
				from = x
			case same && from >= 0:
				rows[y] = append(rows[y], run{from, x})
				from = -1
			}
		}
	}
	return rows
}

func drawSky(c canvas, r *rand.Rand) {
	c.gradient(0, 0, c.aspect(), houseFoot, rgb(126, 165, 208), rgb(222, 230, 234))
	for range 7 {
		x, y := r.Float64()*c.aspect(), 0.02+0.1*r.Float64()
		for range 6 {
			c.ellipse(x+0.14*(r.Float64()-0.5), y+0.02*(r.Float64()-0.5), 0.05+0.05*r.Float64(), 0.01+0.012*r.Float64(), rgb(240, 242, 244), 0.35)
		}
	}
}

func drawHouse(c canvas, r *rand.Rand, x, w float64) {
	wall := facades[r.IntN(len(facades))].shade(0.9 + 0.2*r.Float64())
	storey := 2.7 * metre(houseFoot)
	floors := 1 + r.IntN(2)
	shop := 3.0 * metre(houseFoot)
	top := houseFoot - shop - float64(floors)*storey
	c.gradient(x, top, w, houseFoot-top, wall.shade(1.04), wall.shade(0.9))
	drawRoof(c, r, x, w, top, wall)

	windows := max(2, int(w/0.095))
	pitch := w / float64(windows)
	for f := range floors {
		y := top + float64(f)*storey + 0.2*storey
		for i := range windows {
			drawWindow(c, r, x+(float64(i)+0.25)*pitch, y, 0.5*pitch, 0.58*storey, wall)
		}
	}
	c.rect(x, houseFoot-shop, w, 0.008, wall.shade(1.15))
	drawShop(c, r, x, w, shop, wall)
	c.rect(x, top, 0.003, houseFoot-top, wall.shade(0.7))
}

func drawRoof(c canvas, r *rand.Rand, x, w, top float64, wall ink) {
	tiles := rgb(110, 72, 62).mix(rgb(84, 86, 94), r.Float64())
	h := 0.045 + 0.02*r.Float64()
	c.poly(tiles, point{x - 0.004, top}, point{x + 0.03, top - h}, point{x + w - 0.03, top - h}, point{x + w + 0.004, top})
	for i := 1; i < 5; i++ {
		c.rect(x+0.03-0.03*float64(i)/5, top-h+h*float64(i)/5, w-0.06+0.06*float64(i)/5, 0.002, tiles.shade(0.85))
	}
	chimney := x + w*(0.2+0.5*r.Float64())
	c.rect(chimney, top-h-0.03, 0.022, 0.045, tiles.shade(0.75))
	c.rect(x-0.004, top-0.004, w+0.008, 0.012, wall.shade(1.2))
}

func drawWindow(c canvas, r *rand.Rand, x, y, w, h float64, wall ink) {
	const bar = 0.004
	frame := rgb(228, 226, 220)
	c.rect(x-bar, y-bar, w+2*bar, h+2*bar, frame)
	glass := rgb(52, 66, 82)
	if r.IntN(4) == 0 {
		glass = rgb(150, 140, 112) // a light is on, or the curtains are closed
	}
	c.gradient(x, y, w, h, glass.mix(rgb(170, 190, 205), 0.5), glass)
	if r.IntN(3) == 0 {
		c.rect(x, y, w, h*(0.2+0.4*r.Float64()), rgb(206, 200, 188))
	}
	c.rect(x+w/2-bar/2, y, bar, h, frame)
	c.rect(x, y+h*0.4, w, bar, frame)
	c.rect(x-2*bar, y+h+bar, w+4*bar, 0.006, wall.shade(1.18))
	c.rect(x-2*bar, y+h+0.010, w+4*bar, 0.003, wall.shade(0.7))
}

func drawShop(c canvas, r *rand.Rand, x, w, h float64, wall ink) {
	y := houseFoot - h
	sign := facades[r.IntN(len(facades))].shade(0.55)
	c.rect(x+0.015, y+0.012, w-0.03, 0.026, sign)
	for lx := x + 0.3*w; lx < x+0.7*w; lx += 0.014 { // lettering, seen from this distance
		c.rect(lx, y+0.019, 0.009, 0.012, sign.mix(rgb(245, 240, 220), 0.8))
	}
	doorW, doorH := 0.95*metre(houseFoot), 2.1*metre(houseFoot)
	doorX := x + 0.02
	if r.IntN(2) == 0 {
		doorX = x + w - 0.02 - doorW
	}
	left, right := x+0.02, x+w-0.02
	if doorX < x+w/2 {
		left = doorX + doorW + 0.012
	} else {
		right = doorX - 0.012
	}
	gy := y + 0.055
	c.rect(left-0.004, gy-0.004, right-left+0.008, houseFoot-gy-0.02, rgb(60, 56, 52))
	c.gradient(left, gy, right-left, houseFoot-gy-0.03, rgb(128, 142, 150), rgb(58, 62, 66))
	for gx := left + 0.01; gx < right-0.02; gx += 0.02 + 0.03*r.Float64() {
		gh := 0.015 + 0.04*r.Float64()
		c.rect(gx, houseFoot-0.03-gh, 0.016, gh, facades[r.IntN(len(facades))].shade(0.5+0.4*r.Float64()))
	}
	c.poly(rgb(190, 204, 210).mix(rgb(90, 100, 108), 0.4), point{left + 0.02, houseFoot - 0.03}, point{left + 0.05, gy}, point{left + 0.07, gy}, point{left + 0.04, houseFoot - 0.03})
	door := facades[r.IntN(len(facades))].shade(0.45)
	c.rect(doorX-0.004, houseFoot-doorH-0.004, doorW+0.008, doorH+0.004, wall.shade(1.2))
	c.rect(doorX, houseFoot-doorH, doorW, doorH, door)
	c.gradient(doorX+0.008, houseFoot-doorH+0.01, doorW-0.016, 0.45*doorH, rgb(130, 145, 155), rgb(70, 78, 84))
	c.ellipse(doorX+0.85*doorW, houseFoot-0.45*doorH, 0.003, 0.003, rgb(220, 200, 120), 1)
	if r.IntN(3) > 0 {
		drawAwning(c, left, right, y+0.04, facades[r.IntN(len(facades))].shade(0.75))
	}
}

func drawAwning(c canvas, left, right, y float64, k ink) {
	const stripe = 0.022
	light := rgb(236, 232, 222)
	for i, x := 0, left; x < right; i, x = i+1, x+stripe {
		end := min(x+stripe, right)
		colour := k
		if i%2 == 1 {
			colour = light
		}
		c.poly(colour, point{x, y}, point{end, y}, point{end, y + 0.034}, point{x, y + 0.034})
		c.ellipse((x+end)/2, y+0.034, (end-x)/2, 0.007, colour.shade(0.92), 1)
	}
	for py := int((y + 0.034) * float64(c.h)); py < int((y+0.06)*float64(c.h)); py++ {
		c.tint(py, left*float64(c.h), right*float64(c.h), rgb(20, 20, 25), 0.35)
	}
}

func drawGround(c canvas, r *rand.Rand) {
	a := c.aspect()
	c.gradient(0, houseFoot, a, farKerb-houseFoot, rgb(150, 146, 140), rgb(168, 164, 157))
	c.rect(0, houseFoot, a, 0.006, rgb(96, 92, 90))
	c.rect(0, farKerb, a, farRoad-farKerb, rgb(196, 193, 186))
	c.rect(0, farRoad, a, 0.004, rgb(70, 70, 72))
	c.gradient(0, farRoad+0.004, a, nearKerb-farRoad, rgb(98, 99, 103), rgb(84, 85, 89))
	// Tyre tracks and patches.
	for _, y := range []float64{0.56, 0.60, 0.70, 0.755} {
		c.gradient(0, y, a, 0.012, rgb(82, 83, 87), rgb(88, 89, 93))
	}
	for range 3 {
		x, y := r.Float64()*a, 0.54+0.2*r.Float64()
		c.poly(rgb(76, 77, 80), point{x, y}, point{x + 0.16, y}, point{x + 0.15, y + 0.03}, point{x - 0.02, y + 0.03})
	}
	for x := -0.1; x < a; x += 0.3 {
		c.poly(rgb(206, 204, 196), point{x, 0.635}, point{x + 0.15, 0.635}, point{x + 0.147, 0.645}, point{x - 0.004, 0.645})
	}
	x := a * (0.25 + 0.5*r.Float64())
	c.ellipse(x, 0.725, 0.034, 0.012, rgb(60, 60, 62), 1)
	c.ellipse(x, 0.724, 0.029, 0.009, rgb(92, 92, 94), 1)

	c.rect(0, nearKerb, a, nearWalk-nearKerb, rgb(188, 186, 180))
	c.rect(0, nearKerb, a, 0.004, rgb(120, 118, 116))
	c.gradient(0, nearWalk, a, 1-nearWalk, rgb(158, 155, 149), rgb(176, 172, 165))
	// Paving slabs, whose joints run towards the middle of the horizon.
	joint := rgb(128, 125, 120)
	for _, y := range []float64{nearWalk, 0.865, 0.918, 0.982} {
		c.rect(0, y, a, 0.0025, joint)
	}
	for i := -24; i <= 24; i++ {
		dx := 0.16 * float64(i)
		c.line(point{a/2 + dx*(nearWalk-0.314)/0.5, nearWalk}, point{a/2 + dx*(1-0.314)/0.5, 1}, 0.0025, joint)
		c.line(point{a/2 + dx*(houseFoot-0.314)/0.5, houseFoot}, point{a/2 + dx*(farKerb-0.314)/0.5, farKerb}, 0.0015, rgb(140, 136, 131))
	}
}

// line draws a thin quadrilateral that is wide in x.
func (c canvas) line(a, b point, w float64, k ink) {
	c.poly(k, point{a.x, a.y}, point{a.x + w, a.y}, point{b.x + w, b.y}, point{b.x, b.y})
}

// grain adds texture to flat colours, like plaster and asphalt.
func grain(c canvas, r *rand.Rand) {
	for i := 0; i+2 < len(c.pix); i += 3 {
		by := int(math.Round(3.2 * r.NormFloat64()))
		if i/3/c.w > c.h*6/10 {
			by *= 2
		}
		for j := range 3 {
			c.pix[i+j] = uint8(min(max(int(c.pix[i+j])+by, headroom), 255-headroom))
		}
	}
}

// drawNear draws the objects between the far pavement and the road.
func drawNear(c canvas) {
	const foot = farKerb - 0.006
	bark, iron := rgb(78, 62, 50), rgb(58, 64, 66)
	for x := 0.42; x < c.aspect(); x += 1.05 {
		c.ellipse(x+0.02, foot, 0.05, 0.006, rgb(40, 40, 40), 0.35)
		c.limb(point{x, foot}, 0.011, point{x + 0.004, 0.28}, 0.007, bark)
		for i, f := range crown {
			k := rgb(58, 92, 48).mix(rgb(112, 142, 74), float64(i)/float64(len(crown)))
			c.ellipse(x+f.x, 0.235+f.y, 0.042, 0.034, k, 1)
		}
	}
	for x := 0.95; x < c.aspect(); x += 1.05 {
		c.rect(x-0.009, foot-0.02, 0.018, 0.02, iron)
		c.limb(point{x, foot}, 0.0045, point{x, 0.14}, 0.003, iron)
		c.limb(point{x, 0.14}, 0.003, point{x + 0.06, 0.125}, 0.0025, iron)
		c.ellipse(x+0.065, 0.128, 0.017, 0.006, rgb(216, 214, 196), 1)
	}
}

// crown is the positions of a tree's leaves, from back to front.
var crown = []point{
	{-0.045, 0.03},
	{0.05, 0.035},
	{0, 0.045},
	{-0.06, -0.005},
	{0.06, -0.005},
	{0, 0.01},
	{-0.035, -0.04},
	{0.035, -0.045},
	{0, -0.025},
	{-0.02, -0.065},
	{0.015, -0.07},
}
