package synthetic

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// headroom keeps drawn pixels away from black and white, so that noise of up to that
// amount can be added eight bytes at a time without overflow.
const headroom = 8

// ink is a colour in pixel order.
type ink struct{ b, g, r uint8 }

func rgb(r, g, b uint8) ink {
	fit := func(v uint8) uint8 { return min(max(v, headroom), 255-headroom) }
	return ink{fit(b), fit(g), fit(r)}
}

// shade multiplies a colour's brightness.
func (k ink) shade(by float64) ink {
	f := func(v uint8) uint8 { return uint8(min(max(float64(v)*by, headroom), 255-headroom)) }
	return ink{f(k.b), f(k.g), f(k.r)}
}

// mix blends from k (0) to other (1).
func (k ink) mix(other ink, by float64) ink {
	f := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*by + 0.5) }
	return ink{f(k.b, other.b), f(k.g, other.g), f(k.r, other.r)}
}

// canvas is a frame to draw shapes into. Coordinates are in frame heights, with the
// origin at the top left; shapes are clipped.
type canvas struct {
	w, h  int
	pix   []byte // packed BGR, w*h*3
	drawn []run  // by row, the pixels drawn so far; nil: not recorded
}

// run is a part of a row of pixels.
type run struct{ from, to int }

func newCanvas(w, h int) canvas { return canvas{w: w, h: h, pix: make([]byte, w*h*3)} }

func (c canvas) mark(y, from, to int) {
	if c.drawn != nil {
		d := &c.drawn[y]
		if d.to == 0 {
			d.from = from
		}
		d.from, d.to = min(d.from, from), max(d.to, to)
	}
}

// wipe restores what has been drawn from a frame of the same size.
func (c canvas) wipe(from canvas) {
	for y, d := range c.drawn {
		if d.to > 0 {
			i, j := (y*c.w+d.from)*3, (y*c.w+d.to)*3
			copy(c.pix[i:j], from.pix[i:j])
			c.drawn[y] = run{}
		}
	}
}

// aspect is the right edge in x.
func (c canvas) aspect() float64 { return float64(c.w) / float64(c.h) }

// span fills row y from x0 to x1, in pixels, with antialiased ends.
func (c canvas) span(y int, x0, x1 float64, k ink) {
	x0, x1 = max(x0, 0), min(x1, float64(c.w))
	if y < 0 || y >= c.h || x1 <= x0 {
		return
	}
	row := c.pix[y*c.w*3 : (y+1)*c.w*3]
	first, last := int(x0), int(x1)
	c.mark(y, first, min(last+1, c.w))
	if first == last {
		blend(row[first*3:], k, x1-x0)
		return
	}
	if part := float64(first+1) - x0; part < 1 {
		blend(row[first*3:], k, part)
		first++
	}
	if part := x1 - float64(last); part > 0 {
		blend(row[last*3:], k, part)
	}
	p := row[first*3 : last*3]
	for len(p) >= 12 {
		q := (*[12]byte)(p)
		q[0], q[1], q[2], q[3], q[4], q[5] = k.b, k.g, k.r, k.b, k.g, k.r
		q[6], q[7], q[8], q[9], q[10], q[11] = k.b, k.g, k.r, k.b, k.g, k.r
		p = p[12:]
	}
	for ; len(p) >= 3; p = p[3:] {
		p[0], p[1], p[2] = k.b, k.g, k.r
	}
}

// tint blends row y from x0 to x1, in pixels.
func (c canvas) tint(y int, x0, x1 float64, k ink, by float64) {
	x0, x1 = max(x0, 0), min(x1, float64(c.w))
	if y < 0 || y >= c.h || x1 <= x0 {
		return
	}
	c.mark(y, int(x0), int(x1))
	t := uint32(by * 256)
	b, g, r := uint32(k.b)*t, uint32(k.g)*t, uint32(k.r)*t
	for p := c.pix[(y*c.w+int(x0))*3 : (y*c.w+int(x1))*3]; len(p) >= 3; p = p[3:] {
		p[0] = uint8((uint32(p[0])*(256-t) + b) >> 8)
		p[1] = uint8((uint32(p[1])*(256-t) + g) >> 8)
		p[2] = uint8((uint32(p[2])*(256-t) + r) >> 8)
	}
}

