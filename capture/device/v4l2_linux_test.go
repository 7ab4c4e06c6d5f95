package device

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/blackjack/webcam"
)

func TestRates(t *testing.T) {
	listed := func() []webcam.FrameRate {
		return []webcam.FrameRate{{MinNumerator: 1, MaxDenominator: 15}, {}, {MinNumerator: 1001, MaxDenominator: 30030}}
	}
	if got, want := ratesOf(listed), []float64{30, 15}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// As the library reads a range with steps: into fields that cannot be set.
	stepwise := func() []webcam.FrameRate {
		var to struct {
			min, max, step struct{ Numerator, Denominator uint32 }
		}
		_ = binary.Read(bytes.NewReader(make([]byte, binary.Size(to))), binary.NativeEndian, &to)
		return listed()
	}
	if got := ratesOf(stepwise); got != nil {
		t.Errorf("got %v of a range with steps, want none", got)
	}
}
