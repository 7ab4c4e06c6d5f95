package oip

import (
	"context"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
)

// says makes a model return an error.
func says(code codes.Code, text string) func(*fake) {
	return func(f *fake) {
		f.infer = func(context.Context, *request) (*response, error) { return nil, status.Error(code, text) }
	}
}

// answering makes a model return a modified good response.
func answering(change func(*response)) func(*fake) {
	return func(f *fake) {
		r := answers(0.9)
		change(r)
		f.infer = always(r)
	}
}

// declares changes the metadata of the model.
func declares(change func(*metadata)) func(*fake) {
	return func(f *fake) { change(f.meta) }
}

var nan = float32(math.NaN())

// faults are ways in which a server can misbehave. Each gives an error with a reason and a
// remedy, and none ever reads as nothing found.
var faults = []struct {
	name   string
	change func(*fake)
	want   detectors.Reason
	text   string
}{
	{"no such model", declares(func(m *metadata) { m.Name = "others" }), ReasonNoModel, `no model "things": load it there`},
	{"loading", func(f *fake) { f.unready = true }, ReasonNotReady, "wait until the server has loaded it"},
	{"starting", func(f *fake) { f.unready, f.starting = true, true }, ReasonNotReady, "the server is not ready"},
	{"not found", says(codes.NotFound, "no such thing"), ReasonNoModel, "correct model and version"},
	{"not found, in words", says(codes.Unavailable, "Request for unknown model: 'things' is not found"), ReasonNoModel, "correct model and version"},
	{"unloaded", says(codes.Unavailable, "Request for unknown model: 'things' has no available versions"), ReasonNotReady, "load it on the server"},
	{"queue", says(codes.Unavailable, "Request timeout expired"), detectors.ReasonTimeout, "raise timeout"},
	{"own error", says(codes.Internal, "no \x1b[31mweights\u202e\n"+strings.Repeat("x", 9999)), remote.ReasonService, "no [31mweights xxx"},
	{"bad input", says(codes.InvalidArgument, "unexpected shape for input"), remote.ReasonService, "unexpected shape"},
	{"token", says(codes.Unauthenticated, "who?"), remote.ReasonUnauthorized, "set token"},
	{"too large a frame", says(codes.ResourceExhausted, "Received message larger than max (49152 vs. 100)"), remote.ReasonLarge, "smaller input"},
	{"not implemented", says(codes.Unimplemented, "unknown method"), remote.ReasonNoService, "inference.GRPCInferenceService"},

	{"no inputs", declares(func(m *metadata) { m.Inputs = nil }), ReasonModel, "declare them in the model's configuration"},
	{"no outputs", declares(func(m *metadata) { m.Outputs = nil }), ReasonModel, "what outputs the model has"},
	{"no images", declares(func(m *metadata) { m.Inputs[0].Shape = []int64{1, 77} }), ReasonModel, "only one image input"},
	{"two images", declares(func(m *metadata) { m.Inputs = append(m.Inputs, m.Inputs[0]) }), ReasonModel, "only one image input"},
	{"doubles", declares(func(m *metadata) { m.Inputs[0].Datatype = "FP64" }), ReasonModel, "is not float32"},
	{"many inputs", declares(func(m *metadata) { m.Inputs = slices.Repeat(m.Inputs, 65) }), ReasonModel, "at most 64"},
	{"many dimensions", declares(func(m *metadata) { m.Inputs[0].Shape = make([]int64, 9) }), ReasonModel, "8 dimensions"},
	{"long name", declares(func(m *metadata) { m.Inputs[0].Name = strings.Repeat("x", 300) }), ReasonModel, "too long"},
	{"enormous input", declares(func(m *metadata) { m.Inputs[0].Shape = []int64{1, 3, math.MaxInt64, 64} }), ReasonModel, "too large"},
	{"large input", declares(func(m *metadata) { m.Inputs[0].Shape = []int64{1, 3, 4096, 4096} }), ReasonModel, "at most 16 million numbers"},
	{"below zero", declares(func(m *metadata) { m.Inputs[0].Shape = []int64{1, 3, math.MinInt64, 64} }), ReasonModel, "set input"},
	{"enormous output", declares(func(m *metadata) { m.Outputs[0].Shape = []int64{1, math.MaxInt64, math.MaxInt64} }), ReasonModel, "too large"},
	{"large outputs", declares(func(m *metadata) {
		m.Outputs[0].Shape = []int64{1, 1 << 10, 1 << 13}
		m.Outputs = slices.Repeat(m.Outputs, 10)
	}), ReasonModel, "outputs are too large"},
	{"image files of no size", declares(func(m *metadata) { m.Inputs[0].Datatype, m.Inputs[0].Shape = "BYTES", []int64{1} }), ReasonModel, "set input to the model's working size"},
	{"megabytes of metadata", declares(func(m *metadata) { m.Platform = strings.Repeat("x", 1<<20) }), remote.ReasonLarge, "correct the service"},
	{"garbage for names", declares(func(m *metadata) {
		m.Inputs[0].Name, m.Inputs[0].Datatype = "\x1b[2J\u202e", "\x07"
	}), ReasonModel, "is not float32"},

	{"no answer", answering(func(r *response) { r.Outputs, r.RawOutputContents = nil, nil }), ReasonShape, "no output"},
	{"another output", answering(func(r *response) { r.Outputs[0].Name = "\x1b[2Jother" }), ReasonShape, `no output "output0"`},
	{"fewer boxes", answering(func(r *response) {
		r.Outputs[0].Shape, r.RawOutputContents[0] = []int64{1, 5, 83}, make([]byte, 4*5*83)
	}), ReasonShape, "[1 5 83]"},
	{"another rank", answering(func(r *response) { r.Outputs[0].Shape = []int64{5, 84} }), ReasonShape, "[5 84]"},
	{"no shape", answering(func(r *response) { r.Outputs[0].Shape, r.RawOutputContents[0] = nil, raw(1) }), ReasonShape, "declares"},
	{"two images", answering(func(r *response) {
		r.Outputs[0].Shape, r.RawOutputContents[0] = []int64{2, 5, 84}, make([]byte, 2*4*5*84)
	}), ReasonModel, ""},
	{"negative shape", answering(func(r *response) { r.Outputs[0].Shape = []int64{1, -5, 84} }), ReasonShape, "too large"},
	{"enormous shape", answering(func(r *response) { r.Outputs[0].Shape = []int64{1 << 20, 1 << 20, 1 << 20} }), ReasonShape, "too large"},
	{"shape without an end", answering(func(r *response) { r.Outputs[0].Shape = make([]int64, 1000) }), ReasonShape, "too large"},
	{"too few bytes", answering(func(r *response) { r.RawOutputContents[0] = []byte{1, 2, 3} }), ReasonShape, "3 bytes"},
	{"too many bytes", answering(func(r *response) { r.RawOutputContents[0] = append(r.RawOutputContents[0], 1) }), ReasonShape, "1681 bytes"},
	{"no numbers", answering(func(r *response) { r.RawOutputContents = nil }), ReasonShape, "0 numbers"},
	{"numbers twice", answering(func(r *response) { r.RawOutputContents = append(r.RawOutputContents, nil) }), ReasonShape, "raw contents of 2"},
	{"too many numbers", answering(func(r *response) {
		r.RawOutputContents, r.Outputs[0].Contents = nil, &contents{Fp32Contents: make([]float32, 421)}
	}), ReasonShape, "more numbers"},
	{"numbers of another type", answering(func(r *response) {
		r.RawOutputContents, r.Outputs[0].Contents = nil, &contents{Int64Contents: make([]int64, 420)}
	}), ReasonShape, "0 numbers"},
	{"texts", answering(func(r *response) { r.Outputs[0].Datatype = "BYTES" }), ReasonShape, "not supported"},
	{"is not float32", answering(func(r *response) { r.Outputs[0].Datatype = "INT32" }), ReasonShape, "INT32"},
	{"type of no name", answering(func(r *response) { r.Outputs[0].Datatype = strings.Repeat("x", 300) }), ReasonShape, "not supported"},
	{"flood of outputs", answering(func(r *response) { r.Outputs = slices.Repeat(r.Outputs, 1000) }), ReasonShape, "more than 64"},
	{"flood of contents", answering(func(r *response) { r.RawOutputContents = slices.Repeat([][]byte{{}}, 1000) }), ReasonShape, "more than 64"},
	{"10 MiB", answering(func(r *response) { r.RawOutputContents[0] = make([]byte, 10<<20) }), remote.ReasonLarge, "correct the service"},
	{"NaN", answering(func(r *response) { r.RawOutputContents[0] = raw(slices.Repeat([]float32{nan}, 420)...) }), remote.ReasonNaN, "not finite"},
	{"one NaN", answering(func(r *response) { r.RawOutputContents[0] = raw(one(nan)...) }), remote.ReasonNaN, "not finite"},
	{"infinite box", answering(func(r *response) {
		rows := one(0.9)
		rows[0] = float32(math.Inf(1))
		r.RawOutputContents[0] = raw(rows...)
	}), remote.ReasonNaN, "not finite"},
	{"score above 1", answering(func(r *response) { r.RawOutputContents[0] = raw(one(7)...) }), ReasonModel, "score of 7"},
}

