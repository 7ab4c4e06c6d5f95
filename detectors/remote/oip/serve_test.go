package oip

import (
	"context"
	"encoding/binary"
	"math"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
	"rvo-tui/proto/inference"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	metadata = inference.ModelMetadataResponse
	tensor   = inference.ModelMetadataResponse_TensorMetadata
	request  = inference.ModelInferRequest
	response = inference.ModelInferResponse
	outTens  = inference.ModelInferResponse_InferOutputTensor
	contents = inference.InferTensorContents
)

// fake is a server with one model, which can be changed while it serves.
type fake struct {
	inference.UnimplementedGRPCInferenceServiceServer

	mu       sync.Mutex
	meta     *metadata
	infer    func(context.Context, *request) (*response, error)
	unready  bool // the model is loading
	starting bool // the server is
	describe int  // how often the metadata was read
}

// with changes the server.
func (f *fake) with(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) ServerReady(context.Context, *inference.ServerReadyRequest) (*inference.ServerReadyResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &inference.ServerReadyResponse{Ready: !f.starting}, nil
}

func (f *fake) ModelReady(_ context.Context, r *inference.ModelReadyRequest) (*inference.ModelReadyResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &inference.ModelReadyResponse{Ready: r.GetName() == f.meta.GetName() && !f.unready}, nil
}

func (f *fake) ModelMetadata(_ context.Context, r *inference.ModelMetadataRequest) (*metadata, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.describe++
	if r.GetName() != f.meta.GetName() {
		return nil, status.Errorf(codes.NotFound, "Request for unknown model: '%s' is not found", r.GetName())
	}
	return f.meta, nil
}

func (f *fake) ModelInfer(ctx context.Context, r *request) (*response, error) {
	f.mu.Lock()
	infer := f.infer
	f.mu.Unlock()
	return infer(ctx, r)
}

// yolo declares a model of one class with an input of 64x64 pixels.
func yolo() *metadata {
	return &metadata{
		Name: "things", Versions: []string{"1"},
		Inputs:     []*tensor{{Name: "images", Datatype: "FP32", Shape: []int64{-1, 3, 64, 64}}},
		Outputs:    []*tensor{{Name: "output0", Datatype: "FP32", Shape: []int64{-1, 5, 84}}},
		Properties: map[string]string{"names": "{0: 'cat'}"},
	}
}

// raw returns numbers as FP32 bytes.
func raw(numbers ...float32) []byte {
	var b []byte
	for _, v := range numbers {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// one returns the rows of a response of yolo: one box in the middle with this score.
func one(score float32) []float32 {
	rows := make([]float32, 5*84)
	for i, v := range []float32{32, 32, 16, 16, score} {
		rows[i*84] = v
	}
	return rows
}

// answers returns a response of yolo.
func answers(score float32) *response {
	return &response{
		ModelName: "things", ModelVersion: "1",
		Outputs:           []*outTens{{Name: "output0", Datatype: "FP32", Shape: []int64{1, 5, 84}}},
		RawOutputContents: [][]byte{raw(one(score)...)},
	}
}

// always returns the same response for every request.
func always(r *response) func(context.Context, *request) (*response, error) {
	return func(context.Context, *request) (*response, error) { return r, nil }
}

// good returns a server whose model always finds one cat.
func good() *fake {
	f := new(fake)
	f.heal()
	return f
}

// heal makes the server a good one.
func (f *fake) heal() {
	f.meta, f.infer, f.unready, f.starting = yolo(), always(answers(0.9)), false, false
}

// serve returns the endpoint of a server that ends with the test.
func serve(t testing.TB, f inference.GRPCInferenceServiceServer, opts ...grpc.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(opts...)
	if f != nil {
		inference.RegisterGRPCInferenceServiceServer(s, f)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { s.Stop(); wg.Wait() })
	return l.Addr().String()
}

// detector returns a detector with the options, of which only the relevant ones are needed.
func detector(t testing.TB, o Options) *Detector {
	t.Helper()
	pool := remote.NewPool(nil)
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.Model == "" {
		o.Model = "things"
	}
	kind := Kind(pool, capture.EncodeJPEG)
	cfg := detectors.Config{Name: "thing", Kind: "oip", Options: o}
	cfg.Validate(detectors.Kinds{"oip": kind}, func(key, problem string) { t.Errorf("%s: %s", key, problem) })
	d, err := kind.New(cfg.Fill(kind))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.(*Detector)
}

// at returns options for an endpoint.
func at(endpoint string) Options {
	return Options{Connection: remote.Connection{Endpoint: endpoint}}
}

// frame returns a frame of one colour.
func frame(t testing.TB, width, height int, bgr ...byte) *capture.Frame {
	t.Helper()
	pool := capture.NewPool(1, nil)
	f, err := pool.Get("door", 1, width, height, time.Now())
	if err != nil || f == nil {
		t.Fatal(f, err)
	}
	if len(bgr) == 3 {
		copy(f.Pixels(), slices.Repeat(bgr, width*height))
	}
	t.Cleanup(func() { f.Release(); pool.Close() })
	return f
}

// within limits a call that should return at once, or takes d if it should fail.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

const soon = time.Minute

// options returns network options for an endpoint.
func options(endpoint string, o network.Options) Options {
	with := at(endpoint)
	with.Options = o
	return with
}
