//go:build cgo

package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/internal/text"
)

// absent is nil: this build has the kind.
var absent error

// libraryOpen guards the library, which is opened once per process and never closed.
var libraryOpen sync.Mutex

// openLibrary opens the library if it is not open, and returns its version.
func openLibrary(configured string) (string, error) {
	libraryOpen.Lock()
	defer libraryOpen.Unlock()
	if ort.IsInitialized() {
		return ort.GetVersion(), nil
	}
	var err error
	for _, path := range candidates(configured) {
		ort.SetSharedLibraryPath(path)
		if err = ort.InitializeEnvironment(ort.WithLogLevelFatal()); err == nil {
			return ort.GetVersion(), nil
		}
	}
	return "", errMissing(configured, clean(err))
}

// session is a loaded model. It belongs to one goroutine at a time.
type session struct {
	inputs, outputs []network.Port
	meta            map[string]string
	fallback        error // why it fell back to the CPU; nil: it did not

	run   *ort.DynamicAdvancedSession
	runs  *ort.RunOptions
	image int // index of the image input
	in    []ort.Value
	most  int                 // maximum batch size
	kept  map[int][]ort.Value // outputs of fixed size, by batch size
	rooms map[int][]float32   // memory of an output, which all batch sizes share
	spare [][]float32         // for outputs that are not float32
}

// openSession loads a model. The library must be open.
func openSession(path string, o sessionOptions) (*session, error) {
	s := &session{most: o.most, kept: make(map[int][]ort.Value), rooms: make(map[int][]float32)}
	if err := s.describe(path); err != nil {
		return nil, err
	}
	err := s.load(path, o)
	if err != nil && o.fallback && o.provider != providerCPU {
		s.fallback = err
		o.provider = providerCPU
		err = s.load(path, o)
	}
	if err == nil {
		s.runs, err = ort.NewRunOptions()
	}
	if err == nil {
		err = s.readMeta()
	}
	if err != nil {
		return nil, errors.Join(clean(err), s.close())
	}
	return s, nil
}

// describe reads the model's inputs, outputs and metadata. For this, the library loads
// it once without optimizing.
func (s *session) describe(path string) error {
	opts, err := ort.NewSessionOptions()
	if err != nil {
		return clean(err)
	}
	defer free(opts)
	if err := opts.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll); err != nil {
		return clean(err)
	}
	if err := opts.SetIntraOpNumThreads(1); err != nil {
		return clean(err)
	}
	in, out, err := ort.GetInputOutputInfoWithOptions(path, opts)
	if err != nil {
		return clean(err)
	}
	for i, infos := range [][]ort.InputOutputInfo{in, out} {
		for _, info := range infos {
			p := network.Port{Name: info.Name, Elem: elemOf(info.DataType)}
			if info.OrtValueType != ort.ONNXTypeTensor {
				p.Elem = network.Elem(info.OrtValueType.String())
			}
			for _, d := range info.Dimensions {
				p.Shape = append(p.Shape, int(d))
			}
			if i == 0 {
				s.inputs = append(s.inputs, p)
			} else {
				s.outputs = append(s.outputs, p)
			}
		}
	}
	return nil
}

func elemOf(t ort.TensorElementDataType) network.Elem {
	switch t {
	case ort.TensorElementDataTypeFloat:
		return network.Float32
	case ort.TensorElementDataTypeFloat16:
		return network.Float16
	case ort.TensorElementDataTypeUint8:
		return network.Uint8
	case ort.TensorElementDataTypeInt32:
		return network.Int32
	case ort.TensorElementDataTypeInt64:
		return network.Int64
	}
	return network.Elem("type " + strconv.Itoa(int(t)))
}

func (s *session) load(path string, o sessionOptions) error {
	opts, err := ort.NewSessionOptions()
	if err != nil {
		return err
	}
	defer free(opts)
	err = errors.Join(
		opts.SetIntraOpNumThreads(o.threads), opts.SetInterOpNumThreads(1),
		// A thread that spins while waiting would take a core from the rest.
		opts.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		appendProvider(opts, o),
	)
	if err != nil {
		return err
	}
	names := func(ports []network.Port) []string {
		list := make([]string, len(ports))
		for i, p := range ports {
			list[i] = p.Name
		}
		return list
	}
	s.run, err = ort.NewDynamicAdvancedSession(path, names(s.inputs), names(s.outputs), opts)
	return err
}