func TestFaults(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			c.change(f)
			d := detector(t, at(serve(t, f)))
			img := frame(t, 64, 64)
			look := func(when string) {
				out, err := d.Detect(within(t, soon), img)
				if err == nil {
					t.Fatalf("%s: answered %v", when, out)
				}
				if got := detectors.ReasonOf(err); got != c.want || !strings.Contains(err.Error(), c.text) {
					t.Errorf("%s: reason %q, want %q with %q: %v", when, got, c.want, c.text, err)
				}
				if len(err.Error()) > 1500 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x202e }) {
					t.Errorf("text is not clean: %q", err)
				}
			}
			look("from the start")
			f.with((*fake).heal)
			if out, _ := until(t, d); out[0].Value != 1 {
				t.Fatalf("healed: %v", out)
			}
		})
	}
}

// The same faults, from a model that was good before: its response must not be taken for a good
// one.
func TestFaultsOfAModelThatWasGood(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			d := detector(t, at(serve(t, f)))
			until(t, d)
			f.with(func(f *fake) { f.meta = yolo(); c.change(f) })
			for range 3 { // the metadata is read again only after the first error
				if out, err := d.Detect(within(t, soon), frame(t, 64, 64)); err == nil && out[0].Value != 1 {
					t.Fatalf("answered %v", out)
				}
			}
			f.with((*fake).heal)
			until(t, d)
		})
	}
}

