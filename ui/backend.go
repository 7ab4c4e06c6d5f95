package ui

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"path/filepath"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/internal/logging"
	"rvo-tui/runtime"
	"rvo-tui/ui/film"
	"rvo-tui/ui/remote"
)

// Backend is the runtime that the dashboard shows and controls, in this process (Local) or in
// another one (remote.Backend). All methods are safe for concurrent use.
type Backend interface {
	// Subscribe returns a channel of capacity one that holds the newest snapshot, and a
	// function that ends the subscription. The channel is closed after the last snapshot.
	Subscribe() (<-chan *runtime.Snapshot, func())
	// Do runs a command. An error says what the user can do about it.
	Do(ctx context.Context, c runtime.Command) error
	// Log returns the log lines in memory with a number above after, oldest first.
	Log(after uint64) []logging.Line
	// Events returns the events in memory with a number above after, oldest first.
	Events(after uint64) []runtime.RecentEvent
	// Preview returns the newest frame of list[i]; false if there is none yet. The list has
	// all previews on the screen, so that a remote backend can request them together.
	Preview(list []runtime.PreviewSpec, i int) (runtime.Preview, bool)
	// Clip returns the clip of an event. It may read from disk.
	Clip(eventID string) (clips.Clip, error)

	film.Source
}

// Local is the Backend of a Runtime in the same process.
type Local struct {
	*runtime.Runtime
	Ring   *logging.Ring
	Recent *runtime.Recent
}

// Log implements Backend.
func (l Local) Log(after uint64) []logging.Line { return l.Ring.Lines(after) }

// Events implements Backend.
func (l Local) Events(after uint64) []runtime.RecentEvent { return l.Recent.Events(after) }

// previewFPS is the frame rate that the preview requests from its camera.
const previewFPS = 5

// Preview implements Backend. It holds the camera's frame only while scaling it.
func (l Local) Preview(list []runtime.PreviewSpec, i int) (runtime.Preview, bool) {
	fps := float64(previewFPS)
	if len(list) > 1 {
		fps = remote.TileRate
	}
	f := l.Frame(list[i].Camera, fps)
	if f == nil {
		return runtime.Preview{}, false
	}
	defer f.Release()
	return runtime.Scale(f, list[i].Width, list[i].Height), true
}

// Clip implements Backend.
func (l Local) Clip(eventID string) (clips.Clip, error) {
	st := l.Snapshot().Clips
	if st == nil {
		return clips.Clip{}, fmt.Errorf("no clips are recorded; set clip = true in a rule")
	}
	clip, err := clips.Find(st.Dir, eventID)
	if err == nil {
		clip.Path = absolute(clip.Path)
	}
	return clip, err
}

// Movie implements film.Source.
func (l Local) Movie(ctx context.Context, clip clips.Clip, part int) (path string, done func(), err error) {
	if part > 1 {
		meta, err := l.Meta(ctx, clip)
		if err == nil && part-2 >= len(meta.Parts) {
			err = clips.ErrNoClip
		}
		if err != nil {
			return "", nil, err
		}
		clip.Path = filepath.Join(filepath.Dir(clip.Path), meta.Parts[part-2].File)
	}
	return clip.Path, func() {}, nil
}

// Meta implements film.Source.
func (l Local) Meta(_ context.Context, clip clips.Clip) (*clips.Meta, error) {
	st := l.Snapshot().Clips
	if st == nil {
		return nil, clips.ErrNoClip
	}
	return clips.ReadMeta(st.Dir, clip.Entry)
}

// thumb decodes a JPEG file; nil if it cannot.
func thumb(data []byte) image.Image {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || cfg.Width > capture.MaxSide || cfg.Height > capture.MaxSide {
		return nil
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return img
}
