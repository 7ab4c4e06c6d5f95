package track

import (
	"time"

	"rvo-tui/detectors"
)

// Noise of the Kalman filter, relative to the size of the box, and per second. The
// ratio of the first to the others is that of ByteTrack (Zhang et al., 2022, after
// DeepSORT, Wojke et al., 2017), which has it per frame.
const (
	measured = 0.05 // standard deviation of a measured edge
	wander   = 0.05 // of the position, after one second
	turn     = 0.6  // of the speed, after one second
	swell    = 0.1  // of the growth, after one second
	firstRun = 1.0  // of the speed of a new object
)

// axis is the Kalman filter of one coordinate: value, speed and their covariance. Since
// the noise of the coordinates is independent, four of these are equivalent to the
// eight-dimensional filter of the papers.
type axis struct {
	at, speed  float64
	pp, pv, vv float64
}

func start(at, size, speed float64) axis {
	return axis{at: at, pp: sq(measured * size), vv: sq(speed * size)}
}

// predict advances the filter by dt seconds, with white noise on position and speed.
func (a *axis) predict(dt, place, speed float64) {
	a.at += a.speed * dt
	a.pp += dt*(2*a.pv+dt*a.vv) + place*dt + speed*dt*dt*dt/3
	a.pv += dt*a.vv + speed*dt*dt/2
	a.vv += speed * dt
}

// update incorporates a measurement of the given variance.
func (a *axis) update(at, variance float64) {
	s := a.pp + variance
	kp, kv := a.pp/s, a.pv/s
	off := at - a.at
	a.at += kp * off
	a.speed += kv * off
	a.vv -= kv * a.pv
	a.pv *= 1 - kp
	a.pp *= 1 - kp
}

func sq(v float64) float64 { return v * v }

// filter estimates the centre and the size of a box.
type filter struct{ x, y, w, h axis }

func startFilter(b detectors.Box) filter {
	return filter{
		x: start(b.X+b.W/2, b.W, firstRun), y: start(b.Y+b.H/2, b.H, firstRun/2),
		w: start(b.W, b.W, swell), h: start(b.H, b.H, swell),
	}
}

// predicted returns the filter after time dt without a measurement.
func (f filter) predicted(dt time.Duration) filter {
	s := dt.Seconds()
	w, h := sq(f.w.at), sq(f.h.at)
	f.x.predict(s, sq(wander)*w, sq(turn)*w)
	f.y.predict(s, sq(wander)*h, sq(turn)*h)
	f.w.predict(s, sq(wander)*w, sq(swell)*w)
	f.h.predict(s, sq(wander)*h, sq(swell)*h)
	f.w.at, f.h.at = max(f.w.at, leastSize), max(f.h.at, leastSize)
	return f
}

// update incorporates a box.
func (f *filter) update(b detectors.Box) {
	w, h := sq(measured*f.w.at), sq(measured*f.h.at)
	f.x.update(b.X+b.W/2, w)
	f.y.update(b.Y+b.H/2, h)
	f.w.update(b.W, w)
	f.h.update(b.H, h)
	f.w.at, f.h.at = max(f.w.at, leastSize), max(f.h.at, leastSize)
}

// leastSize keeps sizes above 0, so that the noise is not 0.
const leastSize = 1e-4

func (f *filter) box() detectors.Box {
	return detectors.Box{X: f.x.at - f.w.at/2, Y: f.y.at - f.h.at/2, W: f.w.at, H: f.h.at}
}
