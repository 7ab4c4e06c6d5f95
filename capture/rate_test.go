package capture

import (
	"testing"
	"time"
)

func TestThroughput(t *testing.T) {
	var m throughput
	start := time.Unix(1_000_000, 0)
	if r := m.rate(start); r != 0 {
		t.Errorf("%v before anything has come", r)
	}
	at := start
	for range 100 { // four seconds
		m.add(at, 1000)
		at = at.Add(40 * time.Millisecond)
	}
	if r := m.rate(at); r < 24_000 || r > 26_000 {
		t.Errorf("%.0f bytes a second, want about 25000", r)
	}
	if r := m.rate(at.Add(4 * time.Second)); r != 0 {
		t.Errorf("%.0f though nothing comes", r)
	}
	m.add(at.Add(time.Hour), 1000)
	if r := m.rate(at.Add(time.Hour)); r != 0 {
		t.Errorf("%.0f at the first packet of a new connection", r)
	}
}