// A server that is slow, gone, or something else.
func TestServersThatAreNone(t *testing.T) {
	refused := func(t *testing.T) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	stuck := func(ctx context.Context, _ *request) (*response, error) { <-ctx.Done(); return nil, ctx.Err() }
	for _, c := range []struct {
		name     string
		endpoint func(t *testing.T) string
		within   time.Duration
		want     detectors.Reason
	}{
		{"refused", refused, soon, remote.ReasonRefused},
		{"slow", func(t *testing.T) string { return serve(t, &fake{meta: yolo(), infer: stuck}) }, 100 * time.Millisecond, detectors.ReasonTimeout},
		{"another service", func(t *testing.T) string { return serve(t, nil) }, soon, remote.ReasonNoService},
		{"takes little", func(t *testing.T) string {
			return serve(t, good(), grpc.MaxRecvMsgSize(1000))
		}, soon, remote.ReasonLarge},
	} {
		d := detector(t, at(c.endpoint(t)))
		out, err := d.Detect(within(t, c.within), frame(t, 64, 64))
		if got := detectors.ReasonOf(err); got != c.want {
			t.Errorf("%s: reason %q, want %q: %v, %v", c.name, got, c.want, out, err)
		}
	}
}

// A signal for a label that the model lacks would always be 0.
func TestLabelsThatTheModelDoesNotHave(t *testing.T) {
	f := good()
	d := detector(t, options(serve(t, f), network.Options{Signals: []string{"bicycle"}}))
	if out, err := d.Detect(within(t, soon), frame(t, 64, 64)); detectors.ReasonOf(err) != ReasonModel || !strings.Contains(err.Error(), `"bicycle" is not a label`) {
		t.Errorf("%v, %v", out, err)
	}
}
