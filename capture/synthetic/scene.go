package synthetic

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A scene draws the frames of a synthetic camera. Frame n depends only on the scene's
// name, seed, size and rate. It belongs to one goroutine.
type scene struct {
	name  string
	plan  plan
	seed  uint64
	fps   float64
	w, h  int
	still *backdrop
	work  canvas // same as still, except while a frame is drawn
	grain noise
	cloth cloth
	blurs map[int]*blur

	round   int64 // the round of passing
	passing *traffic
	line    []byte
}

// moment is how a scene differs from the plain street at one moment.
type moment struct {
	frame uint64  // the frame to draw
	light float64 // 1: daylight
	cover float64 // fraction of the lens covered, 0..1
	blur  int     // 1: in focus; otherwise the blur size in pixels
	quiet bool    // no people
}

// plan describes how a scene differs from the plain street.
type plan struct {
	name, doc string
	at        func(m moment, t, fps float64, seed uint64) moment
	lens      bool // covers or blurs the lens
}

var plans = []plan{
	{name: "street", doc: "a small street where people and cars come and go"},
	{name: "empty", doc: "the same street with nobody in it", at: empty},
	{name: "flicker", doc: "the empty street under a lamp that flickers and jumps between brightnesses", at: flicker},
	{name: "dark", doc: "the street, where the light goes out slowly after 8 s and comes back after 20 s, again and again", at: dark},
	{name: "freeze", doc: "the street, frozen for 6 s in every 20 s", at: freeze},
	{name: "tamper", doc: "the street through a lens that gets covered by a cloth, then goes out of focus, again and again", at: tamper, lens: true},
}

func empty(m moment, _, _ float64, _ uint64) moment {
	m.quiet = true
	return m
}

// flicker has 4 s of steady light, 4 s of flickering light, and 4 s of dimmed light by
// a varying amount.
func flicker(m moment, t, _ float64, seed uint64) moment {
	m.quiet = true
	part, turn := math.Mod(t, 12), uint64(t/12)
	even := func(v uint64) float64 { return float64(mix64(v+seed)>>40) / (1 << 24) }
	switch {
	case part < 4:
	case part < 8:
		m.light = 1 - 0.3*even(uint64(t*12))
	default:
		m.light = 0.55 + 0.35*even(turn<<32)
	}
	return m
}

func dark(m moment, t, _ float64, _ uint64) moment {
	const least = 0.05
	switch part := math.Mod(t, 24); {
	case part < 8:
	case part < 12:
		m.light = 1 - (1-least)*(part-8)/4
	case part < 20:
		m.light = least
	case part < 22:
		m.light = least + (1-least)*(part-20)/2
	}
	return m
}

func freeze(m moment, t, fps float64, _ uint64) moment {
	if part := math.Mod(t, 20); part >= 8 && part < 14 {
		m.frame = uint64(math.Ceil((t - part + 8) * fps))
	}
	return m
}

func tamper(m moment, t, _ float64, _ uint64) moment {
	switch part := math.Mod(t, 30); {
	case part < 8:
	case part < 9:
		m.cover = part - 8
	case part < 15:
		m.cover = 1
	case part < 16:
		m.cover = 16 - part
	case part < 18:
	case part < 26:
		m.blur = blurSteps[0]
		for _, by := range blurSteps {
			if part > 18+0.12*float64(by) && part < 26-0.12*float64(by) {
				m.blur = by
			}
		}
	}
	return m
}

// blurSteps are the blur sizes, for a frame height of 720.
var blurSteps = []int{3, 5, 8, 12}

func newScene(p plan, seed uint64, w, h int, fps float64) *scene {
	s := &scene{name: strings.ToUpper(p.name), plan: p, seed: seed, fps: fps, w: w, h: h, round: -1}
	r := rand.New(rand.NewPCG(seed, 0x737472656574))
	s.still = newBackdrop(w, h, r)
	s.work = canvas{w: w, h: h, pix: slices.Clone(s.still.pix), drawn: make([]run, h)}
	s.grain = newNoise(w, seed)
	if p.lens {
		s.cloth = newCloth(w, h)
		s.blurs = make(map[int]*blur)
		for _, by := range blurSteps {
			s.blurs[by] = newBlur(s.still, max(2, by*h/720))
		}
	}
	return s
}

// draw draws frame n, from 0, into pix.
func (s *scene) draw(pix []byte, n uint64) {
	m := moment{frame: n, light: 1, blur: 1}
	if s.plan.at != nil {
		m = s.plan.at(m, float64(n)/s.fps, s.fps, s.seed)
	}
	t := float64(m.frame) / s.fps
	out := canvas{w: s.w, h: s.h, pix: pix}
	seen := out
	switch b := s.blurs[m.blur]; {
	case b != nil:
		copy(b.small.pix, b.street.pix)
		s.people(b.small, b.street, t)
		b.soften()
		b.soften()
		b.fill(out)
	case m.cover >= 1:
		s.cloth.draw(out, 1, t)
	default:
		// Wipe only what was drawn, which is little. Copying the whole street for each
		// frame would double the cost.
		seen = s.work
		defer s.work.wipe(s.still.canvas)
		if !m.quiet {
			s.people(s.work, s.still, t)
		}
		if m.cover > 0 {
			s.cloth.draw(s.work, m.cover, t)
		}
	}
	seen.develop(pix, s.grain, m.frame, m.light)
	s.caption(out, m.frame, t)
}

func (s *scene) people(c canvas, back *backdrop, t float64) {
	round := int64(t / roundTime)
	if round != s.round {
		s.round, s.passing = round, meet(s.seed, round)
	}
	s.passing.draw(c, back, t-float64(round)*roundTime)
}

// caption draws the scene's name, the frame number from 1, and the time into the frame.
func (s *scene) caption(c canvas, n uint64, t float64) {
	cs := uint64(t*100 + 0.5)
	line := append(s.line[:0], s.name...)
	line = digits(append(line, "  #"...), n+1, 6)
	line = digits(append(line, "  "...), cs/360000, 2)
	line = digits(append(line, ':'), cs/6000%60, 2)
	line = digits(append(line, ':'), cs/100%60, 2)
	s.line = digits(append(line, '.'), cs%100, 2)
	scale := max(1, s.h/300)
	c.text(4*scale, 4*scale, scale, s.line)
}

// digits appends v with at least width digits.
func digits(to []byte, v uint64, width int) []byte {
	for least := uint64(10); width > 1; width-- {
		if v < least {
			to = append(to, '0')
		}
		least *= 10
	}
	return strconv.AppendUint(to, v, 10)
}
