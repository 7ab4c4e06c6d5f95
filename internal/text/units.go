package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that configuration files write as text: "500ms",
// "1m30s".
type Duration time.Duration

// UnmarshalText reads the form of time.ParseDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration; write a number and a unit, as in \"500ms\", \"10s\" or \"1m30s\"", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the form of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }

// Bytes is an amount of memory or disk that configuration files write as text:
// "64MiB", "2GiB", "1.5GB", or a plain number of bytes.
type Bytes int64

// byteUnits is in the order in which MarshalText tries the binary ones.
var byteUnits = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"KB", 1e3},
	{"B", 1},
	{"", 1},
}

// UnmarshalText reads a number of at least 0, which may have a fraction, and a
// unit: B, KB, MB, GB, TB (thousands) or KiB, MiB, GiB, TiB (1024s), in any
// case. Parts of a byte are cut off.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	digits := strings.TrimRight(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	unit := s[len(digits):]
	digits = strings.TrimRight(digits, " ")
	for _, u := range byteUnits {
		if !strings.EqualFold(u.name, unit) {
			continue
		}
		if strings.Trim(digits, "0123456789.") != "" {
			break
		}
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			if n > math.MaxInt64/u.size {
				break
			}
			*b = Bytes(n * u.size)
			return nil
		}
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil || f*float64(u.size) >= math.MaxInt64 {
			break
		}
		*b = Bytes(f * float64(u.size))
		return nil
	}
	return fmt.Errorf("%q is not a size; write a number and a unit, as in \"64MiB\", \"2GiB\" or \"500MB\"", text)
}

// MarshalText writes the form that UnmarshalText reads, exactly.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String returns the amount in the largest binary unit that divides it.
func (b Bytes) String() string {
	for _, u := range byteUnits[:4] {
		if b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}
