package opencv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"rvo-tui/detectors"
)

// maxModel is how large a model file can be, in bytes.
const maxModel = 1 << 30

// onnxFile is what the detector needs to know of a model before OpenCV, which
// trusts what it reads, gets to see it.
type onnxFile struct {
	data   []byte
	input  onnxInput
	open   bool     // the file leaves the batch, height or width open
	labels []string // as exporters leave them in the metadata; nil: none there
}

// onnxInput is the picture that a model wants.
type onnxInput struct {
	name          string
	channels      int // 1 or 3
	width, height int // 0: the model leaves it open
}

func readONNX(path string) (*onnxFile, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no file %q: check the path", detectors.Clean(path))
	case err != nil:
		return nil, fmt.Errorf("model %q cannot be read: %w", detectors.Clean(path), pathless(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("model %q is not a file: give the path of an ONNX file", detectors.Clean(path))
	case info.Size() > maxModel:
		return nil, fmt.Errorf("model %q is larger than 1 GiB: use a smaller one", detectors.Clean(path))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model %q cannot be read: %w", detectors.Clean(path), pathless(err))
	}
	f, err := parseONNX(data)
	if err != nil {
		return nil, fmt.Errorf("model %q: %w", detectors.Clean(path), err)
	}
	return f, nil
}

var errNotONNX = errors.New("is not a whole ONNX file: export or copy it again")

// The numbers of the fields that are looked at, by message.
const (
	modelGraph, modelMetadata                            = 7, 14
	entryKey, entryValue                                 = 1, 2
	graphNode, graphInitializer, graphInput, graphOutput = 1, 5, 11, 12
	nodeInput, nodeOutput                                = 1, 2
	tensorName, tensorLocation                           = 8, 14
	valueName, valueType                                 = 1, 2
	typeTensor                                           = 1
	tensorTypeElem, tensorTypeShape                      = 1, 2
	shapeDim, dimValue                                   = 1, 1
)

// elemFloat is ONNX's number of 32-bit floats.
const elemFloat = 1

// value is an input of a graph as the file declares it.
type value struct {
	name string
	elem uint64
	dims []int64 // -1: open
}

// parseONNX checks that data is a whole model with one input that takes a
// picture. It keeps data.
func parseONNX(data []byte) (*onnxFile, error) {
	f := &onnxFile{data: data}
	var graph, names []byte
	err := fields(data, func(n, _ uint64, part []byte) error {
		switch n {
		case modelGraph:
			graph = part
		case modelMetadata:
			var key, val []byte
			if err := fields(part, func(n, _ uint64, part []byte) error {
				switch n {
				case entryKey:
					key = part
				case entryValue:
					val = part
				}
				return nil
			}); err != nil {
				return err
			}
			if string(key) == "names" {
				names = val
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(graph) == 0 {
		return nil, errNotONNX
	}
	if f.input, f.open, err = parseGraph(graph); err != nil {
		return nil, err
	}
	f.labels = parseNames(string(names))
	return f, nil
}

func parseGraph(graph []byte) (in onnxInput, open bool, err error) {
	var (
		inputs         []value
		nodes, outputs [][]byte
		weights        = map[string]bool{}
	)
	err = fields(graph, func(n, _ uint64, part []byte) error {
		switch n {
		case graphNode:
			nodes = append(nodes, part)
		case graphOutput:
			outputs = append(outputs, part)
		case graphInput:
			v, err := parseValue(part)
			inputs = append(inputs, v)
			return err
		case graphInitializer:
			if err := fields(part, func(n, number uint64, part []byte) error {
				switch {
				case n == tensorName:
					weights[string(part)] = true
				case n == tensorLocation && number == 1:
					return errors.New("keeps its weights in another file: save it as one file")
				}
				return nil
			}); err != nil {
				return err
			}
			return checkTensor(part)
		}
		return nil
	})
	if err != nil {
		return onnxInput{}, false, err
	}
	if len(nodes) == 0 || len(outputs) == 0 {
		return onnxInput{}, false, errNotONNX
	}
	var pictures []value
	for _, v := range inputs {
		if !weights[v.name] {
			pictures = append(pictures, v)
		}
	}
	if len(pictures) != 1 {
		return onnxInput{}, false, fmt.Errorf("has %d inputs: export a model with one, the picture", len(pictures))
	}
	weights[pictures[0].name] = true
	if err := checkWires(nodes, outputs, weights); err != nil {
		return onnxInput{}, false, err
	}
	return pictureOf(pictures[0])
}

// checkWires reports a node or output of a graph that wants what nothing before
// it makes: OpenCV crashes on that. Known is what is there from the start.
func checkWires(nodes, outputs [][]byte, known map[string]bool) error {
	broken := func(name []byte) error {
		return fmt.Errorf("is broken, as nothing makes its %q: export it again", detectors.Clean(string(name)))
	}
	for _, node := range nodes {
		var makes []string
		if err := fields(node, func(n, _ uint64, part []byte) error {
			switch {
			case n == nodeInput && len(part) > 0 && !known[string(part)]:
				return broken(part)
			case n == nodeOutput:
				makes = append(makes, string(part))
			case n == nodeAttribute:
				return fields(part, func(n, _ uint64, part []byte) error {
					if n == attrTensor {
						return checkTensor(part)
					}
					return nil
				})
			}
			return nil
		}); err != nil {
			return err
		}
		for _, name := range makes {
			known[name] = true
		}
	}
	for _, output := range outputs {
		if err := fields(output, func(n, _ uint64, part []byte) error {
			if n == valueName && !known[string(part)] {
				return broken(part)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// pictureOf wants [1, channels, height, width] of floats.
func pictureOf(v value) (in onnxInput, open bool, err error) {
	if v.elem != elemFloat {
		return onnxInput{}, false, errors.New("wants a picture of other numbers than 32-bit floats: export it in full precision (half=False)")
	}
	if len(v.dims) != 4 {
		return onnxInput{}, false, fmt.Errorf("has an input with %d dimensions: export one that takes [1, 3, height, width]", len(v.dims))
	}
	if n := v.dims[0]; n != 1 && n != -1 {
		return onnxInput{}, false, fmt.Errorf("wants %d pictures at a time: export it with a batch of 1", n)
	}
	if c := v.dims[1]; c != 1 && c != 3 {
		return onnxInput{}, false, errors.New("wants neither 1 nor 3 channels before height and width: export it with the channels first, as [1, 3, height, width]")
	}
	in = onnxInput{name: v.name, channels: int(v.dims[1])}
	for i, to := range []*int{&in.height, &in.width} {
		switch d := v.dims[2+i]; {
		case d == -1:
		case d < minInput || d > maxInput:
			return onnxInput{}, false, fmt.Errorf("wants pictures of %d by %d: export it for %d to %d pixels a side", v.dims[3], v.dims[2], minInput, maxInput)
		default:
			*to = int(d)
		}
	}
	return in, slices.Contains(v.dims, -1), nil
}

func parseValue(data []byte) (value, error) {
	var v value
	nothing := func(uint64, uint64, []byte) error { return nil }
	dim := func(n, _ uint64, part []byte) error {
		if n != shapeDim {
			return nil
		}
		v.dims = append(v.dims, -1)
		if len(v.dims) > 16 {
			return errNotONNX
		}
		return fields(part, func(n, number uint64, _ []byte) error {
			// A size of 0 is how some exporters write one that is open.
			if n == dimValue && number != 0 {
				v.dims[len(v.dims)-1] = int64(min(number, 1<<40))
			}
			return nil
		})
	}
	tensor := func(n, number uint64, part []byte) error {
		switch n {
		case tensorTypeElem:
			v.elem = number
		case tensorTypeShape:
			return fields(part, dim)
		}
		return nil
	}
	err := fields(data, func(n, _ uint64, part []byte) error {
		switch n {
		case valueName:
			v.name = string(part)
		case valueType:
			return fields(part, func(n, _ uint64, part []byte) error {
				if n == typeTensor {
					return fields(part, tensor)
				}
				return fields(part, nothing)
			})
		}
		return nil
	})
	return v, err
}

// fields calls do with each field of a protobuf message: its number and either
// the number or the bytes that it holds. It fails for what is no whole message.
func fields(data []byte, do func(n, number uint64, part []byte) error) error {
	for len(data) > 0 {
		n, number, part, rest, err := field(data)
		if err != nil {
			return err
		}
		if err := do(n, number, part); err != nil {
			return err
		}
		data = rest
	}
	return nil
}

// field returns the first field of a protobuf message, and what follows it.
func field(data []byte) (n, number uint64, part, rest []byte, err error) {
	tag, size := binary.Uvarint(data)
	if size <= 0 || tag>>3 == 0 {
		return 0, 0, nil, nil, errNotONNX
	}
	data = data[size:]
	var length uint64
	switch tag & 7 {
	case 0:
		if number, size = binary.Uvarint(data); size <= 0 {
			return 0, 0, nil, nil, errNotONNX
		}
		length = uint64(size)
	case 1:
		if length = 8; len(data) >= 8 {
			number = binary.LittleEndian.Uint64(data)
		}
	case 2:
		if length, size = binary.Uvarint(data); size <= 0 {
			return 0, 0, nil, nil, errNotONNX
		}
		data = data[size:]
	case 5:
		if length = 4; len(data) >= 4 {
			number = uint64(binary.LittleEndian.Uint32(data))
		}
	default:
		return 0, 0, nil, nil, errNotONNX
	}
	if length > uint64(len(data)) {
		return 0, 0, nil, nil, errNotONNX
	}
	if tag&7 == 2 {
		part = data[:length]
	}
	return tag >> 3, number, part, data[length:], nil
}
