package clips

import "time"

const (
	// calendarStart is earlier than any clip made with a correct clock, in Unix
	// seconds: 2026-01-01.
	calendarStart = 1767225600
	// clockHold is how long the clock must run steadily before clips are deleted for
	// their age. It gives a freshly started machine time to set its clock.
	clockHold = 10 * time.Minute
	// clockSlip is how far the clock may deviate from the uptime between two checks
	// without counting as set.
	clockSlip = 30 * time.Second
)

// calendar computes the age of clips when the wall clock can be trusted. Machines
// without a battery start in 1970, and a time server or a user may set the clock by
// years. The zero value is ready to use.
type calendar struct {
	seen bool
	wall time.Time     // at the last check
	up   time.Duration // at the last check
	even time.Duration // since when the clock has run steadily
}

// look reads the clock at uptime up. It returns by how much the clock was set since the
// last check, or 0.
func (c *calendar) look(wall time.Time, up time.Duration) (set time.Duration) {
	wall = wall.Round(0) // drop the monotonic reading, which would be used for comparison
	if c.seen {
		set = wall.Sub(c.wall) - (up - c.up)
	}
	if set.Abs() <= clockSlip {
		set = 0
	}
	if !c.seen || set != 0 {
		c.even = up
	}
	c.seen, c.wall, c.up = true, wall, up
	return set
}

// age returns the age, at the last check, of a clip made at a time. It is 0 if unknown:
// the clock is not set, was set recently, or was wrong when the clip was made.
func (c *calendar) age(at time.Time) time.Duration {
	if at.Unix() < calendarStart || c.wall.Unix() < calendarStart || c.up-c.even < clockHold {
		return 0
	}
	return max(0, c.wall.Sub(at.Round(0)))
}
