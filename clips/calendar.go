package clips

import "time"

const (
	// calendarStart is earlier than every clip of this program that was made with a
	// correct clock, in Unix seconds: 2026-01-01.
	calendarStart = 1767225600
	// clockHold is how long the clock must have run evenly before a clip is
	// deleted for its age: enough for a machine that has just started to set it.
	clockHold = 10 * time.Minute
	// clockSlip is how far the clock may deviate from the uptime between two checks
	// without counting as set.
	clockSlip = 30 * time.Second
)

// calendar knows the age of clips, as far as the wall clock can be trusted:
// machines without a battery start in 1970, and a time server or a user may set a
// clock by years. Its zero value is ready.
type calendar struct {
	seen bool
	wall time.Time     // at the last look
	up   time.Duration // at the last look
	even time.Duration // since when the clock has run evenly
}

// look reads the clock at the uptime up, and returns by how much it was set since the
// last look; 0: it was not.
func (c *calendar) look(wall time.Time, up time.Duration) (set time.Duration) {
	wall = wall.Round(0) // without the monotonic reading, by which it would be compared
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

// age returns the age at the last look of a clip made at a time. It is 0 where that
// is unknown: the clock is not set, or was set a moment ago; or it was wrong when the
// clip was made.
func (c *calendar) age(at time.Time) time.Duration {
	if at.Unix() < calendarStart || c.wall.Unix() < calendarStart || c.up-c.even < clockHold {
		return 0
	}
	return max(0, c.wall.Sub(at.Round(0)))
}
