package main

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// scale is the mapping and labelling of an axis.
type scale struct {
	log   bool
	write func(v float64) string // formats a value with its unit, for a tick
	at    []float64              // ticks at these values; nil: at round values
	names []string               // of a nominal axis, at 0, 1, 2, …
	zero  bool                   // linear axis that begins at 0
	whole bool                   // for counts: only whole ticks
}

// The axes that figures use.
var (
	durations = scale{log: true, write: duration}
	rates     = scale{zero: true, write: plain}
	counts    = scale{zero: true, write: plain, whole: true}
	seconds   = scale{zero: true, write: plain}
)

// least is the smallest value that a logarithmic axis shows.
const least = 1e-15

// shows reports whether a value can be shown on the axis.
func (s scale) shows(v float64) bool { return !s.log || v >= least }

// ticksOf returns the scale with ticks at the x values of all points.
func (s scale) ticksOf(curves []curve) scale {
	for _, k := range curves {
		for _, p := range k.points {
			if s.shows(p.x) && !slices.Contains(s.at, p.x) {
				s.at = append(s.at, p.x)
			}
		}
	}
	return s
}

// duration formats seconds in a suitable unit.
func duration(s float64) string {
	for _, u := range []struct {
		of   float64
		name string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}} {
		if s >= u.of*0.9999999 || u.of == 1e-9 {
			return plain(s/u.of) + " " + u.name
		}
	}
	return ""
}

// plain formats a number with at most four significant digits and separated thousands.
func plain(v float64) string {
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if math.Abs(v) >= 1e4 || strings.Contains(s, "e") {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	whole, rest, _ := strings.Cut(s, ".")
	if first := len(whole) - len(strings.TrimPrefix(whole, "-")); len(whole)-first > 4 {
		for i := len(whole) - 3; i > first; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}

// apply sets up an axis for values from low to high.
func (s scale) apply(a *plot.Axis, low, high float64) {
	switch {
	case s.names != nil:
		a.Min, a.Max = -0.5, float64(len(s.names))-0.5
		a.Tick.Marker = ticksAt(s.names)
		return
	case s.log:
		a.Scale = plot.LogScale{}
		low, high = around(low, high)
	default:
		if s.zero {
			low = min(low, 0)
		}
		if high <= low {
			high = low + 1
		}
		high += (high - low) * 0.06
	}
	a.Min, a.Max = low, high
	a.Tick.Marker = plot.TickerFunc(s.ticks)
}

// around widens the range of a logarithmic axis to round values (1, 2, 5, 10, …) and to at least one
// decade.
func around(low, high float64) (from, to float64) {
	if high/low < 10 {
		middle := math.Sqrt(high * low)
		low, high = min(low, middle/3.2), max(high, middle*3.2)
	}
	from, to = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high)))
	for _, m := range []float64{5, 2} {
		if from*m <= low*1.0001 {
			from *= m
			break
		}
	}
	for _, m := range []float64{5, 2} {
		if to/10*(10/m) >= high*0.9999 {
			to = to / m
			break
		}
	}
	return from, to
}

// ticks returns the ticks of an axis, some of them labelled.
func (s scale) ticks(low, high float64) []plot.Tick {
	var out []plot.Tick
	switch {
	case s.at != nil:
		for _, v := range s.at {
			if v >= low && v <= high {
				out = append(out, plot.Tick{Value: v, Label: s.write(v)})
			}
		}
	case s.log:
		fine := math.Log10(high/low) < 2.2
		for k := math.Floor(math.Log10(low)); k <= math.Ceil(math.Log10(high)); k++ {
			for m := 1.0; m < 10; m++ {
				v := m * math.Pow(10, k)
				if v < low*0.999 || v > high*1.001 {
					continue
				}
				t := plot.Tick{Value: v}
				if m == 1 || fine && (m == 2 || m == 5) {
					t.Label = s.write(v)
				}
				out = append(out, t)
			}
		}
	default:
		step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
		for _, m := range []float64{5, 2} {
			if (high-low)/(step*m) >= 4 {
				step *= m
				break
			}
		}
		if s.whole {
			step = max(step, 1)
		}
		for i := math.Ceil(low / step); i*step <= high; i++ {
			out = append(out, plot.Tick{Value: i * step, Label: s.write(i * step)})
		}
	}
	return out
}

// ticksAt are ticks at 0, 1, 2, … with names.
func ticksAt(names []string) plot.Ticker {
	var out plot.ConstantTicks
	for i, n := range names {
		out = append(out, plot.Tick{Value: float64(i), Label: n})
	}
	return out
}
