package text

import (
	"fmt"
	"strconv"
	"time"
)

// Ago writes a duration in at most six characters: "850µs", "12ms", "1.2s", "1h05m"; "-"
// where it is negative.
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

// Coarse writes a duration that is still running, in steps that do not flicker:
// hundredths of a second only where they matter.
func Coarse(d time.Duration) string {
	if d >= 0 && d < time.Second {
		d = d.Round(10 * time.Millisecond)
	}
	if d >= 0 && d < time.Second {
		return strconv.Itoa(int(d/time.Millisecond)) + "ms"
	}
	return Ago(d)
}

// Tenths writes seconds without more digits than one can read.
func Tenths(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return Ago(d)
}
