package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime/live"
)

// Frame returns the newest frame seen by a camera's engine, or nil, and demands fps
// frames per second. The caller must release it soon, because the camera's pool is
// small.
func (r *Runtime) Frame(camera string, fps float64) *capture.Frame {
	c := r.camera(camera)
	if c == nil {
		return nil
	}
	return c.look(fps)
}

// Errors for unknown names, for errors.Is.
var (
	ErrNoCamera = errors.New("there is no such camera")
	ErrNoAlert  = errors.New("there is no alert")
)

// View opens a live view of the packets of one camera from its last key frame on
// (empty: no packets), and of the results of its detectors and those of other cameras.
// It does not cause frames to be decoded. The caller must call cancel, after which
// nothing more is queued.
func (r *Runtime) View(video string, others []string) (v *live.Viewer, cancel func(), err error) {
	v = live.NewViewer()
	var watched []*live.Hub
	cancel = func() {
		for _, h := range watched {
			v.Leave(h)
		}
	}
	names := slices.DeleteFunc(slices.Clone(others), func(name string) bool { return name == video })
	if video != "" {
		names = append(names, video)
	}
	for _, name := range names {
		c := r.camera(name)
		if c == nil || !v.Watch(c.live, name == video) {
			cancel()
			return nil, nil, fmt.Errorf("camera %q: %w", name, ErrNoCamera)
		}
		watched = append(watched, c.live)
	}
	return v, cancel, nil
}

// Still is a frame as a JPEG file. It is immutable.
type Still struct {
	Camera        string
	Frame         uint64 // frame ID
	Captured      time.Time
	Width, Height int
	JPEG          []byte
}

// staleStill is the age from which a frame is no longer current.
const staleStill = 2 * time.Second

// Stills passes the newest frame of each camera to give, at most width pixels wide (0:
// full size) and fps times a second, until the context ends, give fails, or a camera is
// removed. It does not repeat frames, skips stale ones, and takes no frame while give
// runs. It encodes in the caller's goroutine, which it locks to a low-priority thread
// and which must end afterwards. While it runs, frames are decoded at that rate.
func (r *Runtime) Stills(ctx context.Context, cameras []string, width int, fps float64, give func(Still) error) error {
	capture.LowPriority(r.opts.Config.Nice)
	interval := time.Duration(float64(time.Second) / fps)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := make([]uint64, len(cameras))
	for {
		for i, name := range cameras {
			c := r.camera(name)
			if c == nil {
				return fmt.Errorf("camera %q: %w", name, ErrNoCamera)
			}
			s, err := r.encodeStill(c, width, fps, last[i], max(staleStill, 2*interval))
			if err != nil {
				return err
			}
			if s.JPEG == nil {
				continue
			}
			last[i] = s.Frame
			if err := give(s); err != nil {
				return err
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stillEvery is the polling interval of Still.
const stillEvery = 50 * time.Millisecond

// Still returns the newest frame of a camera. It waits until the context ends for a
// frame that is not stale.
func (r *Runtime) Still(ctx context.Context, camera string, width int) (Still, error) {
	type answer struct {
		still Still
		err   error
	}
	got := make(chan answer, 1)
	go func() { // its thread keeps the low priority
		capture.LowPriority(r.opts.Config.Nice)
		s, err := r.await(ctx, camera, width)
		got <- answer{s, err}
	}()
	a := <-got
	return a.still, a.err
}

func (r *Runtime) await(ctx context.Context, camera string, width int) (Still, error) {
	ticker := time.NewTicker(stillEvery)
	defer ticker.Stop()
	for {
		c := r.camera(camera)
		if c == nil {
			return Still{}, fmt.Errorf("camera %q: %w", camera, ErrNoCamera)
		}
		if s, err := r.encodeStill(c, width, 1, 0, staleStill); s.JPEG != nil || err != nil {
			return s, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return Still{}, ctx.Err()
		}
	}
}

// encodeStill encodes the newest frame, unless it is the last one or stale. Only one
// frame is encoded at a time, and callers hold no frame while they wait, because the
// live path needs the frames of its pool and the threads of GOMAXPROCS.
func (r *Runtime) encodeStill(p *active, width int, fps float64, last uint64, stale time.Duration) (Still, error) {
	r.encoding.Lock()
	defer r.encoding.Unlock()
	f := p.look(fps)
	if f == nil {
		return Still{}, nil
	}
	defer f.Release()
	if f.ID == last || time.Since(f.Captured) > stale {
		return Still{}, nil
	}
	data, err := f.JPEG(width)
	if err != nil {
		return Still{}, err
	}
	w, h := capture.FitWidth(f.Width, f.Height, width)
	return Still{p.name, f.ID, onWall(time.Now(), f.Captured), w, h, data}, nil
}

// Preview is a small image of a frame: top row first, three bytes per pixel in the
// order red, green, blue. It is immutable.
type Preview struct {
	Frame         uint64 // ID of its frame
	Width, Height int
	Pixels        []byte
}

// PreviewSpec is the camera and the size in pixels of a Preview.
type PreviewSpec struct {
	Camera        string
	Width, Height int
}

// Scale returns a scaled frame. The caller must hold a reference. If the frame cannot
// be converted, the image is black.
func Scale(f *capture.Frame, width, height int) Preview {
	p := Preview{Frame: f.ID, Width: width, Height: height, Pixels: make([]byte, width*height*3)}
	if pix, err := f.RGB(width, height, capture.Stretch); err == nil {
		copy(p.Pixels, pix)
	}
	return p
}
