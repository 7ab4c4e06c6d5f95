package synthetic

import (
	"math"
	"math/rand/v2"
)

// figure is a pedestrian.
type figure struct {
	from, until float64 // seconds
	feet        float64 // y of the ground contact
	tall        float64 // metres
	right       bool    // walking direction
	runs        bool

	skin, hair, top, legs, shoes, bag ink
	coat, skirt, pack, hat            bool
	phase                             float64
}

var (
	skins = []ink{{150, 178, 226}, {128, 158, 208}, {84, 116, 172}, {56, 78, 118}, {44, 60, 90}}
	hairs = []ink{{28, 30, 36}, {36, 48, 70}, {70, 110, 150}, {150, 152, 156}, {40, 62, 120}}
	tops  = []ink{{48, 40, 176}, {150, 84, 34}, {58, 58, 60}, {222, 224, 226}, {60, 172, 214}, {70, 110, 54}, {110, 52, 108}, {40, 92, 196}, {96, 60, 40}}
	lower = []ink{{112, 74, 48}, {44, 42, 44}, {92, 120, 142}, {70, 70, 74}, {76, 50, 34}}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func dress(r *rand.Rand) figure {
	return figure{
		tall: 1.6 + 0.28*r.Float64(), right: r.IntN(2) == 0, phase: 2 * math.Pi * r.Float64(),
		skin: pick(r, skins), hair: pick(r, hairs), top: pick(r, tops), legs: pick(r, lower),
		shoes: pick(r, []ink{{34, 34, 36}, {40, 58, 84}, {226, 226, 228}}), bag: pick(r, tops).shade(0.7),
		coat: r.IntN(3) == 0, skirt: r.IntN(5) == 0, pack: r.IntN(3) == 0, hat: r.IntN(5) == 0,
	}
}

// margin is how far outside the frame a figure appears and disappears.
const margin = 0.22

// draw draws the figure at t seconds.
func (f *figure) draw(c canvas, t float64) {
	if t < f.from || t > f.until {
		return
	}
	way := c.aspect() + 2*margin
	gone := way * (t - f.from) / (f.until - f.from)
	h := f.tall * metre(f.feet)
	stride, dir, x := 0.84*h, 1.0, gone-margin
	if f.runs {
		stride = 1.5 * h
	}
	if !f.right {
		dir, x = -1, c.aspect()+margin-gone
	}
	p := pose{c: c, h: h, dir: dir, runs: f.runs, phase: f.phase + 2*math.Pi*gone/stride}
	c.ellipse(x+0.05*h, f.feet, 0.2*h, 0.022*h, rgb(30, 30, 34), 0.45)

	near, far := p.leg(p.phase), p.leg(p.phase+math.Pi)
	ground := max(near.heel.y, far.heel.y)
	hip := point{x, f.feet - 0.035*h - ground}
	lean := 0.015 * h * dir
	if f.runs {
		lean *= 4
	}
	shoulder := point{x + lean, hip.y - 0.275*h}

	p.drawArm(shoulder, p.phase, f.top.shade(0.62), f.skin.shade(0.7))
	p.drawLeg(hip, far, f.legs.shade(0.66), f.shoes.shade(0.7))
	p.drawLeg(hip, near, f.legs, f.shoes)
	if f.pack {
		c.limb(point{shoulder.x - 0.085*h*dir, shoulder.y + 0.05*h}, 0.04*h, point{shoulder.x - 0.08*h*dir, shoulder.y + 0.17*h}, 0.045*h, f.bag)
	}
	if f.skirt || f.coat {
		k, hem := f.legs, 0.2*h
		if f.coat {
			k = f.top.shade(0.9)
		}
		sway := 0.02 * h * math.Sin(p.phase)
		c.poly(k, point{hip.x - 0.07*h, hip.y - 0.08*h}, point{hip.x + 0.07*h, hip.y - 0.08*h},
			point{hip.x + 0.105*h + sway, hip.y + hem}, point{hip.x - 0.105*h + sway, hip.y + hem})
	}
	c.limb(point{hip.x, hip.y - 0.01*h}, 0.07*h, point{shoulder.x, shoulder.y + 0.035*h}, 0.082*h, f.top)
	c.limb(point{hip.x - 0.03*h*dir, hip.y - 0.01*h}, 0.036*h, point{shoulder.x - 0.035*h*dir, shoulder.y + 0.04*h}, 0.042*h, f.top.shade(0.84))
	p.drawHead(point{shoulder.x + 0.25*lean, shoulder.y - 0.115*h}, f)
	p.drawArm(point{shoulder.x - 0.01*h*dir, shoulder.y + 0.005*h}, p.phase+math.Pi, f.top.shade(1.12), f.skin)
}

// pose is a figure at one moment.
type pose struct {
	c      canvas
	h, dir float64
	runs   bool
	phase  float64
}

// stance is the position of a leg, relative to the hip.
type stance struct{ knee, heel, toe point }

// leg returns a leg's position. It swings forward with a bent knee while the cosine of
// its phase is above zero, and stands while it is below.
func (p pose) leg(phase float64) stance {
	sin, cos := math.Sincos(phase)
	swing, bend := 0.42*sin, 0.1+0.75*math.Pow(max(cos, 0), 1.5)
	if p.runs {
		swing, bend = 0.15+0.62*sin, 0.3+1.35*math.Pow(max(cos, 0), 1.2)
	}
	thigh, shank := 0.245*p.h, 0.245*p.h
	s := stance{}
	s.knee = point{p.dir * thigh * math.Sin(swing), thigh * math.Cos(swing)}
	s.heel = point{s.knee.x + p.dir*shank*math.Sin(swing-bend), s.knee.y + shank*math.Cos(swing-bend)}
	tip := 0.12 + 0.7*(swing-bend)
	s.toe = point{s.heel.x + p.dir*0.1*p.h*math.Cos(tip), s.heel.y - 0.1*p.h*math.Sin(tip) + 0.012*p.h}
	return s
}

func (p pose) drawLeg(hip point, s stance, cloth, shoe ink) {
	at := func(q point) point { return point{hip.x + q.x, hip.y + q.y} }
	p.c.limb(at(s.knee), 0.042*p.h, at(s.heel), 0.027*p.h, cloth)
	p.c.limb(point{hip.x + s.heel.x, hip.y + s.heel.y + 0.012*p.h}, 0.025*p.h, at(s.toe), 0.018*p.h, shoe)
	p.c.limb(hip, 0.062*p.h, at(s.knee), 0.043*p.h, cloth)
}

// drawArm draws an arm, which swings against the leg of the same phase.
func (p pose) drawArm(shoulder point, phase float64, cloth, skin ink) {
	swing, bend := 0.45*math.Sin(phase+math.Pi)-0.05, 0.28
	if p.runs {
		swing, bend = 0.7*math.Sin(phase+math.Pi)-0.15, 1.45
	}
	sin, cos := math.Sincos(swing)
	elbow := point{shoulder.x + p.dir*0.165*p.h*sin, shoulder.y + 0.02*p.h + 0.165*p.h*cos}
	sin, cos = math.Sincos(swing + bend)
	hand := point{elbow.x + p.dir*0.145*p.h*sin, elbow.y + 0.145*p.h*cos}
	p.c.limb(point{shoulder.x, shoulder.y + 0.02*p.h}, 0.034*p.h, elbow, 0.028*p.h, cloth)
	p.c.ellipse(hand.x, hand.y, 0.023*p.h, 0.023*p.h, skin, 1)
	p.c.limb(elbow, 0.028*p.h, hand, 0.021*p.h, cloth)
	p.c.ellipse(hand.x+p.dir*0.01*p.h*sin, hand.y+0.012*p.h*cos, 0.02*p.h, 0.02*p.h, skin, 1)
}

func (p pose) drawHead(at point, f *figure) {
	h, c := p.h, p.c
	c.limb(point{at.x - 0.008*h*p.dir, at.y + 0.03*h}, 0.027*h, point{at.x - 0.012*h*p.dir, at.y + 0.09*h}, 0.03*h, f.skin.shade(0.82))
	c.ellipse(at.x-0.012*h*p.dir, at.y-0.008*h, 0.054*h, 0.066*h, f.hair, 1)
	c.ellipse(at.x+0.01*h*p.dir, at.y+0.008*h, 0.043*h, 0.056*h, f.skin, 1)
	c.ellipse(at.x+0.053*h*p.dir, at.y+0.014*h, 0.01*h, 0.012*h, f.skin, 1)
	c.ellipse(at.x-0.005*h*p.dir, at.y-0.042*h, 0.05*h, 0.028*h, f.hair, 1)
	c.ellipse(at.x-0.006*h*p.dir, at.y+0.012*h, 0.009*h, 0.014*h, f.skin.shade(0.8), 1)
	if f.hat {
		c.ellipse(at.x-0.004*h*p.dir, at.y-0.045*h, 0.056*h, 0.034*h, f.bag, 1)
		c.limb(point{at.x, at.y - 0.03*h}, 0.011*h, point{at.x + 0.075*h*p.dir, at.y - 0.024*h}, 0.007*h, f.bag.shade(0.85))
	}
}
