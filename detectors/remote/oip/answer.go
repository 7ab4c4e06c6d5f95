package oip

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

// Limits for declarations and responses of a model.
const (
	maxTensors = 64
	maxRank    = 8
	maxNumbers = 1 << 24 // of one tensor
)

// answer is a ModelInferResponse. It is decoded from the wire format directly into
// numbers: for a malicious response, the generated code would allocate up to 78 times
// its size. It belongs to one goroutine. The tensors are valid until the next decode.
type answer struct {
	version string
	outputs []output
	raw     [][]byte // of the outputs, in order
	err     error    // what is wrong with a well-formed response
}

type output struct {
	heads.Tensor
	datatype datatype
	contents []byte
}

var errAnswer = errors.New("a response that is not a ModelInferResponse")

// decode decodes a response. It keeps no reference to b.
func (a *answer) decode(b []byte) error {
	a.version, a.outputs, a.raw = "", a.outputs[:0], a.raw[:0]
	err := fields(b, func(number protowire.Number, value []byte) error {
		switch number {
		case 2:
			a.version = short(value)
		case 5:
			if len(a.outputs) == maxTensors {
				return fmt.Errorf("more than %d outputs", maxTensors)
			}
			// Entries beyond the length keep memory for numbers.
			a.outputs = grown(a.outputs)
			return a.outputs[len(a.outputs)-1].declare(value)
		case 6:
			if len(a.raw) == maxTensors {
				return fmt.Errorf("more than %d outputs", maxTensors)
			}
			a.raw = append(a.raw, value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if n := len(a.raw); n > 0 && n != len(a.outputs) {
		return fmt.Errorf("raw contents of %d outputs, but %d outputs", n, len(a.outputs))
	}
	for i := range a.outputs {
		o := &a.outputs[i]
		if len(a.raw) > 0 {
			err = o.read(a.raw[i])
		} else {
			err = o.readContents()
		}
		o.contents = nil
		if err != nil {
			return fmt.Errorf("output %q of %q: %w", o.Name, o.datatype, err)
		}
	}
	clear(a.raw)
	return nil
}

// grown adds an output, reusing the memory of an earlier one.
func grown(list []output) []output {
	if len(list) < cap(list) {
		return list[:len(list)+1]
	}
	return append(list, output{})
}

// short returns the text if it is short enough for a name, otherwise "".
func short(b []byte) string {
	if len(b) > maxName {
		return ""
	}
	return text.Clean(string(b))
}

// fields calls visit for each length-delimited field of a message.
func fields(b []byte, visit func(number protowire.Number, value []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errAnswer
		}
		b = b[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
				return errAnswer
			}
			b = b[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errAnswer
		}
		b = b[n:]
		if err := visit(number, value); err != nil {
			return err
		}
	}
	return nil
}

// declare decodes an InferOutputTensor.
func (o *output) declare(b []byte) error {
	*o = output{Tensor: heads.Tensor{Shape: o.Shape[:0], Data: o.Data[:0]}}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errAnswer
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return errAnswer
		}
		field := b[:n]
		b = b[n:]
		switch {
		case number == 3:
			if err := o.shape(kind, field); err != nil {
				return err
			}
		case kind != protowire.BytesType:
		case number == 1:
			o.Name = string(field[lengthOf(field):][:min(len(field)-lengthOf(field), maxName)])
		case number == 2:
			o.datatype = datatype(short(field[lengthOf(field):]))
		case number == 5:
			o.contents = field[lengthOf(field):]
		}
	}
	o.Integer = o.datatype.integer()
	return nil
}

// lengthOf returns the size of the length prefix of a value, in bytes.
func lengthOf(field []byte) int {
	_, n := protowire.ConsumeVarint(field)
	return n
}

// shape decodes dimensions, packed or one by one.
func (o *output) shape(kind protowire.Type, field []byte) error {
	switch kind {
	case protowire.BytesType:
		field = field[lengthOf(field):]
	case protowire.VarintType:
	default:
		return nil
	}
	for len(field) > 0 {
		size, n := protowire.ConsumeVarint(field)
		if n < 0 {
			return errAnswer
		}
		field = field[n:]
		if len(o.Shape) == maxRank || size > maxNumbers {
			return fmt.Errorf("output %q: a shape that is too large", o.Name)
		}
		o.Shape = append(o.Shape, int(size))
	}
	return nil
}

// count returns the number of elements of the shape.
func (o *output) count() (int, error) {
	n := 1
	for _, size := range o.Shape {
		if n *= size; n > maxNumbers {
			return 0, fmt.Errorf("the shape %v is too large", o.Shape)
		}
	}
	return n, nil
}

// answerCodec encodes requests as usual and passes responses to their own decoder.
type answerCodec struct{ encoding.CodecV2 }

func (c answerCodec) Unmarshal(data mem.BufferSlice, v any) error {
	a, ok := v.(*answer)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer b.Free()
	if a.err = a.decode(b.ReadOnlyData()); errors.Is(a.err, errAnswer) {
		return a.err
	}
	return nil
}
