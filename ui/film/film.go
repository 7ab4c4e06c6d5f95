// Package film plays the movies of clips: it keeps their packets in memory, decodes the
// frame of any moment, and paces a clip that plays.
package film

import (
	"errors"
	"fmt"
	"io"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// MaxBytes is how much coded video of a clip is kept in memory.
const MaxBytes = 256 << 20

// Film is the video of a movie. One goroutine at a time uses it.
type Film struct {
	packets []*capture.Packet // in decoding order; at least one is shown
	length  time.Duration

	decoder capture.Decoder
	fed     int  // packets that the decoder has had, without a gap since a key frame
	drained bool // the next packet must be a key one

	image capture.Image // nil: none yet
	at    time.Duration // its presentation time
	of    int           // the packet that was asked for when it came out
}

// Read reads a movie to its end and closes it. Decoders opens the decoder of its track.
func Read(src capture.PacketSource, decoders capture.DecoderOpener) (*Film, error) {
	defer src.Close()
	f := new(Film)
	size, shown := 0, false
	for {
		p, err := src.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read clip: %w", err)
		}
		if !p.Track.Video {
			continue
		}
		if size += len(p.Data); size > MaxBytes {
			return nil, fmt.Errorf("read clip: it has more than %d MiB of video; play it with another player", MaxBytes>>20)
		}
		f.packets = append(f.packets, p)
		if !p.Hidden {
			shown = true
			f.length = max(f.length, p.PTS+p.Duration)
		}
	}
	if !shown {
		return nil, errors.New("read clip: it shows no frame")
	}
	var err error
	if f.decoder, err = decoders(f.packets[0].Track, capture.DefaultConfig()); err != nil {
		return nil, fmt.Errorf("play clip: %w", err)
	}
	return f, nil
}

// Length returns how long the movie is.
func (f *Film) Length() time.Duration { return f.length }

// Close frees the decoder and the frame.
func (f *Film) Close() {
	f.decoder.Close()
	f.drop()
}

func (f *Film) drop() {
	if f.image != nil {
		f.image.Free()
		f.image = nil
	}
}

// target returns the packet of the frame that is shown at a time.
func (f *Film) target(t time.Duration) int {
	best, first := -1, -1
	for i, p := range f.packets {
		switch {
		case p.Hidden:
		case p.PTS <= t && (best < 0 || p.PTS > f.packets[best].PTS):
			best = i
		case first < 0 || p.PTS < f.packets[first].PTS:
			first = i
		}
	}
	if best < 0 {
		return first
	}
	return best
}

// reached returns the packet that a decoder has been given when a film has played to a time.
func (f *Film) reached(t time.Duration) int {
	i := 0
	for i+1 < len(f.packets) && f.packets[i+1].DTS <= t {
		i++
	}
	return i
}

// Size returns the size for display of the newest frame; 0, 0: there is none yet.
func (f *Film) Size() (width, height int) {
	if f.image == nil {
		return 0, 0
	}
	return f.image.Size()
}

// Seek decodes the frame that is shown at a time, and returns when its presentation is. A
// film that plays gets the newest frame that its decoder has given, which may be a few
// behind; exactly: nothing that was decoded is held back.
func (f *Film) Seek(t time.Duration, exactly bool) (time.Duration, error) {
	i := f.reached(t)
	if exactly {
		i = f.target(t)
	}
	if f.image != nil && i == f.of && (!exactly || f.drained) {
		return f.at, nil
	}
	exactly = exactly || i == len(f.packets)-1
	from := f.fed
	if key := f.keyBefore(i); f.drained || i < f.fed || key > f.fed {
		from = key
		f.decoder.Flush()
	}
	d, err := f.decoder.Decode(f.packets[from:i+1], exactly)
	if err != nil {
		return 0, fmt.Errorf("play clip: %w", err)
	}
	f.fed, f.drained = i+1, exactly
	if d.Image != nil {
		f.drop()
		f.image, f.at, f.of = d.Image, d.Packet.PTS, i
	}
	if f.image == nil && !exactly { // all are held back yet
		return f.Seek(t, true)
	}
	if f.image == nil {
		return 0, errors.New("play clip: its first frame cannot be decoded")
	}
	return f.at, nil
}

// keyBefore returns the last key frame up to a packet.
func (f *Film) keyBefore(i int) int {
	for i > 0 && !f.packets[i].Key {
		i--
	}
	return i
}

// Scale returns the newest frame at a size.
func (f *Film) Scale(width, height int) (runtime.Preview, error) {
	p := runtime.Preview{Frame: uint64(f.of) + 1, Width: width, Height: height}
	pix := make([]byte, width*height*3+capture.Slack)
	if err := f.image.Convert(pix, capture.Target{Order: capture.RGB, Width: width, Height: height, Stride: 3 * width}); err != nil {
		return p, fmt.Errorf("play clip: %w", err)
	}
	p.Pixels = pix[:width*height*3]
	return p, nil
}
