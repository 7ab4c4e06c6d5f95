package opencv

import "encoding/binary"

// sized returns the model with the input's size in it. OpenCV works out the
// shapes of everything from there, and cannot where the file leaves it open.
func (f *onnxFile) sized(in onnxInput) []byte {
	if !f.open {
		return f.data
	}
	return rewrite(f.data, modelGraph, func(graph []byte) []byte {
		return rewrite(graph, graphInput, func(input []byte) []byte {
			if v, err := parseValue(input); err != nil || v.name != in.name {
				return input
			}
			return in.declaration()
		})
	})
}

// declaration returns the input as a graph declares it.
func (in onnxInput) declaration() []byte {
	var shape []byte
	for _, side := range []int{1, in.channels, in.height, in.width} {
		shape = appendPart(shape, shapeDim, appendNumber(nil, dimValue, uint64(side)))
	}
	tensor := appendPart(appendNumber(nil, tensorTypeElem, elemFloat), tensorTypeShape, shape)
	return appendPart(appendPart(nil, valueName, []byte(in.name)), valueType, appendPart(nil, typeTensor, tensor))
}

// rewrite returns a whole protobuf message in which change has replaced each
// field of a number that holds bytes.
func rewrite(data []byte, number uint64, change func(part []byte) []byte) []byte {
	out := make([]byte, 0, len(data)+64)
	for len(data) > 0 {
		n, _, part, rest, err := field(data)
		if err != nil {
			return append(out, data...)
		}
		if n == number && part != nil {
			out = appendPart(out, n, change(part))
		} else {
			out = append(out, data[:len(data)-len(rest)]...)
		}
		data = rest
	}
	return out
}

func appendNumber(b []byte, n, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, n<<3), v)
}

func appendPart(b []byte, n uint64, part []byte) []byte {
	b = binary.AppendUvarint(b, n<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}
