// Package synthetic draws scenes: a street with people and cars, and variants with
// faults of light and lens. A frame depends only on the scene, its seed, size and rate,
// so tests and demonstrations are reproducible.
package synthetic

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"rvo-tui/capture"
)

// Default size and rate of a synthetic scene.
const (
	syntheticWidth  = 1280
	syntheticHeight = 720
	syntheticFPS    = 30
)

// Scenes returns the names of the synthetic scenes.
func Scenes() []string {
	names := make([]string, len(plans))
	for i, p := range plans {
		names[i] = p.name
	}
	return names
}

// Choices returns the synthetic scenes as sources, each with a one-line description.
func Choices() []capture.Choice {
	list := make([]capture.Choice, len(plans))
	for i, p := range plans {
		list[i] = capture.Choice{Source: "synthetic:" + p.name, Label: "synthetic: " + p.doc}
	}
	return list
}

// Open is the capture.Opener of synthetic scenes. The source delivers cfg.FPS frames a
// second of presentation time, never ends, and only draws frames that are retrieved. A
// frame depends only on the scene, its seed, size and rate, and the frame's number.
func Open(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Source, error) {
	for _, p := range plans {
		if p.name != addr.Scene {
			continue
		}
		w, h := syntheticSize(cfg)
		fps := cfg.FPS
		if fps <= 0 {
			fps = syntheticFPS
		}
		return &synthetic{ctx: ctx, fps: fps, scene: newScene(p, addr.Seed, w, h, fps)}, nil
	}
	return nil, fmt.Errorf("open source %q: unknown scene; choose one of %s", "synthetic:"+addr.Scene, strings.Join(Scenes(), ", "))
}

// Validate calls bad if cfg names an unknown scene.
func Validate(cfg capture.Config, bad func(key, problem string)) {
	addr, err := capture.ParseAddress(cfg.Source)
	if err != nil || addr.Kind != capture.KindSynthetic || slices.Contains(Scenes(), addr.Scene) {
		return
	}
	bad("source", fmt.Sprintf("unknown scene %q: give one of %s", addr.Scene, strings.Join(Scenes(), ", ")))
}

func syntheticSize(cfg capture.Config) (w, h int) {
	w, h = cfg.Width, cfg.Height
	switch {
	case w <= 0 && h <= 0:
		return syntheticWidth, syntheticHeight
	case w <= 0:
		w = (h*syntheticWidth + syntheticHeight/2) / syntheticHeight
	case h <= 0:
		h = (w*syntheticHeight + syntheticWidth/2) / syntheticWidth
	}
	return max(w, 1), max(h, 1)
}

// synthetic is the Source of a scene.
type synthetic struct {
	ctx     context.Context
	fps     float64
	scene   *scene
	grabbed uint64 // frames so far
}

func (s *synthetic) Grab() (capture.Stamp, error) {
	if err := s.ctx.Err(); err != nil {
		return capture.Stamp{}, err
	}
	pts := time.Duration(math.Round(float64(s.grabbed) / s.fps * float64(time.Second)))
	s.grabbed++
	return capture.Stamp{PTS: pts, HasPTS: true, Arrived: time.Now()}, nil
}

func (s *synthetic) Retrieve(dst []byte) error {
	if len(dst) != s.scene.w*s.scene.h*3 {
		return capture.ErrSizeChanged
	}
	s.scene.draw(dst, max(s.grabbed, 1)-1)
	return nil
}

func (s *synthetic) Size() (width, height int) { return s.scene.w, s.scene.h }
func (s *synthetic) Live() bool                { return false }
func (s *synthetic) Close() error              { return nil }