func appendProvider(opts *ort.SessionOptions, o sessionOptions) error {
	device := func(key string) map[string]string {
		if o.device == "" {
			return nil
		}
		return map[string]string{key: o.device}
	}
	var err error
	switch o.provider {
	case providerOpenVINO:
		settings := map[string]string{}
		if o.device != "" {
			settings["device_type"] = o.device
		}
		if o.threads > 0 {
			settings["num_of_threads"] = strconv.Itoa(o.threads)
		}
		err = opts.AppendExecutionProviderOpenVINO(settings)
	case providerCUDA:
		var cuda *ort.CUDAProviderOptions
		if cuda, err = ort.NewCUDAProviderOptions(); err == nil {
			defer free(cuda)
			err = errors.Join(cuda.Update(device("device_id")), opts.AppendExecutionProviderCUDA(cuda))
		}
	case providerTensorRT:
		var trt *ort.TensorRTProviderOptions
		if trt, err = ort.NewTensorRTProviderOptions(); err == nil {
			defer free(trt)
			err = errors.Join(trt.Update(device("device_id")), opts.AppendExecutionProviderTensorRT(trt))
		}
	}
	if err != nil {
		return fmt.Errorf("provider %q cannot be used: %w: install a build of ONNX Runtime with it, or set fallback to use the CPU", o.provider, err)
	}
	return nil
}

func (s *session) readMeta() error {
	m, err := s.run.GetModelMetadata()
	if err != nil {
		return err
	}
	defer free(m)
	keys, err := m.GetCustomMetadataMapKeys()
	if err != nil {
		return err
	}
	s.meta = make(map[string]string, len(keys))
	for _, key := range keys {
		if value, ok, err := m.LookupCustomMetadataMap(key); err == nil && ok {
			s.meta[key] = value
		}
	}
	return nil
}

// bind binds buf as the inputs of n images.
func (s *session) bind(l network.Layout, buf any, n int) error {
	for _, v := range s.in {
		if err := v.Destroy(); err != nil {
			return err
		}
	}
	s.in = s.in[:0]
	for i := range s.inputs {
		value, err := s.input(i, l, buf, n)
		if err != nil {
			return clean(err)
		}
		s.in = append(s.in, value)
	}
	return nil
}

func (s *session) input(i int, l network.Layout, buf any, n int) (ort.Value, error) {
	if i != s.image {
		sizes := make([]int64, 0, 2*n)
		for range n {
			sizes = append(sizes, int64(l.Width), int64(l.Height))
		}
		return ort.NewTensor(ort.NewShape(int64(n), 2), sizes)
	}
	shape := ort.NewShape(l.Dims(n)...)
	switch buf := buf.(type) {
	case []float32:
		return ort.NewTensor(shape, buf[:n*l.Numbers()])
	case []uint8:
		return ort.NewTensor(shape, buf[:n*l.Numbers()])
	case []int32:
		return ort.NewTensor(shape, buf[:n*l.Numbers()])
	case []uint16:
		return ort.NewCustomDataTensor(shape, network.Bytes(buf[:n*l.Numbers()]), ort.TensorElementDataTypeFloat16)
	}
	return nil, fmt.Errorf("buffer of %T", buf)
}

// infer runs the model on the bound input. It stops early when all contexts have ended.
// The session owns the outputs, which are valid until the next call.
func (s *session) infer(n int, contexts []context.Context) ([]heads.Tensor, error) {
	first := s.kept[n] == nil
	if first {
		if err := s.prepare(n); err != nil {
			return nil, err
		}
	}
	out, err := s.once(n, contexts)
	if first && err == nil {
		s.keep(n, out)
	}
	return out, err
}

// prepare makes tensors for half-precision outputs, which the binding cannot return.
func (s *session) prepare(n int) error {
	s.kept[n] = make([]ort.Value, len(s.outputs))
	for i, p := range s.outputs {
		if p.Elem != network.Float16 {
			continue
		}
		if s.kept[n][i] = s.newOutput(i, n); s.kept[n][i] == nil {
			return fmt.Errorf("output %v has half precision and a dynamic size: export the model with fixed sizes, or with float32 outputs", p)
		}
	}
	return nil
}

// keep keeps tensors for outputs whose actual size matches the declared one. The
// library makes the others in each run.
func (s *session) keep(n int, out []heads.Tensor) {
	for i, p := range s.outputs {
		dims := p.Sized(n)
		same := slices.EqualFunc(dims, out[i].Shape, func(a int64, b int) bool { return int(a) == b })
		if s.kept[n][i] == nil && dims != nil && same {
			s.kept[n][i] = s.newOutput(i, n)
		}
	}
}

