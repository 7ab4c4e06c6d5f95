package network

import (
	"unsafe"

	"rvo-tui/detectors/onnx/heads"
)

// Pixels is the input buffer of a model, for a maximum batch size. It belongs to one
// goroutine.
type Pixels interface {
	// Write writes a frame as image i: rows of blue, green and red without padding.
	Write(i int, pix []byte, at heads.Placement)
	// Buffer returns the elements of all images: a []float32, []uint16 (float16),
	// []uint8 or []int32. Write changes them.
	Buffer() any
	// Bytes returns the first n images as bytes, without copying.
	Bytes(n int) []byte
}

// Bytes returns the memory of numbers as bytes, without copying. It is little-endian on
// every supported machine.
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
