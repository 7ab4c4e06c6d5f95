package ui

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/runtime"
)

// Backend is what the dashboard shows and commands. Everything in it may be
// called from any goroutine.
type Backend interface {
	// Subscribe returns a channel on which the newest snapshot waits, and what
	// ends the subscription. It is closed when there will be no more.
	Subscribe() (<-chan *runtime.Snapshot, func())
	// Do carries a command out, or says what to do when it cannot be.
	Do(ctx context.Context, c runtime.Command) error
	// Log returns the kept lines after the one numbered after, oldest first.
	Log(after uint64) []runtime.LogLine
	// Events returns the kept events after the one numbered after, oldest first.
	Events(after uint64) []runtime.RecentEvent
	// Preview returns what a camera sees now, scaled to width x height pixels;
	// false: there is no picture.
	Preview(camera string, width, height int) (Picture, bool)
	// Clip returns the evidence of an event. It may read from a disk.
	Clip(eventID string) (Clip, error)
}

// Picture is a small picture: rows from the top, three bytes a pixel in the
// order red, green, blue. It is immutable.
type Picture struct {
	Frame         uint64 // ID of the frame that it shows
	Width, Height int
	Pixels        []byte
}

// Clip is the evidence of one event.
type Clip struct {
	Entry clips.Entry
	Path  string      // of the movie
	Thumb image.Image // nil: there is none
}

// Local is the Backend of a Runtime in the same process.
type Local struct {
	*runtime.Runtime
	Ring   *runtime.LogRing
	Recent *runtime.Recent
}

// Log implements Backend.
func (l Local) Log(after uint64) []runtime.LogLine { return l.Ring.Lines(after) }

// Events implements Backend.
func (l Local) Events(after uint64) []runtime.RecentEvent { return l.Recent.Events(after) }

// Preview implements Backend. It holds the camera's frame for the time that
// scaling takes.
func (l Local) Preview(camera string, width, height int) (Picture, bool) {
	f := l.Frame(camera)
	if f == nil {
		return Picture{}, false
	}
	defer f.Release()
	return scale(f, width, height), true
}

// scale shrinks a frame by the mean of up to 4x4 samples for each pixel.
func scale(f *capture.Frame, width, height int) Picture {
	p := Picture{Frame: f.ID, Width: width, Height: height, Pixels: make([]byte, width*height*3)}
	src := f.Pixels()
	for y := range height {
		y0, y1 := y*f.Height/height, max((y+1)*f.Height/height, y*f.Height/height+1)
		dy := max((y1-y0)/4, 1)
		for x := range width {
			x0, x1 := x*f.Width/width, max((x+1)*f.Width/width, x*f.Width/width+1)
			dx := max((x1-x0)/4, 1)
			var b, g, r, n int
			for sy := y0; sy < y1; sy += dy {
				row := src[sy*f.Width*3:]
				for sx := x0; sx < x1; sx += dx {
					b += int(row[sx*3])
					g += int(row[sx*3+1])
					r += int(row[sx*3+2])
					n++
				}
			}
			o := (y*width + x) * 3
			p.Pixels[o], p.Pixels[o+1], p.Pixels[o+2] = byte(r/n), byte(g/n), byte(b/n)
		}
	}
	return p
}

// maxThumb bounds what is read of a clip's thumbnail, in bytes.
const maxThumb = 4 << 20

// Clip implements Backend.
func (l Local) Clip(eventID string) (Clip, error) {
	st := l.Snapshot().Clips
	if st == nil {
		return Clip{}, fmt.Errorf("no evidence is kept; give a rule clip = true")
	}
	entries, err := clips.List(st.Dir)
	if err != nil {
		return Clip{}, err
	}
	for _, e := range slices.Backward(entries) {
		if e.EventID != eventID && !slices.Contains(e.Events, eventID) {
			continue
		}
		c := Clip{Entry: e, Path: filepath.Join(st.Dir, filepath.FromSlash(e.Path), e.Movie)}
		c.Thumb = thumb(st.Dir, e.Path)
		return c, nil
	}
	return Clip{}, fmt.Errorf("there is no clip of this event (yet)")
}

// thumb returns the thumbnail of a clip, or nil.
func thumb(dir, clip string) image.Image {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	file, err := root.Open(path.Join(clip, "thumb.jpg"))
	if err != nil {
		return nil
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxThumb))
	if err != nil {
		return nil
	}
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
