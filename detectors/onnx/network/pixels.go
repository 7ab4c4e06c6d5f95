package network

import (
	"unsafe"

	"rvo-tui/detectors/onnx/heads"
)

// Pixels is the input of a model, for up to so many images. It belongs to one
// goroutine.
type Pixels interface {
	// Write shows image i a frame: rows of blue, green and red without padding.
	Write(i int, pix []byte, at heads.Placement)
	// Buffer returns the numbers of all images, a []float32, []uint16 (float16),
	// []uint8 or []int32. They change with Write.
	Buffer() any
	// Bytes returns the numbers of the first n images, as Bytes does.
	Bytes(n int) []byte
}

// Bytes returns numbers as memory has them: low byte first on every machine that
// this runs on. It is the same memory.
func Bytes[T number](numbers []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(numbers))), len(numbers)*int(unsafe.Sizeof(*new(T))))
}

// images are the inputs of up to max images.
type images[T number] struct {
	*filler[T]
	data []T
}

func (m *images[T]) Buffer() any { return m.data }

func (m *images[T]) Bytes(n int) []byte {
	return Bytes(m.data[:n*m.layout.Numbers()])
}

func (m *images[T]) Write(i int, pix []byte, at heads.Placement) {
	n := m.layout.Numbers()
	m.filler.write(m.data[i*n:(i+1)*n], pix, at)
}

func newImages[T number](l Layout, s shown, most int, convert func(float64) T) *images[T] {
	return &images[T]{newFiller(l, s, convert), make([]T, most*l.Numbers())}
}

func newPixels(l Layout, s shown, most int) Pixels {
	switch l.Elem {
	case Float16:
		return newImages(l, s, most, float16)
	case Uint8, JPEG:
		to := whole(0, 255)
		return newImages(l, s, most, func(v float64) uint8 { return uint8(to(v)) })
	case Int32:
		to := whole(-1<<31, 1<<31-1)
		return newImages(l, s, most, func(v float64) int32 { return int32(to(v)) })
	}
	return newImages(l, s, most, func(v float64) float32 { return float32(v) })
}