func (s *session) once(n int, contexts []context.Context) ([]heads.Tensor, error) {
	kept := s.kept[n]
	values := slices.Clone(kept)
	canceled, err := s.cancelable(contexts, func() error { return s.run.RunWithOptions(s.in, values, s.runs) })
	if err == nil {
		// After an error the binding may return values that cannot be freed.
		defer func() {
			for i, v := range values {
				if kept[i] == nil {
					free(v)
				}
			}
		}()
	}
	switch {
	case canceled != nil:
		return nil, canceled
	case err != nil:
		return nil, clean(err)
	}
	out := make([]heads.Tensor, len(values))
	s.spare = slices.Grow(s.spare[:0], len(values))[:len(values)]
	for i, v := range values {
		if out[i], err = s.tensor(i, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// cancelable calls do, and terminates it when all contexts have ended. It then also
// returns the reason.
func (s *session) cancelable(contexts []context.Context, do func() error) (canceled, err error) {
	var mu sync.Mutex
	left, terminated := len(contexts), false
	var under sync.WaitGroup
	stops := make([]func() bool, len(contexts))
	for i, ctx := range contexts {
		under.Add(1)
		stops[i] = context.AfterFunc(ctx, func() {
			defer under.Done()
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				terminated = s.runs.Terminate() == nil
			}
		})
	}
	err = do()
	for _, stop := range stops {
		if stop() {
			under.Done()
		}
	}
	under.Wait()
	if !terminated {
		return nil, err
	}
	if back := s.runs.UnsetTerminate(); back != nil {
		return clean(back), err
	}
	if err == nil {
		return nil, nil // do finished first
	}
	return contexts[0].Err(), err
}

// newOutput returns a tensor for output i of n images, or nil if it cannot be made.
func (s *session) newOutput(i, n int) ort.Value {
	shape := ort.NewShape(s.outputs[i].Sized(n)...)
	if err := shape.Validate(); err != nil || shape.FlattenedSize() < 1 || shape.FlattenedSize() > maxNumbers {
		return nil
	}
	numbers := int(shape.FlattenedSize())
	var v ort.Value
	var err error
	switch s.outputs[i].Elem {
	case network.Float32:
		v, err = ort.NewTensor(shape, s.room(i, n, numbers))
	case network.Float16:
		v, err = ort.NewCustomDataTensor(shape, network.Bytes(s.room(i, n, (numbers+1)/2))[:2*numbers], ort.TensorElementDataTypeFloat16)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return v
}

// room returns memory for output i of n images, of which there are at most most.
func (s *session) room(i, n, numbers int) []float32 {
	if len(s.rooms[i]) < numbers {
		s.rooms[i] = make([]float32, max(numbers, min((numbers+n-1)/n*s.most, maxNumbers)))
	}
	return s.rooms[i][:numbers]
}

// maxNumbers is the maximum number of elements of an output.
const maxNumbers = 1 << 26

// tensor converts output i to float32.
func (s *session) tensor(i int, v ort.Value) (heads.Tensor, error) {
	t := heads.Tensor{Name: s.outputs[i].Name}
	for _, d := range v.GetShape() {
		t.Shape = append(t.Shape, int(d))
	}
	switch v := v.(type) {
	case *ort.Tensor[float32]:
		t.Data = v.GetData()
	case *ort.Tensor[float64]:
		t.Data = convert(&s.spare[i], v.GetData())
	case *ort.Tensor[int64]:
		t.Data, t.Integer = convert(&s.spare[i], v.GetData()), true
	case *ort.Tensor[int32]:
		t.Data, t.Integer = convert(&s.spare[i], v.GetData()), true
	case *ort.Tensor[uint8]:
		t.Data, t.Integer = convert(&s.spare[i], v.GetData()), true
	case *ort.Tensor[int8]:
		t.Data, t.Integer = convert(&s.spare[i], v.GetData()), true
	case *ort.CustomDataTensor:
		if s.outputs[i].Elem != network.Float16 {
			return t, fmt.Errorf("the type of output %v is not supported: export the model with float32 outputs", s.outputs[i])
		}
		return s.half(i, t, v), nil
	default:
		return t, fmt.Errorf("the type of output %v is not supported: export the model with float32 outputs", s.outputs[i])
	}
	return t, nil
}

// half converts a half-precision output.
func (s *session) half(i int, t heads.Tensor, v *ort.CustomDataTensor) heads.Tensor {
	data := v.GetData()
	spare := slices.Grow(s.spare[i][:0], len(data)/2)[:len(data)/2]
	for k := range spare {
		spare[k] = network.FromFloat16(uint16(data[2*k]) | uint16(data[2*k+1])<<8)
	}
	s.spare[i], t.Data = spare, spare
	return t
}

func convert[T int64 | int32 | uint8 | int8 | float64](to *[]float32, from []T) []float32 {
	*to = slices.Grow((*to)[:0], len(from))[:len(from)]
	for i, v := range from {
		(*to)[i] = float32(v)
	}
	return *to
}

func (s *session) close() error {
	var errs []error
	for _, v := range s.in {
		errs = append(errs, v.Destroy())
	}
	for _, values := range s.kept {
		for _, v := range values {
			if v != nil {
				errs = append(errs, v.Destroy())
			}
		}
	}
	if s.runs != nil {
		errs = append(errs, s.runs.Destroy())
	}
	if s.run != nil {
		errs = append(errs, s.run.Destroy())
	}
	return errors.Join(errs...)
}

// free frees an object of the library, which cannot fail.
func free(made interface{ Destroy() error }) { _ = made.Destroy() }

// clean makes an error of the library safe to display, and removes the path, which is
// reported separately.
func clean(err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	if _, after, ok := strings.Cut(said, "Load model from "); ok {
		_, said, _ = strings.Cut(after, " failed:")
	}
	return errors.New(text.Clean(said))
}