func blend(p []byte, k ink, by float64) {
	t := uint32(by * 256)
	p[0] = uint8((uint32(p[0])*(256-t) + uint32(k.b)*t) >> 8)
	p[1] = uint8((uint32(p[1])*(256-t) + uint32(k.g)*t) >> 8)
	p[2] = uint8((uint32(p[2])*(256-t) + uint32(k.r)*t) >> 8)
}

func (c canvas) rect(x, y, w, h float64, k ink) {
	s := float64(c.h)
	for py := max(0, int(math.Round(y*s))); py < min(c.h, int(math.Round((y+h)*s))); py++ {
		c.span(py, x*s, (x+w)*s, k)
	}
}

// gradient fills a rectangle from one colour at the top to another at the bottom.
func (c canvas) gradient(x, y, w, h float64, from, to ink) {
	s := float64(c.h)
	y0, y1 := int(math.Round(y*s)), int(math.Round((y+h)*s))
	for py := max(y0, 0); py < min(y1, c.h); py++ {
		c.span(py, x*s, (x+w)*s, from.mix(to, float64(py-y0)/float64(max(y1-y0, 1))))
	}
}

// ellipse fills an ellipse with k, blended if by is below 1.
func (c canvas) ellipse(x, y, rx, ry float64, k ink, by float64) {
	s := float64(c.h)
	x, y, rx, ry = x*s, y*s, rx*s, ry*s
	for py := max(0, int(y-ry)); py < min(c.h, int(y+ry)+1); py++ {
		d := (float64(py) + 0.5 - y) / ry
		if d*d >= 1 {
			continue
		}
		half := rx * math.Sqrt(1-d*d)
		if by < 1 {
			c.tint(py, x-half, x+half, k, by)
		} else {
			c.span(py, x-half, x+half, k)
		}
	}
}

// point is a position, in frame heights.
type point struct{ x, y float64 }

// poly fills a convex polygon.
func (c canvas) poly(k ink, pts ...point) {
	s := float64(c.h)
	top, bottom := 0, 0
	for i, p := range pts {
		if p.y < pts[top].y {
			top = i
		}
		if p.y > pts[bottom].y {
			bottom = i
		}
	}
	one := side{pts: pts, next: top, step: 1, end: math.Inf(-1)}
	other := side{pts: pts, next: top, step: len(pts) - 1, end: math.Inf(-1)}
	last := min(float64(c.h)-1, math.Ceil(pts[bottom].y*s-0.5)-1)
	for py := int(max(0, math.Ceil(pts[top].y*s-0.5))); py <= int(last); py++ {
		y := (float64(py) + 0.5) / s
		x0, x1 := one.at(y), other.at(y)
		c.span(py, min(x0, x1)*s, max(x0, x1)*s, k)
	}
}

// side walks down one side of a convex polygon.
type side struct {
	pts        []point
	next, step int
	from       point
	slope, end float64 // of the current edge; end is its lower y
}

func (e *side) at(y float64) float64 {
	for range e.pts {
		if y <= e.end {
			break
		}
		e.from = e.pts[e.next]
		e.next = (e.next + e.step) % len(e.pts)
		to := e.pts[e.next]
		e.end = to.y
		e.slope = (to.x - e.from.x) / max(to.y-e.from.y, 1e-9)
	}
	return e.from.x + (y-e.from.y)*e.slope
}

// capSides is the number of corners of each round end of a limb.
const capSides = 6

// limb fills the hull of two circles.
func (c canvas) limb(a point, ra float64, b point, rb float64, k ink) {
	d := math.Hypot(b.x-a.x, b.y-a.y)
	if d <= math.Abs(ra-rb) {
		if rb > ra {
			a, ra = b, rb
		}
		c.ellipse(a.x, a.y, ra, ra, k, 1)
		return
	}
	// Angle off the axis at which the tangents touch both circles.
	lean := math.Acos((ra - rb) / d)
	axis := math.Atan2(b.y-a.y, b.x-a.x)
	var pts [2 * (capSides + 1)]point
	for i := range capSides + 1 {
		t := float64(i) / capSides
		sin, cos := math.Sincos(axis + lean + t*(2*math.Pi-2*lean))
		pts[i] = point{a.x + ra*cos, a.y + ra*sin}
		sin, cos = math.Sincos(axis - lean + t*2*lean)
		pts[capSides+1+i] = point{b.x + rb*cos, b.y + rb*sin}
	}
	c.poly(k, pts[:]...)
}

