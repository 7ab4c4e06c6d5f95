package oip

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	goruntime "runtime"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		datatype string
		raw      []byte
		contents *contents
		want     []float32
	}{
		{"BOOL", []byte{0, 1}, &contents{BoolContents: []bool{false, true}}, []float32{0, 1}},
		{"INT8", []byte{0xff, 5}, &contents{IntContents: []int32{-1, 5}}, []float32{-1, 5}},
		{"UINT8", []byte{0xff, 5}, &contents{UintContents: []uint32{255, 5}}, []float32{255, 5}},
		{"INT16", []byte{0xff, 0xff, 5, 0}, &contents{IntContents: []int32{-1, 5}}, []float32{-1, 5}},
		{"UINT16", []byte{0xff, 0xff, 5, 0}, &contents{UintContents: []uint32{65535, 5}}, []float32{65535, 5}},
		{"INT32", []byte{0xff, 0xff, 0xff, 0xff, 5, 0, 0, 0}, &contents{IntContents: []int32{-1, 5}}, []float32{-1, 5}},
		{"UINT32", []byte{0, 0, 0, 0x80, 5, 0, 0, 0}, &contents{UintContents: []uint32{1 << 31, 5}}, []float32{1 << 31, 5}},
		{"INT64", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 5, 0, 0, 0, 0, 0, 0, 0}, &contents{Int64Contents: []int64{-1, 5}}, []float32{-1, 5}},
		{"UINT64", []byte{0, 0, 0, 0, 0, 0, 0, 0x80, 5, 0, 0, 0, 0, 0, 0, 0}, &contents{Uint64Contents: []uint64{1 << 63, 5}}, []float32{1 << 63, 5}},
		{"FP16", []byte{0, 0x3c, 0, 0xc0}, nil, []float32{1, -2}},
		{"BF16", []byte{0x80, 0x3f, 0, 0xc0}, nil, []float32{1, -2}},
		{"FP32", raw(1, -2), &contents{Fp32Contents: []float32{1, -2}}, []float32{1, -2}},
		{"FP64", []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, &contents{Fp64Contents: []float64{1, -2}}, []float32{1, -2}},
	} {
		plain := &response{Outputs: []*outTens{{Name: "a", Datatype: c.datatype, Shape: []int64{2}}}, RawOutputContents: [][]byte{c.raw}}
		typed := &response{Outputs: []*outTens{{Name: "a", Datatype: c.datatype, Shape: []int64{2}, Contents: c.contents}}}
		for _, r := range []*response{plain, typed} {
			if r == typed && c.contents == nil {
				continue
			}
			var a answer
			if err := a.decode(encoded(t, r)); err != nil || !slices.Equal(a.outputs[0].Data, c.want) {
				t.Errorf("%s: %v, %v; want %v", c.datatype, a.outputs, err, c.want)
			}
		}
	}
}

func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// floods are responses of n bytes that are made to use more memory than that.
func floods(n int) map[string][]byte {
	field := func(number int, value []byte) []byte {
		b := []byte{byte(number<<3 | 2)}
		for size := len(value); ; size >>= 7 {
			if size < 0x80 {
				b = append(b, byte(size))
				break
			}
			b = append(b, byte(size)|0x80)
		}
		return append(b, value...)
	}
	fill := func(b ...byte) []byte { return bytes.Repeat(b, n/len(b)) }
	tensor := func(parts ...[]byte) []byte {
		start := [][]byte{field(1, []byte("output0")), field(2, []byte("UINT8"))}
		return field(5, slices.Concat(append(start, parts...)...))
	}
	return map[string][]byte{
		"outputs":            fill(5<<3|2, 0),
		"raw contents":       fill(6<<3|2, 0),
		"parameters":         fill(4<<3|2, 0),
		"unknown fields":     fill(15<<3, 1),
		"shapes":             tensor(field(3, fill(1))),
		"shapes one by one":  tensor(fill(3<<3, 1)),
		"tensor parameters":  tensor(fill(4<<3|2, 0)),
		"bytes":              tensor(field(5, fill(8<<3|2, 0))),
		"small numbers":      tensor(field(3, []byte{0x80, 0x80, 0x80, 4}), field(5, field(4, fill(1)))),
		"numbers one by one": tensor(field(3, []byte{0x80, 0x80, 0x80, 4}), field(5, fill(4<<3, 1))),
		"contents again":     tensor(fill(5<<3|2, 0)),
		"names":              fill(slices.Concat([]byte{5<<3 | 2, 7}, field(1, []byte("abcde")))...),
		"groups":             fill(1<<3|3, 1<<3|4),
		"a group":            fill(1<<3 | 3),
		"ends of groups":     fill(1<<3 | 4),
		"long lengths":       fill(5<<3|2, 0xff),
	}
}

