package ui

import (
	"fmt"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/runtime"

	"rvo-tui/ui/draw"

	"rvo-tui/ui/pane"
)

// BenchmarkPane draws one changed pane with its frame.
func BenchmarkPane(b *testing.B) {
	for p := range pane.Count {
		b.Run(p.String(), func(b *testing.B) {
			m := shown(new(testing.T), newFake(), DefaultConfig(), 120, 40)
			at := pane.Place{Pane: p, Rect: pane.Rect{W: 80, H: 18}}
			if p == pane.Preview {
				w, h := pane.PreviewSize(m.scene.Camera(), at.W-2, at.H-2)
				m.scene.Shots["street"] = pane.Shot{Frame: 7, Canvas: draw.NewCanvas(gradient(w, 2*h), nil, draw.Hold)}
			}
			b.ReportAllocs()
			for b.Loop() {
				m.epoch++ // otherwise the cached pane would be returned
				if lines := m.pane(at); len(lines) != at.H {
					b.Fatalf("%d lines, want %d", len(lines), at.H)
				}
			}
		})
	}
}

// BenchmarkPaneUnchanged returns an unchanged pane, as most are most of the time.
func BenchmarkPaneUnchanged(b *testing.B) {
	m := shown(new(testing.T), newFake(), DefaultConfig(), 120, 40)
	at := pane.Place{Pane: pane.Detectors, Rect: pane.Rect{W: 80, H: 18}}
	m.pane(at)
	b.ReportAllocs()
	for b.Loop() {
		m.pane(at)
	}
}

func TestUnchangedPaneAllocatesNothing(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	for _, p := range []pane.ID{pane.Cameras, pane.Detectors, pane.Rules, pane.Events, pane.Queues, pane.Log} {
		at := pane.Place{Pane: p, Rect: pane.Rect{W: 80, H: 18}}
		m.pane(at)
		if n := testing.AllocsPerRun(100, func() { m.pane(at) }); n != 0 {
			t.Errorf("%s, unchanged, allocates %v times", p, n)
		}
	}
}

// BenchmarkPreview turns a camera frame of 1280x720 into 80x45 cells: scaling, which holds the
// frame, and making text of it.
func BenchmarkPreview(b *testing.B) {
	const w, h = 80, 90
	b.Run("scale", func(b *testing.B) {
		pool := capture.NewPool(1, nil)
		defer pool.Close()
		f, err := pool.Get("street", 1, 1280, 720, noon)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Release()
		for i, pix := 0, f.Pixels(); i < len(pix); i++ {
			pix[i] = byte(i >> 3)
		}
		b.ReportAllocs()
		for b.Loop() {
			runtime.Scale(f, w, h)
		}
	})
	for _, ascii := range []bool{false, true} {
		b.Run(fmt.Sprintf("encode/ascii=%t", ascii), func(b *testing.B) {
			p := gradient(w, h)
			old := draw.NewCanvas(p, nil, draw.Hold)
			var bytes int
			b.ReportAllocs()
			for b.Loop() {
				bytes = 0
				for _, l := range draw.NewCanvas(p, old, draw.Hold).Lines(ascii, false) {
					bytes += len(l)
				}
			}
			b.ReportMetric(float64(bytes), "B/frame")
		})
	}
}
