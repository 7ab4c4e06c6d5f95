package capture

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Pool limits the number of frames in use per camera, and owns the pixels of drawn and
// converted frames. These are mapped outside the Go heap, because libraries keep
// pointers to them beyond a call, which cgo forbids for unpinned Go memory.
//
// It is safe for concurrent use. When all frames are in use, Get and Wrap fail, and the
// caller counts a dropped frame. Buffers are mapped on first use and kept, at most as
// many as the pool's size; the least recently used one is unmapped first. Retired
// frames are replaced, so at most twice the pool's size can be in use.
type Pool struct {
	encode  Encoder
	convert Converter

	mu      sync.Mutex // guards the fields below; held for at most one mmap or munmap
	free    []*buffer
	size    int // frames allowed, excluding retired ones
	out     int // frames in use, excluding retired ones
	retired int // frames whose holder is stuck
	total   uint64
	takes   uint64
	closed  bool
}

// A Converter is Image.Convert for width x height packed BGR pixels.
type Converter func(dst, pix []byte, width, height int, t Target) error

type buffer struct {
	data  []byte
	freed uint64 // Pool.takes when the buffer was returned
}

// idleTakes is how many other buffers are taken before a buffer of an unused size is
// unmapped.
const idleTakes = 64

// maxSide limits the memory that a stream can make a pool map for one frame.
const maxSide = 16384

// NewPool returns a pool of size frames, which encode themselves with encode; nil means
// EncodeJPEG. Drawn frames convert their pixels with ConvertPacked, unless ConvertWith
// sets something faster.
func NewPool(size int, encode Encoder) *Pool {
	if encode == nil {
		encode = EncodeJPEG
	}
	return &Pool{encode: encode, convert: ConvertPacked, size: max(size, 1)}
}

// ConvertWith sets the converter of drawn frames. Call it before the first Get. Nil
// changes nothing.
func (p *Pool) ConvertWith(convert Converter) {
	if convert != nil {
		p.convert = convert
	}
}

// PoolStats is a snapshot of a pool: frames in use and allowed, and frames whose holder
// is stuck, now and in total.
type PoolStats struct {
	Out          int    `json:"out"`
	Size         int    `json:"size"`
	Retired      int    `json:"retired"`
	RetiredTotal uint64 `json:"retired_total"`
}

// Stats returns a snapshot of the pool.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Out: p.out, Size: p.size, Retired: p.retired, RetiredTotal: p.total}
}

// Resize changes the number of frames allowed.
func (p *Pool) Resize(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = max(size, 1)
	for len(p.free) > p.size {
		p.drop()
	}
}

// Get returns a frame to draw on, with one reference owned by the caller. It returns
// nil if all frames are in use or the pool is closed. It fails if the system is out of
// memory or the size is invalid. The pixels are undefined. Only the caller may write
// them, until it shares the frame.
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

// Wrap returns a frame for a decoder's image, with one reference owned by the caller,
// displayed as width x height pixels. The frame takes over the image. If all frames are
// in use or the pool is closed, it returns nil and the caller keeps the image.
func (p *Pool) Wrap(camera string, id uint64, img Image, width, height int, captured time.Time) *Frame {
	if !p.enter() {
		return nil
	}
	f := &Frame{ID: id, Camera: camera, Captured: captured, Width: width, Height: height, image: img, pool: p}
	f.refs.Store(1)
	return f
}

// enter counts a frame as in use, if the limit allows it.
func (p *Pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.out+max(0, p.retired-p.size) >= p.size {
		return false
	}
	p.out++
	return true
}

// leave counts a returned frame.
func (p *Pool) leave(stuck bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stuck {
		p.retired--
	} else {
		p.out--
	}
}

// take returns a buffer of at least bytes bytes.
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

// put returns a buffer. discard unmaps it, because its holder was stuck.
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

// Close unmaps free buffers now and the others as they are returned. From now on Get
// returns nil. Frames still held stay readable.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for len(p.free) > 0 {
		p.drop()
	}
}

func unmap(b *buffer) {
	// Fails only for an address that was never mapped.
	_ = syscall.Munmap(b.data)
	b.data = nil
}
