package draw

import "time"

// Stamp formats a time with date and zone.
func Stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// Column is the format of a column of times. The zone is in the head; if daylight saving began
// or ended in between, it follows each time instead.
type Column struct {
	zone  string
	mixed bool
}

// NewColumn returns the format for times between first and last.
func NewColumn(first, last time.Time) Column {
	was, _ := first.Local().Zone()
	is, _ := last.Local().Zone()
	return Column{zone: is, mixed: was != is}
}

// Head returns the column's head.
func (c Column) Head() string { return Fit(c.zone, c.Width()) }

// Zone returns the zone of the newest time.
func (c Column) Zone() string { return c.zone }

// Width returns the column's width in cells.
func (c Column) Width() int {
	if c.mixed {
		return 13
	}
	return 8
}

// Of formats a time.
func (c Column) Of(t time.Time) string {
	if c.mixed {
		return Fit(t.Local().Format("15:04:05 MST"), c.Width())
	}
	return t.Local().Format("15:04:05")
}