// A response uses at most a few times its size in memory, whatever it contains.
func TestAnswersTakeLittleMemory(t *testing.T) {
	const n = 4 << 20
	for name, b := range floods(n) {
		var a answer
		var before, after goruntime.MemStats
		goruntime.ReadMemStats(&before)
		err := a.decode(b)
		goruntime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 5*n {
			t.Errorf("%s: %d MiB for an answer of %d MiB", name, took>>20, n>>20)
		}
		t.Logf("%s: %v", name, err)
	}
}

// bareCodec sends bytes unchanged.
type bareCodec struct{}

func (bareCodec) Name() string { return "proto" }

func (bareCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("no bytes: %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

func (bareCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("no bytes: %T", v)
	}
	*b = data.Materialize()
	return nil
}

// A server that answers everything with a flood, from the start or once the model is known, gives
// an error with a reason.
func TestFloods(t *testing.T) {
	ready, meta := []byte{8, 1}, encoded(t, yolo())
	for name, flood := range floods(16 << 10) {
		for _, which := range []string{"ServerReady", "ModelReady", "ModelMetadata", "ModelInfer"} {
			answer := func(method string) []byte {
				switch {
				case method == which, method == "ModelInfer":
					return flood
				case method == "ModelMetadata":
					return meta
				}
				return ready
			}
			endpoint := serve(t, nil, grpc.ForceServerCodecV2(bareCodec{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
				var in []byte
				if err := stream.RecvMsg(&in); err != nil {
					return err
				}
				method, _ := grpc.MethodFromServerStream(stream)
				out := answer(method[len("/inference.GRPCInferenceService/"):])
				return stream.SendMsg(&out)
			}))
			out, err := detector(t, at(endpoint)).Detect(within(t, soon), frame(t, 64, 64))
			switch reason := detectors.ReasonOf(err); reason {
			case remote.ReasonGarbage, remote.ReasonLarge, ReasonModel, ReasonShape, ReasonNotReady:
			default:
				t.Errorf("%s of %s: %v, %v: reason %q", which, name, out, err, reason)
			}
		}
	}
}

// The decoder reads what the generated code reads, and fails where that fails.
func FuzzAnswer(f *testing.F) {
	f.Add(encoded(f, answers(0.9)))
	f.Add(encoded(f, &response{}))
	f.Add(encoded(f, &response{ModelVersion: "2", Outputs: []*outTens{
		{Name: "a", Datatype: "INT64", Shape: []int64{2, 0}, Contents: &contents{}},
		{Name: "b", Datatype: "UINT64", Shape: []int64{2}, Contents: &contents{Uint64Contents: []uint64{1, math.MaxUint64}}},
		{Name: "c", Datatype: "FP64", Shape: []int64{1}, Contents: &contents{Fp64Contents: []float64{0.5}}},
		{Name: "d", Datatype: "INT8", Shape: []int64{1}, Contents: &contents{IntContents: []int32{-5}}},
	}}))
	for _, b := range floods(200) {
		f.Add(b)
	}
	a := new(answer) // still contains the previous response
	f.Fuzz(func(t *testing.T, b []byte) {
		var want response
		broken := proto.Unmarshal(b, &want)
		err := a.decode(b)
		if errors.Is(err, errAnswer) && broken == nil {
			t.Fatalf("refused as no answer: %v", &want)
		}
		if err != nil {
			return
		}
		if len(a.outputs) > maxTensors {
			t.Fatalf("%d outputs", len(a.outputs))
		}
		for i := range a.outputs {
			n, err := a.outputs[i].count()
			if err != nil || n != len(a.outputs[i].Data) || n > 8*len(b) {
				t.Fatalf("%d numbers of shape %v, %v", len(a.outputs[i].Data), a.outputs[i].Shape, err)
			}
		}
		if broken != nil {
			return // invalid UTF-8, and errors in parts that are not decoded
		}
		if len(a.outputs) != len(want.GetOutputs()) {
			t.Fatalf("%d outputs, want %d", len(a.outputs), len(want.GetOutputs()))
		}
		for i, o := range want.GetOutputs() {
			got := a.outputs[i]
			same := slices.EqualFunc(got.Shape, o.GetShape(), func(a int, b int64) bool { return int64(a) == b })
			if name := o.GetName(); got.Name != name[:min(len(name), maxName)] || !same {
				t.Fatalf("%v, want %v", got, o)
			}
			if list := o.GetContents().GetFp32Contents(); o.GetDatatype() == "FP32" && len(want.GetRawOutputContents()) == 0 &&
				!slices.EqualFunc(got.Data, list, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
				t.Fatalf("numbers %v, want %v", got.Data, list)
			}
		}
	})
}

// Whatever a server declares and returns, nothing panics, and detections are clean and within the
// frame.
func FuzzModel(f *testing.F) {
	f.Add(encoded(f, yolo()), encoded(f, answers(0.9)), "")
	lists := yolo()
	lists.Outputs = []*tensor{
		{Name: "boxes", Datatype: "FP32", Shape: []int64{-1, 4}},
		{Name: "labels", Datatype: "INT64", Shape: []int64{-1}},
		{Name: "scores", Datatype: "FP32", Shape: []int64{-1}},
	}
	f.Add(encoded(f, lists), encoded(f, &response{Outputs: []*outTens{
		{Name: "boxes", Datatype: "FP32", Shape: []int64{1, 4}, Contents: &contents{Fp32Contents: []float32{0, 0, 32, 32}}},
		{Name: "labels", Datatype: "INT64", Shape: []int64{1}, Contents: &contents{Int64Contents: []int64{0}}},
		{Name: "scores", Datatype: "FP32", Shape: []int64{1}, Contents: &contents{Fp32Contents: []float32{0.9}}},
	}}), "")
	pose := yolo()
	pose.Outputs[0].Shape, pose.Properties = []int64{1, 56, 84}, map[string]string{"task": "pose", "kpt_shape": "[17, 3]", "names": "{0: '\x1b[2J'}"}
	f.Add(encoded(f, pose), encoded(f, &response{Outputs: []*outTens{{Name: "output0", Datatype: "FP32", Shape: []int64{1, 56, 84}}}, RawOutputContents: [][]byte{raw(make([]float32, 56*84)...)}}), "yolov8-pose")
	f.Fuzz(func(t *testing.T, declared, answered []byte, format string) {
		var meta metadata
		if proto.Unmarshal(declared, &meta) != nil {
			return
		}
		for _, in := range meta.GetInputs() {
			if slices.ContainsFunc(in.GetShape(), func(size int64) bool { return size > 512 }) {
				return // which is slow, and nothing else
			}
		}
		o := network.Defaults()
		o.Input, o.Format = "64x64", format
		m, err := readModel(Options{Model: "m", Options: o}, &meta)
		if err != nil {
			return
		}
		var a answer
		if a.decode(answered) != nil {
			return
		}
		out, err := m.tensors(&a)
		if err != nil || m.Understand(out) != nil {
			return
		}
		if m.counter, err = m.Counter(o, "things"); err != nil {
			return
		}
		found, err := m.counter.Decode(out, m.Place(128, 64))
		if err != nil {
			return
		}
		for _, d := range found {
			if d.Label != text.Clean(d.Label) || !(d.Score >= 0 && d.Score <= 1) || !(d.Box.X >= 0 && d.Box.Y >= 0 && d.Box.W >= 0 && d.Box.H >= 0 && d.Box.X+d.Box.W <= 1.001 && d.Box.Y+d.Box.H <= 1.001) {
				t.Fatalf("found %+v", d)
			}
		}
	})
}

// The cost of reading one response of a raw head, compared with the generated code.
func BenchmarkAnswer(b *testing.B) {
	r := answers(0.9)
	r.Outputs[0].Shape, r.RawOutputContents[0] = []int64{1, 84, 8400}, make([]byte, 4*84*8400)
	wire := encoded(b, r)
	b.Run("own", func(b *testing.B) {
		a := new(answer)
		for b.Loop() {
			if err := a.decode(wire); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("generated", func(b *testing.B) {
		for b.Loop() {
			var r response
			if err := proto.Unmarshal(wire, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
