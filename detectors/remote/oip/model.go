package oip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
	"rvo-tui/proto/inference"
)

// model is a model as declared by the server, with its format. It belongs to one
// goroutine.
type model struct {
	*network.Network
	counter *network.Counter
	meta    *inference.ModelMetadataResponse
	outputs []network.Port
	version string // of the last response
	limit   int    // maximum size of a response, in bytes
	request *inference.ModelInferRequest
	timeout *inference.InferParameter_Int64Param
	file    []byte // image file in the request, with its length prefix
}

// readModel interprets the server's declaration of a model.
func readModel(o Options, meta *inference.ModelMetadataResponse) (*model, error) {
	inputs, err := portsOf("input", meta.GetInputs())
	if err != nil {
		return nil, err
	}
	m := &model{meta: meta}
	if m.outputs, err = portsOf("output", meta.GetOutputs()); err != nil {
		return nil, err
	}
	shapes := make([][]int64, len(inputs))
	for i := range inputs {
		if inputs[i].Elem == "BYTES" && len(inputs[i].Shape) <= 2 {
			shapes[i] = slices.Repeat([]int64{1}, len(inputs[i].Shape))
			inputs[i].Shape, inputs[i].Elem = []int{1, -1, -1, 3}, network.JPEG
			if o.Input == "" {
				return nil, fmt.Errorf("the input %v takes image files: set input to the model's working size, as in \"640x640\"; boxes are read in its pixels", inputs[i])
			}
		}
	}
	if m.Network, err = network.New(o.Options, inputs, m.outputs, meta.GetProperties(), 1); err != nil {
		return nil, err
	}
	if m.limit, err = m.answerLimit(); err != nil {
		return nil, err
	}
	if shapes[m.Image] == nil {
		shapes[m.Image] = m.Layout.Dims(1)
	}
	m.ask(o, shapes)
	return m, nil
}

// portsOf interprets declarations of tensors.
func portsOf(what string, list []*inference.ModelMetadataResponse_TensorMetadata) ([]network.Port, error) {
	switch n := len(list); {
	case n == 0:
		return nil, fmt.Errorf("the server does not say what %ss the model has: declare them in the model's configuration", what)
	case n > maxTensors:
		return nil, fmt.Errorf("the model has %d %ss: at most %d can be read", n, what, maxTensors)
	}
	ports := make([]network.Port, len(list))
	for i, t := range list {
		p := network.Port{Name: t.GetName(), Elem: datatype(text.Clean(t.GetDatatype())).elem()}
		if len(p.Name) > maxName || len(t.GetShape()) > maxRank {
			return nil, fmt.Errorf("the name or shape of %s %d is too long: at most %d bytes and %d dimensions are supported", what, i, maxName, maxRank)
		}
		numbers := 1
		for _, size := range t.GetShape() {
			p.Shape = append(p.Shape, int(min(max(size, -1), maxNumbers+1)))
			if numbers *= max(p.Shape[len(p.Shape)-1], 1); numbers > maxNumbers {
				return nil, fmt.Errorf("the %s %v is too large: at most %d million numbers can be read or sent", what, p, maxNumbers>>20)
			}
		}
		ports[i] = p
	}
	return ports, nil
}

// Limits for a response.
const (
	maxAnswer  = 64 << 20 // bytes
	overhead   = 64 << 10 // bytes other than tensor data
	maxClasses = 256      // assumed where the number is dynamic
)

// answerLimit returns the maximum size of a response in bytes, based on what the model
// declares.
func (m *model) answerLimit() (int, error) {
	limit := overhead
	for _, i := range m.Used {
		// No head has more boxes than one for each 16 pixels.
		open := max(m.Layout.Width*m.Layout.Height/16, 1000)
		size := 10 // maximum encoded size of an integer
		if e := m.outputs[i].Elem; e == network.Float32 || e == network.Float16 {
			size = 4
		}
		for k, n := range m.outputs[i].Shape {
			switch {
			case n > 0:
				size *= n
			case k > 0 || len(m.outputs[i].Shape) < 3: // otherwise it is the batch
				size *= open
				open = maxClasses
			}
			size = min(size, maxAnswer+1)
		}
		limit += size
	}
	if limit > maxAnswer {
		return 0, fmt.Errorf("the outputs are too large, at most %d MiB are supported: name the relevant ones in outputs", maxAnswer>>20)
	}
	return limit, nil
}

// ask prepares the request, which each frame completes.
func (m *model) ask(o Options, shapes [][]int64) {
	m.timeout = new(inference.InferParameter_Int64Param)
	m.request = &inference.ModelInferRequest{
		ModelName: o.Model, ModelVersion: o.Version,
		Parameters:       map[string]*inference.InferParameter{"timeout": {ParameterChoice: m.timeout}},
		RawInputContents: make([][]byte, len(m.meta.GetInputs())),
	}
	for i, in := range m.meta.GetInputs() {
		shape := shapes[i]
		if shape == nil { // the size of the image, for models that require it
			shape = []int64{1, 2}
			sides := binary.LittleEndian.AppendUint64(nil, uint64(m.Layout.Width))
			m.request.RawInputContents[i] = binary.LittleEndian.AppendUint64(sides, uint64(m.Layout.Height))
		}
		m.request.Inputs = append(m.request.Inputs, &inference.ModelInferRequest_InferInputTensor{Name: in.GetName(), Datatype: in.GetDatatype(), Shape: shape})
	}
	for _, i := range m.Used {
		m.request.Outputs = append(m.request.Outputs, &inference.ModelInferRequest_InferRequestedOutputTensor{Name: m.outputs[i].Name})
	}
}

// fill puts the content of Pixels into the request. The server should give up after
// timeout; Triton applies it to requests waiting in its queue.
func (m *model) fill(encode capture.Encoder, timeout time.Duration) error {
	m.timeout.Int64Param = max(timeout.Microseconds(), 0)
	pix := m.Pixels.Bytes(1)
	if m.Layout.Elem != network.JPEG {
		m.request.RawInputContents[m.Image] = pix
		return nil
	}
	file, err := encode(pix, m.Layout.Width, m.Layout.Height, m.Layout.Width, m.Layout.Height)
	if err != nil {
		return err
	}
	m.file = append(binary.LittleEndian.AppendUint32(m.file[:0], uint32(len(file))), file...)
	m.request.RawInputContents[m.Image] = m.file
	return nil
}

// tensors returns the outputs in use. They share memory with the answer.
func (m *model) tensors(a *answer) ([]heads.Tensor, error) {
	all := make([]heads.Tensor, len(m.outputs))
	for _, i := range m.Used {
		p := m.outputs[i]
		at := slices.IndexFunc(a.outputs, func(o output) bool { return o.Name == p.Name })
		if at < 0 {
			return nil, fmt.Errorf("returned no output %q: correct the model, or name the relevant ones in outputs", text.Clean(p.Name))
		}
		all[i] = a.outputs[at].Tensor
		same := slices.EqualFunc(all[i].Shape, p.Shape, func(got, declared int) bool { return declared < 1 || got == declared })
		if !same || a.outputs[at].datatype.elem() != p.Elem {
			return nil, fmt.Errorf("returned output %v of %s, but the server declares %v: correct the model or its declaration on the server",
				all[i], text.Clean(string(a.outputs[at].datatype)), p)
		}
	}
	return m.Select(all), nil
}

// reasonOf returns why a response cannot be decoded.
func reasonOf(err error) detectors.Reason {
	if errors.Is(err, heads.ErrNaN) {
		return remote.ReasonNaN
	}
	return ReasonModel
}
