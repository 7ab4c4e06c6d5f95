package oip

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/pem"
	"image/jpeg"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	grpcmeta "google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
	"rvo-tui/detectors/remote"
)

func TestDetect(t *testing.T) {
	f := good()
	d := detector(t, options(serve(t, f), network.Options{Labels: []string{"cat"}, Signals: []string{"cat"}}))
	if d.Model() != "" {
		t.Errorf("it says %q before it has asked", d.Model())
	}
	out, err := d.Detect(within(t, soon), frame(t, 128, 64))
	if err != nil || len(out) != 2 || out[0].Signal != "thing" || out[0].Value != 1 || out[1].Signal != "cat" || out[1].Value != 1 {
		t.Fatalf("%v, %v", out, err)
	}
	// The frame fills half of the input: the box has the same width and twice the height.
	got := out[0].Detections[0]
	if got.Label != "cat" || math.Abs(got.Score-0.9) > 1e-6 || got.Box != (detectors.Box{X: 0.375, Y: 0.25, W: 0.25, H: 0.5}) {
		t.Errorf("found %+v", got)
	}
	if want := "things 1: YOLO, raw, label \"cat\""; !strings.HasPrefix(d.Model(), want) || !strings.Contains(d.Model(), "64x64 letterbox, float32 RGB") {
		t.Errorf("it is %q, want %q", d.Model(), want)
	}
	if _, err := d.Detect(within(t, soon), frame(t, 128, 64)); err != nil || f.describe != 1 {
		t.Errorf("%v; the metadata was read %d times, want once", err, f.describe)
	}
}

// The model sees the right pixels, whatever type and order its input has.
func TestInputs(t *testing.T) {
	for _, c := range []struct {
		datatype string
		shape    []int64
		sent     []int64
		bytes    int
		first    []byte // the first number: red
	}{
		{"FP32", []int64{-1, 3, 64, 64}, []int64{1, 3, 64, 64}, 4 * 3 * 64 * 64, raw(200. / 255)},
		{"FP32", []int64{3, 64, 64}, []int64{3, 64, 64}, 4 * 3 * 64 * 64, raw(200. / 255)},
		{"UINT8", []int64{1, 64, 64, 3}, []int64{1, 64, 64, 3}, 3 * 64 * 64, []byte{200}},
		{"INT32", []int64{1, 3, 64, 64}, []int64{1, 3, 64, 64}, 4 * 3 * 64 * 64, []byte{200, 0, 0, 0}},
		{"FP16", []int64{1, 3, 64, 64}, []int64{1, 3, 64, 64}, 2 * 3 * 64 * 64, []byte{0x46, 0x3a}},
	} {
		meta := yolo()
		meta.Inputs[0].Datatype, meta.Inputs[0].Shape = c.datatype, c.shape
		var got *request
		f := &fake{meta: meta, infer: func(_ context.Context, r *request) (*response, error) { got = r; return answers(0.9), nil }}
		d := detector(t, at(serve(t, f)))
		if _, err := d.Detect(within(t, soon), frame(t, 64, 64, 10, 100, 200)); err != nil {
			t.Errorf("%s %v: %v", c.datatype, c.shape, err)
			continue
		}
		in, data := got.GetInputs()[0], got.GetRawInputContents()[0]
		if in.GetName() != "images" || in.GetDatatype() != c.datatype || !equal(in.GetShape(), c.sent) || len(data) != c.bytes || !bytes.HasPrefix(data, c.first) {
			t.Errorf("%s %v: sent %v with %d bytes that begin with %x, want %v with %d and %x", c.datatype, c.shape, in, len(data), data[:4], c.sent, c.bytes, c.first)
		}
		if out := got.GetOutputs(); len(out) != 1 || out[0].GetName() != "output0" {
			t.Errorf("asked for %v", out)
		}
	}
}

