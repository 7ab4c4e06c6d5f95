package wait

import (
	"testing"
	"time"
)

func TestAlarmAndNapAreNotEarly(t *testing.T) {
	a := NewAlarm()
	defer a.End()
	for _, d := range []time.Duration{-time.Second, 0, 10 * time.Microsecond, time.Millisecond} {
		at := time.Now().Add(d)
		if a.Until(at); time.Now().Before(at) {
			t.Errorf("the alarm of %v came early", d)
		}
		at = time.Now().Add(d)
		if Nap(d); time.Now().Before(at) {
			t.Errorf("the nap of %v ended early", d)
		}
	}
}
