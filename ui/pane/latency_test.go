package pane

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
	"rvo-tui/ui/draw"
)

func TestWindowForgetsWhatIsOld(t *testing.T) {
	h := new(engine.Histogram)
	var w window
	for range 1000 {
		h.Record(100 * time.Millisecond)
	}
	w.Add(h)
	if got := w.Last.P50; got < 90*time.Millisecond || got > 110*time.Millisecond {
		t.Errorf("p50 %v, want about 100 ms", got)
	}
	for range PastSeconds + 1 {
		for range 99 {
			h.Record(time.Millisecond)
		}
		h.Record(10 * time.Millisecond)
		w.Add(h)
	}
	l := w.Last
	if l.Count != 100*PastSeconds || l.P50 > 2*time.Millisecond || l.P99 > 2*time.Millisecond || l.P9X < 9*time.Millisecond || l.P9X > 12*time.Millisecond || l.Max != 100*time.Millisecond {
		t.Errorf("got %+v", l)
	}
	var bars uint64
	for _, n := range l.Bars {
		bars += n
	}
	if bars != l.Count {
		t.Errorf("the bars show %d of %d", bars, l.Count)
	}
}

func TestHistoryForgetsSignalsThatAreGone(t *testing.T) {
	h := NewHistory()
	at := func(second int, cameras ...runtime.CameraView) *runtime.Snapshot {
		return &runtime.Snapshot{At: time.Unix(int64(second), 0), Cameras: cameras}
	}
	var camera runtime.CameraView
	camera.Name, camera.Signals = "street", []engine.SignalView{{Name: "motion", Value: 1, Unknown: detectors.Known}}
	for i := range 8 {
		h.Add(at(i, camera))
	}
	if n := len(h.Values("street", "motion")); n < 5 {
		t.Fatalf("kept %d values", n)
	}
	h.Add(at(10))
	for key := range h.series {
		if key.camera != "" {
			t.Errorf("%q of %s is kept", key.signal, key.camera)
		}
	}
	if len(h.windows) > 0 {
		t.Errorf("%d windows are kept of what is gone", len(h.windows))
	}
}

// A remote program's snapshots have the time of its wall clock.
func TestHistoryGoesOnAfterTheClockWasSetBack(t *testing.T) {
	h := NewHistory()
	var camera runtime.CameraView
	camera.Name, camera.State = "street", capture.Live
	for _, second := range []int64{7200, 7201, 7202, 3600, 3601, 3602} {
		camera.FPS = float64(second)
		h.Add(&runtime.Snapshot{At: time.Unix(second, 0), Cameras: []runtime.CameraView{camera}})
	}
	if got, want := h.Values("street", ""), []float64{7200, 7201, 7202, 3600, 3601, 3602}; !slices.Equal(got, want) {
		t.Errorf("the history is %v, want %v", got, want)
	}
	if s := h.before(2 * time.Second); s == nil || s.At.Unix() != 3600 {
		t.Errorf("two seconds before the last snapshot was %v", s)
	}
}

func TestHistoryCountsGrowth(t *testing.T) {
	h := NewHistory()
	key := seriesKey{"street", dropSeries("pool")}
	for i, total := range []uint64{100, 100, 103, 2, 7} { // it was begun again
		h.seen = time.Unix(int64(i), 0)
		h.tally(key, total)
	}
	if got, want := h.Values("street", dropSeries("pool")), []float64{0, 0, 3, 0, 5}; !slices.Equal(got, want) {
		t.Errorf("grew by %v, want %v", got, want)
	}
}

// A duration of 0 is a measurement, also as a maximum.
func TestLatencyOfNothing(t *testing.T) {
	var camera runtime.CameraView
	camera.Name = "street"
	snap := &runtime.Snapshot{At: time.Unix(0, 0), Cameras: []runtime.CameraView{camera}}
	s := &Scene{Snap: snap, Hist: NewHistory(), Theme: draw.NewTheme(draw.Palette{Stages: make([]string, engine.StageCount)}, true, colorprofile.ASCII, true)}
	key := histogramKey{camera: "street", what: engine.StageEvent.String()}
	row := func() string {
		b := LatencyView(s, 60)
		return strings.Join(strings.Fields(b.row(1 + int(engine.StageEvent)))[1:6], " ")
	}
	if got := row(); got != "event - - - -" {
		t.Errorf("nothing recorded: %s", got)
	}
	s.Hist.windows[key] = &window{Last: latency{Count: 1}}
	if got := row(); got != "event 0ns 0ns 0ns 0ns" {
		t.Errorf("recorded 0: %s", got)
	}
}
