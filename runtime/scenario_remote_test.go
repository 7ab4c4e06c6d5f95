package runtime_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime/testkit"
)

// A service that takes 150 ms per frame, with a limit of 15 per second, is called again as soon
// as it has answered. A local detector that takes as long backs off, because that is more than
// twice its 67 ms.
func TestServiceIsPacedByItsAnswers(t *testing.T) {
	for _, c := range []struct {
		name        string
		remote      bool
		takes       time.Duration
		least, most int // answers in 10 s
		parked      bool
	}{
		{"remote", true, 150 * ms, 60, 70, false},
		{"local", false, 150 * ms, 10, 20, true},
		{"remote and fast", true, 5 * ms, 149, 151, false},
		{"remote and slow", true, 500 * ms, 19, 20, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := testkit.NewDetector("service", testkit.Latency(c.takes, testkit.Always(1)))
				service.Remote, service.Config.MaxFPS, service.Config.Cost = c.remote, 15, detectors.CostHigh
				p := start(t, testkit.Setup{
					Cameras:   []*testkit.Camera{{Name: "door", Gap: time.Second / 30}},
					Detectors: []*testkit.Detector{service},
				})
				p.Until(10*time.Second + 3*ms)
				v := p.Detector(t, "door", "service")
				if n := len(service.Calls()); n < c.least || n > c.most {
					t.Errorf("asked %d times in 10 s, want %d to %d", n, c.least, c.most)
				}
				if (v.Backoffs > 0) != c.parked {
					t.Errorf("parked %d times", v.Backoffs)
				}
				if v.Timeouts+v.Late+v.Expired > 0 || len(v.Errors) > 0 {
					t.Errorf("failures: %+v", v)
				}
				for _, call := range service.Calls() {
					if age := call.At.Sub(call.Captured); age > time.Second/30+ms {
						t.Fatalf("asked about a frame %v old while there was a newer one", age)
					}
				}
			})
		})
	}
}

// named is a detector that knows its model after its first result.
type named struct{ model string }

func (n *named) Detect(context.Context, *capture.Frame) ([]detectors.Reading, error) {
	n.model = "hog 1"
	return nil, nil
}

func (n *named) Model() string { return n.model }
func (n *named) Close() error  { return nil }

func TestModelIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vision := testkit.NewDetector("vision", nil)
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door", First: time.Second}},
			Detectors: []*testkit.Detector{vision},
			Kinds: detectors.Kinds{"vision": {
				Name: "vision", New: func(detectors.Config) (detectors.Detector, error) { return new(named), nil },
			}},
		})
		p.Until(500 * ms)
		before := p.Detector(t, "door", "vision").Model
		p.Until(1500 * ms)
		if after := p.Detector(t, "door", "vision").Model; before != "" || after != "hog 1" {
			t.Errorf("model %q before the first answer and %q after it", before, after)
		}
	})
}
