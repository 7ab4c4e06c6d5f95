package opencv

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"rvo-tui/detectors"
)

// The numbers of further fields of a tensor, and the types of its elements.
const (
	tensorDims, tensorElem, tensorFloats, tensorInt32s, tensorInt64s, tensorRaw, tensorDoubles = 1, 2, 4, 5, 7, 9, 10

	elemUint8, elemInt8, elemInt32, elemInt64, elemBool, elemDouble = 2, 3, 6, 7, 9, 11
)

const (
	maxRank  = 8
	maxTotal = 1 << 40 // of elements: more is no shape
)

// constant is a tensor that a model holds, or that is worked out from such.
// Values are exact for whole numbers of up to 53 bits; they are never changed.
type constant struct {
	elem   uint64
	dims   []int64
	values []float64
}

func scalar(elem uint64, v float64) *constant {
	return &constant{elem: elem, dims: []int64{}, values: []float64{v}}
}

func integers(list []int64) *constant {
	c := &constant{elem: elemInt64, dims: []int64{int64(len(list))}, values: make([]float64, len(list))}
	for i, v := range list {
		c.values[i] = float64(v)
	}
	return c
}

// ints returns the values as whole numbers, with those that are too large for
// OpenCV, as in "to the end", made the largest it knows.
func (c *constant) ints() []int64 {
	list := make([]int64, len(c.values))
	for i, v := range c.values {
		list[i] = int64(max(math.MinInt32, min(math.MaxInt32, v)))
	}
	return list
}

// total returns how many elements a shape has; not ok: it is none.
func total(dims []int64) (n int64, ok bool) {
	n = 1
	for _, d := range dims {
		if d < 0 || d > maxTotal {
			return 0, false
		}
		if n *= d; n > maxTotal {
			return 0, false
		}
	}
	return n, len(dims) <= maxRank
}

// tensorHead is what a tensor says of itself.
type tensorHead struct {
	name string
	elem uint64
	dims []int64
}

func parseTensorHead(data []byte) (h tensorHead, err error) {
	h.dims = []int64{} // nil would be a shape that is not known
	err = fields(data, func(n, number uint64, part []byte) error {
		switch n {
		case tensorDims:
			list, err := varints(number, part)
			h.dims = append(h.dims, list...)
			return err
		case tensorElem:
			h.elem = number
		case tensorName:
			h.name = string(part)
		}
		return nil
	})
	return h, err
}

// checkTensor reports a tensor that holds more or less than its shape says: OpenCV
// reads beyond its end.
func checkTensor(data []byte) error {
	h, err := parseTensorHead(data)
	if err != nil {
		return err
	}
	count, ok := total(h.dims)
	holds := int64(-1)
	err = fields(data, func(n, _ uint64, part []byte) error {
		size := map[uint64]int{tensorFloats: 4, tensorDoubles: 8}[n]
		if n == tensorRaw {
			size = map[uint64]int{elemFloat: 4, elemInt32: 4, elemInt64: 8, elemDouble: 8, elemUint8: 1, elemInt8: 1, elemBool: 1}[h.elem]
		}
		switch {
		case size > 0 && part != nil:
			if len(part)%size != 0 {
				ok = false
			}
			holds = max(holds, 0) + int64(len(part)/size)
		case size > 0:
			holds = max(holds, 0) + 1
		case n == tensorInt32s || n == tensorInt64s:
			holds = max(holds, 0)
			for _, b := range part {
				if b < 0x80 {
					holds++
				}
			}
			if part == nil {
				holds++
			}
		}
		return nil
	})
	if err == nil && (!ok || holds >= 0 && holds != count) {
		err = fmt.Errorf("is broken, as its constant %q is not whole: export or copy it again", detectors.Clean(h.name))
	}
	return err
}

// parseTensor returns a tensor's values; nil: it has more than limit, or they
// are of another type, or not there.
func parseTensor(data []byte, limit int64) *constant {
	h, err := parseTensorHead(data)
	count, ok := total(h.dims)
	if err != nil || !ok || count > limit {
		return nil
	}
	c := &constant{elem: h.elem, dims: h.dims}
	add := func(list []uint64, value func(uint64) float64) {
		for _, bits := range list {
			if int64(len(c.values)) <= count {
				c.values = append(c.values, value(bits))
			}
		}
	}
	err = fields(data, func(n, number uint64, part []byte) error {
		switch n {
		case tensorFloats:
			add(fixed(number, part, 4), floatOf)
		case tensorDoubles:
			add(fixed(number, part, 8), math.Float64frombits)
		case tensorInt32s, tensorInt64s:
			list, err := varints(number, part)
			if err != nil {
				return err
			}
			for _, v := range list {
				add([]uint64{uint64(v)}, func(v uint64) float64 { return float64(int64(v)) })
			}
		case tensorRaw:
			switch h.elem {
			case elemFloat:
				add(fixed(0, part, 4), floatOf)
			case elemDouble:
				add(fixed(0, part, 8), math.Float64frombits)
			case elemInt64:
				add(fixed(0, part, 8), func(v uint64) float64 { return float64(int64(v)) })
			case elemInt32:
				add(fixed(0, part, 4), func(v uint64) float64 { return float64(int32(uint32(v))) })
			case elemBool, elemUint8:
				for _, v := range part {
					add([]uint64{uint64(v)}, func(v uint64) float64 { return float64(v) })
				}
			}
		}
		return nil
	})
	if err != nil || int64(len(c.values)) != count {
		return nil
	}
	return c
}

func floatOf(bits uint64) float64 { return float64(math.Float32frombits(uint32(bits))) }

// encode returns the tensor as a file holds it. What OpenCV has no type for is
// written in the nearest one that it has.
func (c *constant) encode(name string) []byte {
	var b, raw []byte
	for _, d := range c.dims {
		b = appendNumber(b, tensorDims, uint64(d))
	}
	switch c.elem {
	case elemFloat, elemDouble:
		b = appendNumber(b, tensorElem, elemFloat)
		for _, v := range c.values {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
		}
	default:
		b = appendNumber(b, tensorElem, elemInt64)
		for _, v := range c.values {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(int64(v)))
		}
	}
	return appendPart(appendPart(b, tensorName, []byte(name)), tensorRaw, raw)
}

// broadcast returns the shape that two make together, by the rules of NumPy.
func broadcast(a, b []int64) ([]int64, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		o := &out[len(a)-len(b)+i]
		switch {
		case *o == d || d == 1:
		case *o == 1:
			*o = d
		default:
			return nil, false
		}
	}
	_, ok := total(out)
	return out, ok
}

// stretched returns the constant repeated to a shape that it broadcasts to.
func (c *constant) stretched(dims []int64) *constant {
	count, ok := total(dims)
	if !ok {
		return nil
	}
	out := &constant{elem: c.elem, dims: dims, values: make([]float64, count)}
	steps := make([]int64, len(dims)) // in c, along each dimension
	step := int64(1)
	for i := len(c.dims) - 1; i >= 0; i-- {
		if c.dims[i] != 1 {
			steps[len(dims)-len(c.dims)+i] = step
		}
		step *= c.dims[i]
	}
	at := make([]int64, len(dims))
	from := int64(0)
	for i := range out.values {
		out.values[i] = c.values[from]
		for d := len(dims) - 1; d >= 0; d-- {
			at[d]++
			from += steps[d]
			if at[d] < dims[d] {
				break
			}
			from -= at[d] * steps[d]
			at[d] = 0
		}
	}
	return out
}