// noise is sensor noise: a tile of bytes around headroom, mostly the same for the three
// colours of a pixel.
type noise []byte

const noisePixels = 1 << 15

// newNoise makes a tile that has room for rows of width pixels at any offset.
func newNoise(width int, seed uint64) noise {
	r := rand.New(rand.NewPCG(seed, 0x6e6f697365))
	n := make(noise, (noisePixels+width)*3+8)
	add := func(sigma, around float64) float64 { return around + sigma*r.NormFloat64() }
	for i := 0; i < len(n)-2; i += 3 {
		luma := add(2.2, 0)
		for j := range 3 {
			v := math.Round(headroom + add(0.9, luma))
			n[i+j] = uint8(min(max(v, 0), 2*headroom))
		}
	}
	return n
}

const (
	lanes  = 0x0101010101010101
	evens  = 0x00ff00ff00ff00ff
	oneRow = 0x9e3779b97f4a7c15 // odd, for mixing row numbers
)

// develop writes the final frame to dst in one pass: the canvas under a given light (1
// is unchanged, 256 steps) with the noise of frame n. dst may be the canvas's own
// pixels.
//
// The race detector would check each byte of each frame, which was two thirds of the time of
// a program under test. Whatever else touches the canvas is checked.
//
//go:norace
func (c canvas) develop(dst []byte, tile noise, n uint64, light float64) {
	gain := uint64(min(max(light, 0), 1)*256 + 0.5)
	stride := c.w * 3
	for y := range c.h {
		src, out := c.pix[y*stride:(y+1)*stride], dst[y*stride:(y+1)*stride]
		at := mix64(n*uint64(c.h)+uint64(y)) % noisePixels * 3
		grain := tile[at : int(at)+stride]
		if gain < 256 {
			for ; len(src) >= 16 && len(grain) >= 16 && len(out) >= 16; src, grain, out = src[16:], grain[16:], out[16:] {
				p, g, d := (*[16]byte)(src), (*[16]byte)(grain), (*[16]byte)(out)
				dimGrain((*[8]byte)(d[0:]), (*[8]byte)(p[0:]), (*[8]byte)(g[0:]), gain)
				dimGrain((*[8]byte)(d[8:]), (*[8]byte)(p[8:]), (*[8]byte)(g[8:]), gain)
			}
		}
		// Arrays avoid bounds checks, and four words reduce the loop's cost.
		for ; len(src) >= 32 && len(grain) >= 32 && len(out) >= 32; src, grain, out = src[32:], grain[32:], out[32:] {
			p, g, d := (*[32]byte)(src), (*[32]byte)(grain), (*[32]byte)(out)
			addGrain((*[8]byte)(d[0:]), (*[8]byte)(p[0:]), (*[8]byte)(g[0:]))
			addGrain((*[8]byte)(d[8:]), (*[8]byte)(p[8:]), (*[8]byte)(g[8:]))
			addGrain((*[8]byte)(d[16:]), (*[8]byte)(p[16:]), (*[8]byte)(g[16:]))
			addGrain((*[8]byte)(d[24:]), (*[8]byte)(p[24:]), (*[8]byte)(g[24:]))
		}
		for i := range out {
			out[i] = uint8(uint64(src[i]-headroom)*gain>>8) + grain[i]
		}
	}
}

func addGrain(dst, p, g *[8]byte) {
	v := binary.LittleEndian.Uint64(p[:]) + binary.LittleEndian.Uint64(g[:]) - headroom*lanes
	binary.LittleEndian.PutUint64(dst[:], v)
}

// dimGrain multiplies what exceeds the headroom by gain/256.
func dimGrain(dst, p, g *[8]byte, gain uint64) {
	v := binary.LittleEndian.Uint64(p[:]) - headroom*lanes
	even, odd := v&evens, v>>8&evens
	v = even*gain>>8&evens | odd*gain&^evens
	binary.LittleEndian.PutUint64(dst[:], v+binary.LittleEndian.Uint64(g[:]))
}

// mix64 is the finalizer of SplitMix64, a hash with uniform output.
func mix64(v uint64) uint64 {
	v += oneRow
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
