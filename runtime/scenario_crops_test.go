package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

// boxesOf returns boxes of an eighth of the frame, side by side.
func boxesOf(n int) func(testkit.Call) []detectors.Detection {
	return func(testkit.Call) []detectors.Detection {
		var found []detectors.Detection
		for i := range n {
			found = append(found, detectors.Detection{Label: "car", Score: 0.9, Box: detectors.Box{X: float64(i) / 8, Y: 0.25, W: 0.125, H: 0.5}})
		}
		return found
	}
}

func carsAndPlates(cars int, plates testkit.Script) (car, plate *testkit.Detector) {
	car = testkit.NewDetector("car", testkit.Latency(30*ms, testkit.Always(float64(cars))))
	car.Boxes = boxesOf(cars)
	plate = testkit.NewDetector("plate", plates)
	plate.Config.CropsOf, plate.Config.MaxCrops = "car", 3
	plate.Boxes = func(testkit.Call) []detectors.Detection {
		return []detectors.Detection{{Label: "AB 12", Score: 0.8, Box: detectors.Box{X: 0.5, Y: 0.5, W: 0.5, H: 0.25}}}
	}
	return car, plate
}

func platesOf(found []detectors.Detection) (text []string) {
	for i := range found {
		text = append(text, found[i].Caption(""))
	}
	return text
}

// The camera has sent frame 3 when the boxes of frame 1 are known: the pixels of frame 1 are used
// all the same.
func TestCropsAreCutOutOfTheFrameOfTheirBoxes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		car, plate := carsAndPlates(2, testkit.Always(1))
		looked := make(chan string, 10)
		plate.Script = func(_ context.Context, c testkit.Call) (float64, error) {
			looked <- fmt.Sprintf("%d: %dx%d", c.Frame, c.Image.Width, c.Image.Height)
			return 1, nil
		}
		config := runtime.DefaultConfig()
		config.Slots, config.Nice = 2, 0
		camera := &testkit.Camera{Name: "door", Width: 160, Height: 80, Gap: 10 * ms, Count: 3}
		p := start(t, testkit.Setup{Config: config, Cameras: []*testkit.Camera{camera}, Detectors: []*testkit.Detector{car, plate}})
		p.Until(300 * ms)
		var sizes []string
		for range len(looked) {
			sizes = append(sizes, <-looked)
		}
		if want := []string{"1: 20x40", "1: 20x40", "3: 20x40", "3: 20x40"}; !slices.Equal(sizes, want) {
			t.Errorf("it processed %v, want %v", sizes, want)
		}
		v := p.Camera(t, "door")
		for _, s := range v.Signals {
			switch s.Name {
			case "car":
				if got := platesOf(s.Detections); !slices.Equal(got, []string{"car plate AB 12", "car plate AB 12"}) {
					t.Errorf("cars are %q", got)
				}
			case "plate":
				want := detectors.Box{X: 0.125 + 0.0625, Y: 0.5, W: 0.0625, H: 0.125}
				if s.Value != 2 || len(s.Detections) != 2 || s.Detections[1].Box != want || s.Frame != 3 {
					t.Errorf("plates are %v in frame %d, %+v, want the second at %v", s.Value, s.Frame, s.Detections, want)
				}
			}
		}
	})
}

func TestCropsTakeTurnsAndFailOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		car, plate := carsAndPlates(5, func(_ context.Context, c testkit.Call) (float64, error) {
			if c.Run == 5 {
				return 0, errors.New("unreadable")
			}
			return 1, nil
		})
		camera := &testkit.Camera{Name: "door", Width: 160, Height: 80, Gap: 400 * ms, Count: 3}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{camera}, Detectors: []*testkit.Detector{car, plate}})
		for i, want := range []string{
			"car plate AB 12, car plate AB 12, car plate AB 12, car, car",
			// New boxes first; the second of them fails.
			"car plate AB 12, car plate AB 12, car plate AB 12, car plate AB 12, car plate ?",
			"car plate AB 12, car plate AB 12, car plate AB 12, car plate AB 12, car plate AB 12",
		} {
			p.Until(time.Duration(i)*400*ms + 300*ms)
			if got := strings.Join(platesOf(p.Signal(t, "door", "car").Detections), ", "); got != want {
				t.Errorf("after frame %d there are %q, want %q", i+1, got, want)
			}
			known := p.Signal(t, "door", "plate").Unknown
			if failed := i == 1; failed != (known == detectors.Errored) {
				t.Errorf("after frame %d the signal is %v", i+1, known)
			}
		}
		if v := p.Detector(t, "door", "plate"); v.Runs != 3 || len(v.Errors) != 1 || !strings.Contains(p.Log(), "1 of 3 boxes: unreadable") {
			t.Errorf("%d runs, errors %v\n%s", v.Runs, v.Errors, p.Log())
		}
	})
}

// A run ends before its timeout with partial results, so that one slow box does not cost the
// others.
func TestCropsStopWhileThereIsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		car, plate := carsAndPlates(3, testkit.Latency(40*ms, testkit.Always(1)))
		plate.Config.Timeout = 100 * 1e6
		camera := &testkit.Camera{Name: "door", Width: 160, Height: 80, Count: 1}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{camera}, Detectors: []*testkit.Detector{car, plate}})
		p.Until(300 * ms)
		if got := strings.Join(platesOf(p.Signal(t, "door", "car").Detections), ", "); got != "car plate AB 12, car plate AB 12, car plate ?" {
			t.Errorf("there are %q", got)
		}
		v := p.Detector(t, "door", "plate")
		if v.Timeouts != 0 || len(v.Errors) != 1 || v.Errors[0].Reason != string(detectors.ReasonTimeout) {
			t.Errorf("%d timeouts, errors %v", v.Timeouts, v.Errors)
		}
	})
}

func TestNoBoxesAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		car, plate := carsAndPlates(0, testkit.Fail())
		camera := &testkit.Camera{Name: "door", Width: 160, Height: 80, Count: 1}
		p := start(t, testkit.Setup{Cameras: []*testkit.Camera{camera}, Detectors: []*testkit.Detector{car, plate}})
		p.Until(300 * ms)
		if v := p.Signal(t, "door", "plate"); v.Unknown != detectors.Known || v.Value != 0 || len(plate.Calls()) != 0 {
			t.Errorf("without cars there are %v plates (%v)", v.Value, v.Unknown)
		}
	})
}
