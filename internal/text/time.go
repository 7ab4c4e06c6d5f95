package text

import (
	"fmt"
	"strconv"
	"time"
)

// Ago formats a duration in at most six characters: "850µs", "12ms", "1.2s", "1h05m"; "-"
// if it is negative.
func Ago(d time.Duration) string {
	switch {
	case d < 0:
		return "-"
	case d < time.Microsecond:
		return strconv.Itoa(int(d)) + "ns"
	case d < time.Millisecond:
		return strconv.Itoa(int(d/time.Microsecond)) + "µs"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + "ms"
	case d < time.Second:
		return strconv.Itoa(int(d/time.Millisecond)) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < 100*time.Second:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// Coarse is Ago with durations below a second rounded to 10 ms, so that a growing one does not
// flicker.
func Coarse(d time.Duration) string {
	if d >= 0 && d < time.Second {
		d = d.Round(10 * time.Millisecond)
	}
	if d >= 0 && d < time.Second {
		return strconv.Itoa(int(d/time.Millisecond)) + "ms"
	}
	return Ago(d)
}

// Tenths formats seconds with as many digits as are readable at a glance.
func Tenths(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return Ago(d)
}
