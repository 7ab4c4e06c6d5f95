package capture

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
)

// What a synthetic scene is drawn at where nothing is configured.
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

// SceneDoc returns what a synthetic scene shows, in one line for people, or ""
// for a name that is none.
func SceneDoc(name string) string {
	for _, p := range plans {
		if p.name == name {
			return p.doc
		}
	}
	return ""
}

// OpenSynthetic is the Opener of synthetic scenes. The source gives cfg.FPS
// pictures a second of presentation time, never ends, and draws nothing that is
// not retrieved. A picture depends on the scene, its seed, the size, the rate
// and the picture's place in the sequence alone.
func OpenSynthetic(ctx context.Context, cfg Config, addr Address) (Source, error) {
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
	return nil, fmt.Errorf("open source %q: there is no such scene; choose one of %s", "synthetic:"+addr.Scene, strings.Join(Scenes(), ", "))
}

func syntheticSize(cfg Config) (w, h int) {
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

// synthetic is a Source that draws.
type synthetic struct {
	ctx     context.Context
	fps     float64
	scene   *scene
	grabbed uint64 // pictures so far
}

func (s *synthetic) Grab() (Stamp, error) {
	if err := s.ctx.Err(); err != nil {
		return Stamp{}, err
	}
	pts := time.Duration(math.Round(float64(s.grabbed) / s.fps * float64(time.Second)))
	s.grabbed++
	return Stamp{PTS: pts, HasPTS: true, Arrived: time.Now()}, nil
}

func (s *synthetic) Retrieve(dst []byte) error {
	if len(dst) != s.scene.w*s.scene.h*3 {
		return ErrSizeChanged
	}
	s.scene.draw(dst, max(s.grabbed, 1)-1)
	return nil
}

func (s *synthetic) Size() (width, height int) { return s.scene.w, s.scene.h }
func (s *synthetic) Live() bool                { return false }
func (s *synthetic) Close() error              { return nil }
