package capture

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Pool bounds the frames that a camera has handed out, and holds the pixels of
// those that are drawn or converted. These are mapped outside the Go heap,
// because libraries keep pointers to them beyond a call, which cgo forbids for
// Go memory that is not pinned.
//
// It is safe for concurrent use. When its size of frames is handed out, Get
// and Wrap fail, and the caller counts a dropped frame. Buffers are mapped on
// first use and kept, at most as many as its size; the least recently used goes
// first. Retired frames are replaced up to the size of the pool, so at most twice
// that many are ever handed out.
type Pool struct {
	encode  Encoder
	convert Converter

	mu      sync.Mutex // guards what follows; held for a map or unmap at the most
	free    []*buffer
	size    int // frames allowed, without the retired ones
	out     int // frames with holders, without the retired ones
	retired int // frames whose holder is stuck
	total   uint64
	takes   uint64
	closed  bool
}

// A Converter does what Image.Convert does for width x height packed BGR pixels.
type Converter func(dst, pix []byte, width, height int, t Target) error

type buffer struct {
	data  []byte
	freed uint64 // Pool.takes when it came back
}

// idleTakes is how many other buffers are taken before one of an unused size is
// unmapped.
const idleTakes = 64

// maxSide bounds what a stream can make a pool map for one frame.
const maxSide = 16384

// NewPool returns a pool for size frames, which encode themselves with encode;
// nil means EncodeJPEG. Frames that are drawn convert their pixels in Go, unless
// ConvertWith gives something faster.
func NewPool(size int, encode Encoder) *Pool {
	if encode == nil {
		encode = EncodeJPEG
	}
	return &Pool{encode: encode, convert: ConvertPacked, size: max(size, 1)}
}

// ConvertWith makes frames that are drawn convert their pixels with convert. It
// is called before the first Get. Nil changes nothing.
func (p *Pool) ConvertWith(convert Converter) {
	if convert != nil {
		p.convert = convert
	}
}

// PoolStats is the state of a pool: frames handed out and allowed, and frames whose
// holder is stuck, now and in total.
type PoolStats struct {
	Out          int    `json:"out"`
	Size         int    `json:"size"`
	Retired      int    `json:"retired"`
	RetiredTotal uint64 `json:"retired_total"`
}

// Stats returns the current state of the pool.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Out: p.out, Size: p.size, Retired: p.retired, RetiredTotal: p.total}
}

// Resize changes how many frames are allowed, as detectors come and go.
func (p *Pool) Resize(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = max(size, 1)
	for len(p.free) > p.size {
		p.drop()
	}
}

// Get returns a frame to draw on, with one reference, which is the caller's, or nil
// when all are handed out (or the pool is closed). An error means that the system had
// no memory, or that the size is invalid. Its pixels are undefined; only the caller may
// write them, until it shares the frame.
func (p *Pool) Get(camera string, id uint64, width, height int, captured time.Time) (*Frame, error) {
	if width <= 0 || height <= 0 || width > maxSide || height > maxSide {
		return nil, fmt.Errorf("make a frame of %dx%d pixels: a side is 1 to %d pixels", width, height, maxSide)
	}
	if !p.enter() {
		return nil, nil
	}
	buf, err := p.take(width*height*3 + Slack)
	if err != nil {
		p.leave(false)
		return nil, err
	}
	f := &Frame{ID: id, Camera: camera, Captured: captured, Width: width, Height: height, buf: buf, pool: p}
	f.refs.Store(1)
	return f, nil
}

// Wrap returns a frame of a decoder's image, with one reference, which is the
// caller's. It is displayed as width x height pixels. The image becomes the
// frame's, unless Wrap returns nil, which it does when all frames are out (or
// the pool is closed).
func (p *Pool) Wrap(camera string, id uint64, img Image, width, height int, captured time.Time) *Frame {
	if !p.enter() {
		return nil
	}
	f := &Frame{ID: id, Camera: camera, Captured: captured, Width: width, Height: height, image: img, pool: p}
	f.refs.Store(1)
	return f
}

// enter counts a frame that is handed out, if there may be another one.
func (p *Pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.out+max(0, p.retired-p.size) >= p.size {
		return false
	}
	p.out++
	return true
}

// leave counts a frame that came back.
func (p *Pool) leave(stuck bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stuck {
		p.retired--
	} else {
		p.out--
	}
}

// take returns a buffer of at least that many bytes.
func (p *Pool) take(bytes int) (*buffer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takes++
	for i := len(p.free) - 1; i >= 0; i-- {
		if b := p.free[i]; len(b.data) >= bytes && len(b.data) <= 2*bytes+4096 {
			p.free = slices.Delete(p.free, i, i+1)
			return b, nil
		}
	}
	if len(p.free) > 0 && p.takes-p.free[0].freed > idleTakes {
		p.drop()
	}
	data, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes for a frame: %w", bytes, err)
	}
	return &buffer{data: data}, nil
}

// put takes a buffer back; discard unmaps it, because its holder was stuck.
func (p *Pool) put(b *buffer, discard bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if discard || p.closed {
		unmap(b)
		return
	}
	b.freed = p.takes
	p.free = append(p.free, b)
	if len(p.free) > p.size {
		p.drop()
	}
}

func (p *Pool) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out--
	p.retired++
	p.total++
}

// drop unmaps the buffer that has been free for longest.
func (p *Pool) drop() {
	unmap(p.free[0])
	p.free = slices.Delete(p.free, 0, 1)
}

// Close unmaps what is free now and the rest as it comes back; Get returns nil
// from here on. Frames that are still held stay readable.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for len(p.free) > 0 {
		p.drop()
	}
}

func unmap(b *buffer) {
	// It fails only for an address that was never mapped.
	_ = syscall.Munmap(b.data)
	b.data = nil
}
