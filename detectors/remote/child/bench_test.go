package child

import (
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// The cost of a process: a detector that does nothing, in this process and in its own.
func BenchmarkDetect(b *testing.B) {
	for _, size := range []struct {
		name          string
		width, height int
		work          int
	}{{"640x360", 640, 360, 0}, {"1280x720", 1280, 720, 0}, {"1280x720at640", 1280, 720, 640}} {
		for _, isolation := range []detectors.Isolation{detectors.NoIsolation, detectors.ProcessIsolation} {
			b.Run(size.name+"/"+string(isolation), func(b *testing.B) {
				base, err := os.MkdirTemp("", "c")
				if err != nil {
					b.Fatal(err)
				}
				defer os.Remove(base)
				p := NewPool(Options{Dir: base, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
				defer p.Close()
				kind := Wrap(testKinds(), p)["actor"]
				d, err := kind.New(detectors.Config{Name: "a", Kind: "actor", Options: actorOptions{Width: size.work}, Isolation: isolation}.Fill(kind))
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				pixels := capture.NewPool(1, nil)
				defer pixels.Close()
				f, err := pixels.Get("yard", 1, size.width, size.height, time.Now())
				if err != nil {
					b.Fatal(err)
				}
				defer f.Release()
				for b.Loop() {
					if _, err := d.Detect(b.Context(), f); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