func equal(a, b []int64) bool {
	for i := range a {
		if len(a) != len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// A response may be as large as the model declares.
func TestLargeAnswers(t *testing.T) {
	meta := yolo()
	meta.Inputs[0].Shape, meta.Properties = []int64{-1, 3, 640, 640}, nil
	for _, declared := range [][]int64{{-1, 84, 8400}, {-1, 84, -1}, {-1, -1, -1}} {
		meta.Outputs[0].Shape = declared
		rows := make([]float32, 84*8400)
		for i, v := range []float32{320, 320, 160, 160, 0.9} {
			rows[i*8400] = v
		}
		f := &fake{meta: meta, infer: always(&response{
			Outputs:           []*outTens{{Name: "output0", Datatype: "FP32", Shape: []int64{1, 84, 8400}}},
			RawOutputContents: [][]byte{raw(rows...)},
		})}
		d := detector(t, options(serve(t, f, grpc.MaxRecvMsgSize(8<<20)), network.Options{Format: "yolov8"}))
		if out, err := d.Detect(within(t, soon), frame(t, 64, 64)); err != nil || out[0].Value != 1 || out[0].Detections[0].Box.W != 0.25 {
			t.Errorf("%v: %v, %v", declared, out, err)
		}
	}
}

// A model that takes image files gets the same image as a file.
func TestImageFiles(t *testing.T) {
	for _, shape := range [][]int64{{-1}, {1, 1}, {-1, 1}} {
		meta := yolo()
		meta.Inputs[0].Datatype, meta.Inputs[0].Shape = "BYTES", shape
		var got *request
		f := &fake{meta: meta, infer: func(_ context.Context, r *request) (*response, error) { got = r; return answers(0.9), nil }}
		d := detector(t, options(serve(t, f), network.Options{Input: "64x64"}))
		out, err := d.Detect(within(t, soon), frame(t, 128, 64, 10, 100, 200))
		if err != nil || out[0].Detections[0].Box.H != 0.5 {
			t.Fatalf("%v: %v, %v", shape, out, err)
		}
		data := got.GetRawInputContents()[0]
		if n := int(binary.LittleEndian.Uint32(data)); n != len(data)-4 || len(got.GetInputs()[0].GetShape()) != len(shape) {
			t.Fatalf("%v: %d bytes that say they are %d, of shape %v", shape, len(data)-4, n, got.GetInputs()[0].GetShape())
		}
		img, err := jpeg.Decode(bytes.NewReader(data[4:]))
		if err != nil || img.Bounds().Dx() != 64 || img.Bounds().Dy() != 64 {
			t.Fatal(err)
		}
		if r, g, b, _ := img.At(32, 32).RGBA(); near(r, 200) || near(g, 100) || near(b, 10) {
			t.Errorf("the middle is %d %d %d", r>>8, g>>8, b>>8)
		}
		if r, g, b, _ := img.At(32, 4).RGBA(); near(r, 114) || near(g, 114) || near(b, 114) {
			t.Errorf("the margin is %d %d %d", r>>8, g>>8, b>>8)
		}
		if !strings.HasSuffix(d.Model(), "64x64 letterbox, JPEG") {
			t.Errorf("it is %q", d.Model())
		}
	}
}

func near(got uint32, want int) bool { return math.Abs(float64(got>>8)-float64(want)) > 4 }

// A model that returns boxes, labels and scores as lists of any length, in typed contents.
func TestTypedContents(t *testing.T) {
	meta := yolo()
	meta.Outputs = []*tensor{
		{Name: "boxes", Datatype: "FP32", Shape: []int64{-1, 4}},
		{Name: "labels", Datatype: "INT64", Shape: []int64{-1}},
		{Name: "scores", Datatype: "FP32", Shape: []int64{-1}},
	}
	n := int64(2)
	f := &fake{meta: meta, infer: func(context.Context, *request) (*response, error) {
		return &response{Outputs: []*outTens{
			{Name: "scores", Datatype: "FP32", Shape: []int64{n}, Contents: &contents{Fp32Contents: []float32{0.9, 0.8}[:n]}},
			{Name: "boxes", Datatype: "FP32", Shape: []int64{n, 4}, Contents: &contents{Fp32Contents: []float32{0, 0, 32, 32, 32, 32, 64, 64}[:4*n]}},
			{Name: "labels", Datatype: "INT64", Shape: []int64{n}, Contents: &contents{Int64Contents: []int64{2, 1}[:n]}},
		}}, nil
	}}
	d := detector(t, options(serve(t, f), network.Options{Labels: []string{"none", "cat", "dog"}}))
	img := frame(t, 64, 64)
	out, err := d.Detect(within(t, soon), img)
	if err != nil || out[0].Value != 2 || out[0].Detections[0].Label != "dog" || out[0].Detections[1].Label != "cat" || out[0].Detections[1].Box.X != 0.5 {
		t.Fatalf("%v: %v, %v", d.Model(), out, err)
	}
	n = 0
	if out, err = d.Detect(within(t, soon), img); err != nil || out[0].Value != 0 {
		t.Errorf("of nothing: %v, %v", out, err)
	}
}

// Models that ask for the size of the image get it.
func TestTargetSizes(t *testing.T) {
	meta := yolo()
	meta.Inputs = append(meta.Inputs, &tensor{Name: "orig_target_sizes", Datatype: "INT64", Shape: []int64{-1, 2}})
	var got *request
	f := &fake{meta: meta, infer: func(_ context.Context, r *request) (*response, error) { got = r; return answers(0.9), nil }}
	if _, err := detector(t, at(serve(t, f))).Detect(within(t, soon), frame(t, 64, 64)); err != nil {
		t.Fatal(err)
	}
	if data := got.GetRawInputContents(); len(data) != 2 || !bytes.Equal(data[1], []byte{64, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0}) || !equal(got.GetInputs()[1].GetShape(), []int64{1, 2}) {
		t.Errorf("sent %v and %v", got.GetInputs(), data[1])
	}
}

// The request has the token, the version, and the deadline.
func TestRequest(t *testing.T) {
	var got *request
	var token []string
	f := &fake{meta: yolo(), infer: func(ctx context.Context, r *request) (*response, error) {
		md, _ := grpcmeta.FromIncomingContext(ctx)
		got, token = r, md.Get("authorization")
		return answers(0.9), nil
	}}
	o := at(serve(t, f))
	o.Version, o.Token = "1", "s3cret"
	d := detector(t, o)
	if _, err := d.Detect(within(t, 30*time.Second), frame(t, 64, 64)); err != nil {
		t.Fatal(err)
	}
	left := got.GetParameters()["timeout"].GetInt64Param()
	if got.GetModelName() != "things" || got.GetModelVersion() != "1" || left <= 0 || left > 30_000_000 || len(token) != 1 || token[0] != "Bearer s3cret" {
		t.Errorf("%q, version %q, %d µs left, token %q", got.GetModelName(), got.GetModelVersion(), left, token)
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	o := at("https://" + serve(t, good(), grpc.Creds(credentials.NewServerTLSFromCert(&web.TLS.Certificates[0]))))
	if _, err := detector(t, o).Detect(within(t, soon), frame(t, 64, 64)); detectors.ReasonOf(err) != remote.ReasonTLS {
		t.Errorf("an unknown certificate: %v", err)
	}
	o.TLSCA = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(o.TLSCA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := detector(t, o).Detect(within(t, soon), frame(t, 64, 64)); err != nil || out[0].Value != 1 {
		t.Errorf("%v, %v", out, err)
	}
}

// The token is never shown, whatever the server says about it.
func TestTokenIsNotRepeated(t *testing.T) {
	f := &fake{meta: yolo(), infer: func(ctx context.Context, _ *request) (*response, error) {
		md, _ := grpcmeta.FromIncomingContext(ctx)
		return nil, status.Errorf(codes.Unavailable, "no such user %s", md.Get("authorization"))
	}}
	o := at(serve(t, f))
	o.Token = "hunter2"
	_, err := detector(t, o).Detect(within(t, soon), frame(t, 64, 64))
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "***") {
		t.Errorf("error %v", err)
	}
}

// until repeats the call until it succeeds. reasons are the errors before.
func until(t *testing.T, d *Detector) (out []detectors.Reading, reasons []detectors.Reason) {
	t.Helper()
	ctx, img := within(t, soon), frame(t, 64, 64)
	for {
		out, err := d.Detect(ctx, img)
		if err == nil {
			return out, reasons
		}
		reasons = append(reasons, detectors.ReasonOf(err))
		if len(reasons) > 3 {
			t.Fatalf("it does not heal: %v: %v", reasons, err)
		}
	}
}

// A reloaded model is inspected again, and its new properties count.
func TestModelThatChanges(t *testing.T) {
	f := good()
	d := detector(t, at(serve(t, f)))
	if out, _ := until(t, d); out[0].Value != 1 {
		t.Fatal(out)
	}
	const ready = detectors.Reason("")
	two := yolo()
	two.Outputs[0].Shape = []int64{-1, 84, 6}
	for _, c := range []struct {
		name   string
		change func(*fake)
		want   detectors.Reason
		value  float64
		model  string
	}{
		{"unloaded", func(f *fake) {
			f.infer = func(context.Context, *request) (*response, error) {
				return nil, status.Error(codes.Unavailable, "Request for unknown model: 'things' has no available versions")
			}
			f.unready = true
		}, ReasonNotReady, 0, ""},
		{"loaded again", func(f *fake) { f.infer, f.unready = always(answers(0.9)), false }, ready, 1, "things 1: YOLO"},
		{"the server starts", func(f *fake) {
			f.infer = func(context.Context, *request) (*response, error) { return nil, status.Error(codes.Internal, "no") }
			f.unready, f.starting = true, true
		}, remote.ReasonService, 0, ""},
		{"and has not", func(*fake) {}, ReasonNotReady, 0, ""},
		{"and has", func(f *fake) { f.infer, f.unready, f.starting = always(answers(0.9)), false, false }, ready, 1, "things 1: YOLO"},
		{"another version", func(f *fake) {
			next := answers(0.9)
			next.ModelVersion = "2"
			f.meta, f.infer = yolo(), always(next)
			f.meta.Versions = []string{"2"}
		}, ReasonModel, 0, ""},
		{"is read", func(*fake) {}, ready, 1, "things 2: YOLO"},
		{"another shape", func(f *fake) {
			f.meta = two
			f.infer = func(context.Context, *request) (*response, error) {
				rows := make([]float32, 84*6)
				copy(rows, []float32{32, 32, 16, 16, 0.9, 0.9})
				return &response{ModelVersion: "2", Outputs: []*outTens{{Name: "output0", Datatype: "FP32", Shape: []int64{1, 84, 6}}}, RawOutputContents: [][]byte{raw(rows...)}}, nil
			}
		}, ReasonShape, 0, ""},
		{"is read", func(f *fake) {
			f.meta.Outputs[0].Shape = []int64{-1, 252, 6}
			f.infer = func(context.Context, *request) (*response, error) {
				rows := make([]float32, 252*6)
				copy(rows, []float32{32, 32, 16, 16, 0.9, 0.9})
				return &response{ModelVersion: "2", Outputs: []*outTens{{Name: "output0", Datatype: "FP32", Shape: []int64{1, 252, 6}}}, RawOutputContents: [][]byte{raw(rows...)}}, nil
			}
		}, ready, 1, "things 2: YOLO"},
	} {
		f.with(c.change)
		out, err := d.Detect(within(t, soon), frame(t, 64, 64))
		if got := detectors.ReasonOf(err); got != c.want {
			t.Fatalf("%s: reason %q, want %q: %v", c.name, got, c.want, err)
		}
		if err == nil && (out[0].Value != c.value || !strings.HasPrefix(d.Model(), c.model)) {
			t.Errorf("%s: %v of %q, want %v of %q", c.name, out, d.Model(), c.value, c.model)
		}
	}
}

// A model that was unavailable but has not changed is not tried with a grey frame again.
func TestModelThatStaysIsNotReadAgain(t *testing.T) {
	shown := 0
	bad := false
	f := &fake{meta: yolo(), infer: func(context.Context, *request) (*response, error) {
		shown++
		if bad {
			return nil, status.Error(codes.Internal, "out of memory")
		}
		return answers(0.9), nil
	}}
	d := detector(t, at(serve(t, f)))
	until(t, d)
	f.with(func(*fake) { bad = true })
	if _, err := d.Detect(within(t, soon), frame(t, 64, 64)); detectors.ReasonOf(err) != remote.ReasonService {
		t.Fatal(err)
	}
	f.with(func(*fake) { bad = false })
	if _, reasons := until(t, d); len(reasons) != 0 || shown != 4 || f.describe != 2 {
		t.Errorf("%v; shown %d frames, want a grey one and three; the metadata was read %d times", reasons, shown, f.describe)
	}
}

// If asking for the model leaves too little time to run it, the next frame is not preceded by the
// same questions.
func TestModelThatWasJustReadIsNotDoubtedForBeingSlow(t *testing.T) {
	late := 0
	f := &fake{meta: yolo(), infer: func(context.Context, *request) (*response, error) {
		if late > 0 {
			late--
			return nil, status.Error(codes.Unavailable, "Request timeout expired")
		}
		return answers(0.9), nil
	}}
	d := detector(t, at(serve(t, f)))
	until(t, d)
	f.with(func(*fake) { late = 3 })
	for i, want := range []int{1, 2, 2} {
		if _, err := d.Detect(within(t, soon), frame(t, 64, 64)); detectors.ReasonOf(err) != detectors.ReasonTimeout {
			t.Fatal(err)
		}
		if f.describe != want {
			t.Errorf("after frame %d the metadata was read %d times, want %d", i, f.describe, want)
		}
	}
	if _, reasons := until(t, d); len(reasons) != 0 || f.describe != 3 {
		t.Errorf("%v; the metadata was read %d times, want 3", reasons, f.describe)
	}
}

func TestCheck(t *testing.T) {
	kind := Kind(remote.NewPool(nil), nil)
	for _, c := range []struct {
		o   Options
		key string
	}{
		{Options{Connection: remote.Connection{Endpoint: "h:1"}, Model: "m"}, ""},
		{Options{Model: "m"}, "endpoint"},
		{at("h:1"), "model"},
		{Options{Connection: remote.Connection{Endpoint: "h:1"}, Model: strings.Repeat("m", 300)}, "model"},
		{Options{Connection: remote.Connection{Endpoint: "h:1"}, Model: "m", Version: "1\n"}, "version"},
		{Options{Connection: remote.Connection{Endpoint: "h:1", Token: "a b"}, Model: "m"}, "token"},
		{Options{Connection: remote.Connection{Endpoint: "h:1"}, Model: "m", Options: network.Options{Format: "yolov99"}}, "format"},
		{Options{Connection: remote.Connection{Endpoint: "h:1"}, Model: "m", Options: network.Options{Threshold: 2}}, "threshold"},
	} {
		cfg := detectors.Config{Name: "a", Kind: "oip", Options: c.o}
		var keys []string
		cfg.Validate(detectors.Kinds{"oip": kind}, func(key, _ string) { keys = append(keys, key) })
		if got := strings.Join(keys, " "); got != c.key {
			t.Errorf("%+v: problems of %q, want %q", c.o, got, c.key)
		}
	}
}
