// Package film plays clips: it keeps their packets in memory, seeks to any frame and paces
// playback.
package film

import (
	"errors"
	"fmt"
	"io"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"
)

// MaxBytes limits the encoded video of a clip, which is kept in memory.
const MaxBytes = 256 << 20

// Film is the concatenated video of a clip's movie files. It is not safe for concurrent use.
type Film struct {
	decoders capture.DecoderOpener
	parts    []*part
	at       int // index of the part of the newest frame
	length   time.Duration
	packets  int
	bytes    int
}

// part is the video of one movie file.
type part struct {
	from    time.Duration     // start within the film
	first   int               // packets in earlier parts
	packets []*capture.Packet // in decoding order; at least one is displayed
	length  time.Duration

	decoder capture.Decoder // nil while the part is not shown
	fed     int             // packets sent to the decoder, without a gap since a key frame
	drained bool            // the next packet must be a key frame

	image capture.Image // nil: none yet
	at    time.Duration // its presentation time
	of    int           // the requested packet when it came out
}

// New returns an empty film. It opens a decoder for each part when the part is shown.
func New(decoders capture.DecoderOpener) *Film { return &Film{decoders: decoders} }

// Add reads a movie to its end, appends it to the film and closes it.
func (f *Film) Add(src capture.PacketSource) error {
	defer src.Close()
	p := &part{from: f.length, first: f.packets}
	shown := false
	for {
		packet, err := src.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read clip: %w", err)
		}
		if !packet.Track.Video {
			continue
		}
		if f.bytes += len(packet.Data); f.bytes > MaxBytes {
			return fmt.Errorf("read clip: more than %d MiB of video; use another player", MaxBytes>>20)
		}
		p.packets = append(p.packets, packet)
		if !packet.Hidden {
			shown = true
			p.length = max(p.length, packet.PTS+packet.Duration)
		}
	}
	if !shown {
		return errors.New("read clip: it has no visible frame")
	}
	f.parts = append(f.parts, p)
	f.length += p.length
	f.packets += len(p.packets)
	return nil
}

// Length returns how long the film is.
func (f *Film) Length() time.Duration { return f.length }

// Close frees all decoders and frames.
func (f *Film) Close() {
	for _, p := range f.parts {
		p.leave()
	}
}

// Seek decodes the frame at time t and returns its presentation time. If exactly is not set, as
// during playback, it may return a frame a little earlier instead of draining the decoder.
func (f *Film) Seek(t time.Duration, exactly bool) (time.Duration, error) {
	i := len(f.parts) - 1
	for i > 0 && t < f.parts[i].from {
		i--
	}
	if i != f.at {
		f.parts[f.at].leave()
		f.at = i
	}
	p := f.parts[i]
	if p.decoder == nil {
		var err error
		if p.decoder, err = f.decoders(p.packets[0].Track, capture.DefaultConfig()); err != nil {
			return 0, fmt.Errorf("play clip: %w", err)
		}
	}
	at, err := p.seek(t-p.from, exactly)
	return p.from + at, err
}

// Size returns the display size of the newest frame; 0, 0 if there is none yet.
func (f *Film) Size() (width, height int) {
	if p := f.parts[f.at]; p.image != nil {
		return p.image.Size()
	}
	return 0, 0
}

// Scale returns the newest frame scaled to a size.
func (f *Film) Scale(width, height int) (runtime.Preview, error) {
	part := f.parts[f.at]
	p := runtime.Preview{Frame: uint64(part.first+part.of) + 1, Width: width, Height: height}
	pix := make([]byte, width*height*3+capture.Slack)
	if err := part.image.Convert(pix, capture.Target{Order: capture.RGB, Width: width, Height: height, Stride: 3 * width}); err != nil {
		return p, fmt.Errorf("play clip: %w", err)
	}
	p.Pixels = pix[:width*height*3]
	return p, nil
}

// leave frees the decoder and the frame of a part that is no longer shown.
func (p *part) leave() {
	p.drop()
	if p.decoder != nil {
		p.decoder.Close()
		p.decoder, p.fed, p.drained = nil, 0, false
	}
}

func (p *part) drop() {
	if p.image != nil {
		p.image.Free()
		p.image = nil
	}
}

// target returns the index of the packet displayed at a time.
func (p *part) target(t time.Duration) int {
	best, first := -1, -1
	for i, packet := range p.packets {
		switch {
		case packet.Hidden:
		case packet.PTS <= t && (best < 0 || packet.PTS > p.packets[best].PTS):
			best = i
		case first < 0 || packet.PTS < p.packets[first].PTS:
			first = i
		}
	}
	if best < 0 {
		return first
	}
	return best
}

// reached returns the index of the last packet to decode for playback up to a time.
func (p *part) reached(t time.Duration) int {
	i := 0
	for i+1 < len(p.packets) && p.packets[i+1].DTS <= t {
		i++
	}
	return i
}

// seek is Seek within the part.
func (p *part) seek(t time.Duration, exactly bool) (time.Duration, error) {
	i := p.reached(t)
	if exactly {
		i = p.target(t)
	}
	if p.image != nil && i == p.of && (!exactly || p.drained) {
		return p.at, nil
	}
	exactly = exactly || i == len(p.packets)-1
	from := p.fed
	if key := p.keyBefore(i); p.drained || i < p.fed || key > p.fed {
		from = key
		p.decoder.Flush()
	}
	d, err := p.decoder.Decode(p.packets[from:i+1], exactly)
	if err != nil {
		return 0, fmt.Errorf("play clip: %w", err)
	}
	p.fed, p.drained = i+1, exactly
	if d.Image != nil {
		p.drop()
		p.image, p.at, p.of = d.Image, d.Packet.PTS, i
	}
	if p.image == nil && !exactly { // the decoder has not returned any frame yet
		return p.seek(t, true)
	}
	if p.image == nil {
		return 0, errors.New("play clip: its first frame cannot be decoded")
	}
	return p.at, nil
}

// keyBefore returns the last key frame up to a packet.
func (p *part) keyBefore(i int) int {
	for i > 0 && !p.packets[i].Key {
		i--
	}
	return i
}
