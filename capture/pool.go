package capture

import (
	"fmt"
	"sync"
	"syscall"
	"time"
)

// Pool holds the pixel buffers of one camera. Buffers are mapped outside the Go
// heap, because OpenCV keeps pointers to them beyond a call, which cgo forbids
// for Go memory that is not pinned.
//
// It is safe for concurrent use. Its size bounds the pixel memory of a camera:
// when all buffers are out, Get fails and the frame is the caller's to count as
// dropped. Buffers are mapped on first use and kept; a new frame size replaces
// them one by one as they come back. Retired buffers are replaced up to the
// pool's size, so twice that is the most that is ever mapped.
type Pool struct {
	encode Encoder

	mu      sync.Mutex // guards what follows; held for a map or unmap at the most
	free    []*buffer
	size    int // buffers allowed, without the retired ones
	out     int // buffers with holders, without the retired ones
	retired int // buffers whose holder is stuck
	total   uint64
	closed  bool
}

type buffer struct{ data []byte }

// maxSide bounds what a stream can make a pool map for one frame.
const maxSide = 16384

// NewPool returns a pool of size buffers. Frames of it encode themselves with
// encode; nil means EncodeJPEG.
func NewPool(size int, encode Encoder) *Pool {
	if encode == nil {
		encode = EncodeJPEG
	}
	return &Pool{encode: encode, size: max(size, 1)}
}

// PoolStats is how a pool stands: buffers out and allowed, buffers whose holder
// is stuck now, and how many there ever were.
type PoolStats struct {
	Out          int    `json:"out"`
	Size         int    `json:"size"`
	Retired      int    `json:"retired"`
	RetiredTotal uint64 `json:"retired_total"`
}

// Stats returns how the pool stands now.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Out: p.out, Size: p.size, Retired: p.retired, RetiredTotal: p.total}
}

// Resize changes how many buffers are allowed, as detectors come and go.
// Buffers above the new size are unmapped as they come back.
func (p *Pool) Resize(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = max(size, 1)
	for len(p.free) > 0 && len(p.free)+p.out > p.size {
		p.drop()
	}
}

// Get returns a frame of the given size with one count, which is the caller's,
// or nil when every buffer is out (or the pool is closed). An error means that
// the system had no memory, or that no picture has such a size. Its pixels hold whatever they held before; the
// caller alone may write them, until it shares the frame.
func (p *Pool) Get(camera string, id uint64, width, height int, captured time.Time) (*Frame, error) {
	if width <= 0 || height <= 0 || width > maxSide || height > maxSide {
		return nil, fmt.Errorf("make a frame of %dx%d pixels: a side is 1 to %d pixels", width, height, maxSide)
	}
	buf, err := p.take(width * height * 3)
	if buf == nil || err != nil {
		return nil, err
	}
	f := &Frame{ID: id, Camera: camera, Captured: captured, Width: width, Height: height, buf: buf, pool: p}
	f.refs.Store(1)
	return f, nil
}

func (p *Pool) take(bytes int) (*buffer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.out+max(0, p.retired-p.size) >= p.size {
		return nil, nil
	}
	for len(p.free) > 0 {
		b := p.free[len(p.free)-1]
		if len(b.data) >= bytes && len(b.data) <= 2*bytes+4096 {
			p.free = p.free[:len(p.free)-1]
			p.out++
			return b, nil
		}
		p.drop()
	}
	data, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes for a frame: %w", bytes, err)
	}
	p.out++
	return &buffer{data}, nil
}

func (p *Pool) put(b *buffer, stuck bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stuck {
		p.retired--
		unmap(b)
		return
	}
	p.out--
	if p.closed || len(p.free)+p.out >= p.size {
		unmap(b)
		return
	}
	p.free = append(p.free, b)
}

func (p *Pool) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out--
	p.retired++
	p.total++
}

func (p *Pool) drop() {
	unmap(p.free[len(p.free)-1])
	p.free = p.free[:len(p.free)-1]
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
