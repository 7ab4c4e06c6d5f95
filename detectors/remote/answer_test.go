package remote

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

func nobody(string) bool { return false }

func TestReadings(t *testing.T) {
	half := 0.5
	zero := 0.0
	for _, c := range []struct {
		name    string
		signals []*detectv1.SignalOut
		want    []detectors.Reading
	}{
		{"nothing seen", nil, nil},
		{"whole number", []*detectv1.SignalOut{{SignalType: "person", Value: 3}}, []detectors.Reading{{Signal: "person", Value: 3}}},
		{"fraction", []*detectv1.SignalOut{{SignalType: "person", Value: 3, Number: &half}}, []detectors.Reading{{Signal: "person", Value: 0.5}}},
		{"number of 0 counts", []*detectv1.SignalOut{{SignalType: "person", Value: 3, Number: &zero}}, []detectors.Reading{{Signal: "person"}}},
		{
			"several",
			[]*detectv1.SignalOut{{SignalType: "face", Value: 1}, {SignalType: "person", Value: 2}},
			[]detectors.Reading{{Signal: "face", Value: 1}, {Signal: "person", Value: 2}},
		},
		{
			"the first counts",
			[]*detectv1.SignalOut{{SignalType: "face", Value: 1}, {SignalType: "face", Value: 2}},
			[]detectors.Reading{{Signal: "face", Value: 1}},
		},
		{
			"a stranger beside",
			[]*detectv1.SignalOut{{SignalType: "cat", Value: 1}, {SignalType: "face", Value: 2}},
			[]detectors.Reading{{Signal: "face", Value: 2}},
		},
		{"TTL", []*detectv1.SignalOut{{SignalType: "face", TtlNs: 5}}, []detectors.Reading{{Signal: "face", TTL: 5}}},
		{"endless TTL", []*detectv1.SignalOut{{SignalType: "face", TtlNs: math.MaxUint64}}, []detectors.Reading{{Signal: "face", TTL: time.Minute}}},
		{
			"detections",
			[]*detectv1.SignalOut{{SignalType: "face", Value: 2, Detections: []*detectv1.Detection{
				{Label: "a\x1bb", Score: 0.5, Angle: -0.5, Box: &detectv1.Box{X: 0.25, Y: 0.5, W: 0.5, H: 0.25}},
				{Box: &detectv1.Box{X: -0.5, Y: 0.5, W: 1, H: 0.75}},
				{Label: "no box"},
			}}},
			[]detectors.Reading{{Signal: "face", Value: 2, Detections: []detectors.Detection{
				{Label: "ab", Score: 0.5, Angle: -0.5, Box: detectors.Box{X: 0.25, Y: 0.5, W: 0.5, H: 0.25}},
				{Box: detectors.Box{X: 0, Y: 0.5, W: 0.5, H: 0.5}},
				{Label: "no box"},
			}}},
		},
	} {
		got, err := readings(nil, &detectv1.DetectResponse{Signals: c.signals}, []string{"person", "face"}, nobody)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func FuzzReadings(f *testing.F) {
	half := 0.5
	nan := math.NaN()
	for _, r := range []*detectv1.DetectResponse{
		{},
		{Model: "m", Signals: []*detectv1.SignalOut{{SignalType: "face", Value: 1, TtlNs: 1e9}}},
		{Signals: []*detectv1.SignalOut{{SignalType: "face", Number: &half, Detections: []*detectv1.Detection{{Label: "x", Score: 1, Box: &detectv1.Box{X: 0.1, Y: 0.1, W: 2, H: 2}}}}}},
		{Signals: []*detectv1.SignalOut{{SignalType: "face", Number: &nan}}},
		{Signals: []*detectv1.SignalOut{{SignalType: "face", Value: math.MaxUint64}, {SignalType: "cat"}}},
	} {
		b, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	provides := []string{"face", "person"}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r detectv1.DetectResponse
		if proto.Unmarshal(b, &r) != nil {
			return
		}
		out, err := readings(nil, &r, provides, nobody)
		if err != nil {
			if reason := detectors.ReasonOf(err); reason == detectors.ReasonOther || len(out) != 0 {
				t.Fatalf("%v has reason %q, and %v", err, reason, out)
			}
			return
		}
		for i, g := range out {
			if !slices.Contains(provides, g.Signal) || slices.ContainsFunc(out[:i], func(o detectors.Reading) bool { return o.Signal == g.Signal }) {
				t.Fatalf("signal %q in %v", g.Signal, out)
			}
			if !(g.Value >= 0) || math.IsInf(g.Value, 0) || g.TTL < 0 || g.TTL > MaxTTL || len(g.Detections) > MaxDetections {
				t.Fatalf("reading %v", g)
			}
			for _, d := range g.Detections {
				if d.Label != text.Clean(d.Label) || !finite(d.Score) || !inside(d.Box) {
					t.Fatalf("detection %v", d)
				}
			}
		}
	})
}

func inside(b detectors.Box) bool {
	const rounding = 1e-9
	return b.X >= 0 && b.Y >= 0 && b.W >= 0 && b.H >= 0 && b.X+b.W <= 1+rounding && b.Y+b.H <= 1+rounding
}
