package draw

import "time"

// Stamp writes a time with its date and zone.
func Stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// Column is how a column of times is drawn: the zone stands in its head, or where the
// clocks were changed in between, behind each time.
type Column struct {
	zone  string
	mixed bool
}

// NewColumn returns the column of the times from the first to the last.
func NewColumn(first, last time.Time) Column {
	was, _ := first.Local().Zone()
	is, _ := last.Local().Zone()
	return Column{zone: is, mixed: was != is}
}

// Head returns what stands above the times.
func (c Column) Head() string { return Fit(c.zone, c.Width()) }

// Zone returns the zone of the newest time.
func (c Column) Zone() string { return c.zone }

// Width returns how many cells a time takes.
func (c Column) Width() int {
	if c.mixed {
		return 13
	}
	return 8
}

// Of writes a time.
func (c Column) Of(t time.Time) string {
	if c.mixed {
		return Fit(t.Local().Format("15:04:05 MST"), c.Width())
	}
	return t.Local().Format("15:04:05")
}
