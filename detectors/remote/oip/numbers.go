package oip

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"rvo-tui/detectors/onnx/network"
)

// datatype is the protocol's name of a tensor's element type.
type datatype string

// elem returns the corresponding type of package network; other types keep their name.
func (d datatype) elem() network.Elem {
	switch d {
	case "FP32":
		return network.Float32
	case "FP16":
		return network.Float16
	case "UINT8":
		return network.Uint8
	case "INT32":
		return network.Int32
	case "INT64":
		return network.Int64
	}
	return network.Elem(d)
}

func (d datatype) integer() bool {
	return strings.HasPrefix(string(d), "INT") || strings.HasPrefix(string(d), "UINT") || d == "BOOL"
}

// size returns the size of an element in bytes; 0: not supported.
func (d datatype) size() int {
	switch d {
	case "BOOL", "INT8", "UINT8":
		return 1
	case "FP16", "BF16", "INT16", "UINT16":
		return 2
	case "FP32", "INT32", "UINT32":
		return 4
	case "FP64", "INT64", "UINT64":
		return 8
	}
	return 0
}

// number decodes one element.
func (d datatype) number(b []byte) float32 {
	little := binary.LittleEndian
	switch d {
	case "BOOL", "UINT8":
		return float32(b[0])
	case "INT8":
		return float32(int8(b[0]))
	case "FP16":
		return network.FromFloat16(little.Uint16(b))
	case "BF16":
		return math.Float32frombits(uint32(little.Uint16(b)) << 16)
	case "INT16":
		return float32(int16(little.Uint16(b)))
	case "UINT16":
		return float32(little.Uint16(b))
	case "INT32":
		return float32(int32(little.Uint32(b)))
	case "UINT32":
		return float32(little.Uint32(b))
	case "INT64":
		return float32(int64(little.Uint64(b)))
	case "UINT64":
		return float32(little.Uint64(b))
	case "FP64":
		return float32(math.Float64frombits(little.Uint64(b)))
	}
	return math.Float32frombits(little.Uint32(b))
}

// read decodes the elements from raw contents.
func (o *output) read(raw []byte) error {
	n, err := o.count()
	if err != nil {
		return err
	}
	size := o.datatype.size()
	switch {
	case size == 0:
		return fmt.Errorf("this type is not supported: let the model return FP32")
	case len(raw) != n*size:
		return fmt.Errorf("%d bytes, but the shape %v has %d", len(raw), o.Shape, n*size)
	}
	o.Data = room(o.Data, n)[:n]
	if o.datatype == "FP32" { // as almost all are
		copy(network.Bytes(o.Data), raw)
		return nil
	}
	for i := range o.Data {
		o.Data[i] = o.datatype.number(raw[i*size:])
	}
	return nil
}

// room returns memory for n elements, reusing data if it is large enough.
func room(data []float32, n int) []float32 {
	if cap(data) < n {
		return make([]float32, 0, n)
	}
	return data[:0]
}

// field returns the field of InferTensorContents for a type, and its wire type.
func (d datatype) field() (protowire.Number, protowire.Type) {
	switch d {
	case "BOOL":
		return 1, protowire.VarintType
	case "INT8", "INT16", "INT32":
		return 2, protowire.VarintType
	case "INT64":
		return 3, protowire.VarintType
	case "UINT8", "UINT16", "UINT32":
		return 4, protowire.VarintType
	case "UINT64":
		return 5, protowire.VarintType
	case "FP32":
		return 6, protowire.Fixed32Type
	case "FP64":
		return 7, protowire.Fixed64Type
	}
	return 0, 0
}

// readContents decodes the elements from an InferTensorContents.
func (o *output) readContents() error {
	want, err := o.count()
	if err != nil {
		return err
	}
	field, kind := o.datatype.field()
	if field == 0 {
		return fmt.Errorf("this type is not supported: let the model return FP32")
	}
	// Each element takes at least one byte.
	o.Data = room(o.Data, min(want, len(o.contents)))
	b := o.contents
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errAnswer
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
			return errAnswer
		}
		value := b[:n]
		b = b[n:]
		switch {
		case number == field && wire == protowire.BytesType:
			value = value[lengthOf(value):]
		case number != field || wire != kind:
			continue
		}
		if err := o.append(value, kind, want); err != nil {
			return err
		}
	}
	if len(o.Data) != want {
		return fmt.Errorf("%d numbers, but the shape %v has %d", len(o.Data), o.Shape, want)
	}
	return nil
}

// append decodes consecutive elements, up to want in total.
func (o *output) append(b []byte, kind protowire.Type, want int) error {
	for len(b) > 0 {
		if len(o.Data) == want {
			return fmt.Errorf("more numbers than the %d of the shape %v", want, o.Shape)
		}
		var v float32
		n := -1
		switch kind {
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(b)
			v = math.Float32frombits(bits)
		case protowire.Fixed64Type:
			var bits uint64
			bits, n = protowire.ConsumeFixed64(b)
			v = float32(math.Float64frombits(bits))
		case protowire.VarintType:
			var bits uint64
			bits, n = protowire.ConsumeVarint(b)
			if v = float32(int64(bits)); o.datatype == "UINT64" {
				v = float32(bits)
			}
		}
		if n < 0 {
			return errAnswer
		}
		b = b[n:]
		o.Data = append(o.Data, v)
	}
	return nil
}
