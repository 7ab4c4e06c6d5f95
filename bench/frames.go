package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
)

// prerenderedFrames is the number of frames drawn in advance: more than a camera with few detectors
// uses at a time.
const prerenderedFrames = 8

// prerendered has the pixels of frames drawn in advance. Each buffer of a camera's pool is filled only
// once. After that, sending a frame costs a check of the mark at the start of the buffer and 8 bytes
// for its number instead of a copy of 2.7 MB.
type prerendered struct {
	width, height int
	frames        [][]byte
}

// mark is at the start of a filled buffer. New memory is all zeros, and only the harness writes to
// the buffers.
var mark = [16]byte{'r', 'v', 'o', ' ', 'b', 'e', 'n', 'c', 'h', ' ', 'p', 'a', 'i', 'n', 't', 1}

// numberAt is the offset of the frame number in a filled buffer.
const numberAt = len(mark)

func newPrerendered(width, height int, seed uint64) (*prerendered, error) {
	cfg := capture.DefaultConfig()
	cfg.Width, cfg.Height = width, height
	src, err := synthetic.Open(context.Background(), cfg, capture.Address{Kind: capture.KindSynthetic, Scene: "street", Seed: seed})
	if err != nil {
		return nil, fmt.Errorf("draw frames: %w", err)
	}
	a := &prerendered{width: width, height: height}
	for range prerenderedFrames {
		pix := make([]byte, width*height*3)
		for range 10 { // skip frames so that the chosen ones differ
			if _, err := src.Grab(); err != nil {
				return nil, fmt.Errorf("draw frames: %w", err)
			}
		}
		if err := src.Retrieve(pix); err != nil {
			return nil, fmt.Errorf("draw frames: %w", err)
		}
		copy(pix, mark[:])
		a.frames = append(a.frames, pix)
	}
	if err := src.Close(); err != nil {
		return nil, fmt.Errorf("draw frames: %w", err)
	}
	return a, nil
}

// show writes the frame with this number to dst. It returns whether dst had to be filled.
func (a *prerendered) show(dst []byte, id uint64) (filled bool) {
	if !bytes.Equal(dst[:len(mark)], mark[:]) {
		copy(dst, a.frames[id%uint64(len(a.frames))])
		filled = true
	}
	binary.LittleEndian.PutUint64(dst[numberAt:], id)
	return filled
}
