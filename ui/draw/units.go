package draw

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// Ago formats a duration in at most six cells, like text.Ago; rules.Never is "-".
func Ago(d time.Duration) string {
	if d == rules.Never {
		return "-"
	}
	return text.Ago(d)
}

// Coarse formats a duration that is still running, like text.Coarse; rules.Never is "-".
func Coarse(d time.Duration) string {
	if d == rules.Never {
		return "-"
	}
	return text.Coarse(d)
}

// Steady formats the age of a value that is renewed many times a second, in steps coarse
// enough not to flicker.
func Steady(d time.Duration) string {
	if d >= 0 && d < 50*time.Millisecond {
		return "<50ms"
	}
	if d < time.Second {
		d = d.Round(50 * time.Millisecond)
	}
	return Coarse(d)
}

// Clock formats an uptime.
func Clock(d time.Duration) string {
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h >= 24 {
		return fmt.Sprintf("%dd %02d:%02d:%02d", h/24, h%24, m, s)
	}
	return fmt.Sprintf("%02d:%02d:%02d", h, m, s)
}

// Count formats a number in at most five cells: "9999", "12.3k", "4.56M".
func Count(n uint64) string {
	switch {
	case n < 10_000:
		return strconv.FormatUint(n, 10)
	case n < 100_000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + "k"
	case n < 1_000_000:
		return strconv.Itoa(int(n/1000)) + "k"
	case n < 100_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + "M"
	case n < 1_000_000_000:
		return strconv.Itoa(int(n/1_000_000)) + "M"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + "G"
}

// Number formats a signal's value in at most seven cells.
func Number(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "-"
	case v == math.Trunc(v) && a < 1e6:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a < 1000:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a < 1e6:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}

// Rate formats a rate per second in at most four cells.
func Rate(v float64) string {
	switch {
	case v < 0.05:
		return "0"
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Limit formats a configured rate in at most four cells, without trailing zeros.
func Limit(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// Bits formats a bit rate.
func Bits(perSecond float64) string {
	switch {
	case perSecond < 1e3:
		return strconv.FormatFloat(perSecond, 'f', 0, 64) + " bit/s"
	case perSecond < 1e6:
		return strconv.FormatFloat(perSecond/1e3, 'f', 0, 64) + " kbit/s"
	}
	return strconv.FormatFloat(perSecond/1e6, 'f', 1, 64) + " Mbit/s"
}

// Amount formats bytes in at most seven cells: "1.23 GB".
func Amount(n int64) string {
	f := float64(n)
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return strconv.FormatFloat(f/1e3, 'f', 1, 64) + " kB"
	case n < 1_000_000_000:
		return strconv.FormatFloat(f/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(f/1e9, 'f', 2, 64) + " GB"
}
