package child

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// maxInstances is the maximum number of detectors in one process, one for each camera.
const maxInstances = 1024

// server handles requests of the parent. Each instance named by the parent has its own
// detector, because many kinds keep state between frames.
type server struct {
	detectv1.UnimplementedDetectorServer
	open func() (detectors.Detector, error)

	mu        sync.Mutex // guards instances
	instances map[string]*instance
}

type instance struct {
	loaded chan struct{} // closed when det or err is set
	det    detectors.Detector
	err    error
	free   chan struct{} // holds a token while det is not in use
	pixels *capture.Pool

	base   time.Time // this process's clock at baseTS; owned by the holder of the token
	baseTS int64
}

func newServer(open func() (detectors.Detector, error)) *server {
	return &server{open: open, instances: make(map[string]*instance)}
}

// Detect runs a detector on a frame, or carries out an order.
func (s *server) Detect(ctx context.Context, req *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	name, order := first(ctx, instanceKey), first(ctx, orderKey)
	switch order {
	case orderPing:
		return new(detectv1.DetectResponse), nil
	case orderClose:
		s.drop(name)
		return new(detectv1.DetectResponse), nil
	}
	in, err := s.instance(name)
	if err != nil {
		return nil, err
	}
	if order == orderOpen {
		select {
		case <-in.loaded:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if in.err != nil {
			s.drop(name)
			return nil, status.Error(codes.FailedPrecondition, in.err.Error())
		}
		return new(detectv1.DetectResponse), nil
	}
	if !in.await(ctx) {
		return nil, status.Error(codes.FailedPrecondition, "it is being loaded")
	}
	if in.err != nil {
		return nil, status.Error(codes.FailedPrecondition, in.err.Error())
	}
	select {
	case <-in.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { in.free <- struct{}{} }()
	if order == orderSize {
		return new(detectv1.DetectResponse), in.size(ctx, req)
	}
	answer, err := in.detect(ctx, req)
	switch {
	case detectors.ReasonOf(err) == detectors.ReasonTimeout && ctx.Err() == nil:
		return nil, status.Error(codes.Aborted, err.Error())
	case err != nil:
		return nil, status.Error(codes.Unknown, err.Error())
	}
	return answer, nil
}

// await waits for the instance to be loaded, for at most half of the time left: at the
// deadline the parent would consider this process stuck.
func (in *instance) await(ctx context.Context) bool {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	select {
	case <-in.loaded:
		return true
	case <-ctx.Done():
	}
	select {
	case <-in.loaded: // both were ready
		return true
	default:
		return false
	}
}

func first(ctx context.Context, key string) string {
	if v := metadata.ValueFromIncomingContext(ctx, key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// instance returns the named instance. It starts loading a new one.
func (s *server) instance(name string) (*instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.instances[name]
	if in != nil {
		return in, nil
	}
	if len(s.instances) >= maxInstances {
		return nil, status.Errorf(codes.FailedPrecondition, "there are %d detectors in this process already", maxInstances)
	}
	in = &instance{loaded: make(chan struct{}), free: make(chan struct{}, 1), pixels: capture.NewPool(1, nil)}
	in.free <- struct{}{}
	s.instances[name] = in
	// loaded, or the end of the process, ends it.
	go in.load(s.open)
	return in, nil
}

func (in *instance) load(open func() (detectors.Detector, error)) {
	defer close(in.loaded)
	defer func() {
		if p := recover(); p != nil {
			in.err = fmt.Errorf("panic: %v", p)
		}
	}()
	in.det, in.err = open()
}

// size reports the input size of the detector, if it has one.
func (in *instance) size(ctx context.Context, req *detectv1.DetectRequest) error {
	sizer, ok := in.det.(detectors.Sizer)
	if !ok {
		return nil
	}
	w, h := sizer.Size(int(req.GetWidth()), int(req.GetHeight()))
	return grpc.SetHeader(ctx, metadata.Pairs(sizeKey, formatSize(w, h)))
}

func formatSize(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }

// parseSize parses the result of formatSize.
func parseSize(size string) (w, h int, err error) {
	if _, err = fmt.Sscanf(size, "%dx%d", &w, &h); err != nil || w < 1 || h < 1 {
		return 0, 0, fault(remote.ReasonGarbage, "its process works with frames of the size %q", text.Clean(size))
	}
	return w, h, nil
}

// drop frees an instance once it is not in use.
func (s *server) drop(name string) {
	s.mu.Lock()
	in := s.instances[name]
	delete(s.instances, name)
	s.mu.Unlock()
	if in == nil {
		return
	}
	// It ends with the run of the detector, or with the process.
	go func() {
		<-in.loaded
		<-in.free
		if in.det != nil {
			_ = in.det.Close() // the parent can no longer use an error
		}
		in.pixels.Close()
	}()
}

func (in *instance) detect(ctx context.Context, req *detectv1.DetectRequest) (answer *detectv1.DetectResponse, err error) {
	w, h := int(req.GetWidth()), int(req.GetHeight())
	if len(req.GetFrameBgr()) != w*h*3 {
		return nil, fmt.Errorf("a frame of %dx%d pixels has %d bytes", w, h, len(req.GetFrameBgr()))
	}
	frame, err := in.pixels.Get(req.GetCamera(), req.GetFrameId(), w, h, in.captured(time.Now(), int64(req.GetTsNs())))
	if err != nil {
		return nil, err
	}
	if frame == nil {
		return nil, errors.New("there is no room for a frame")
	}
	defer frame.Release()
	frame.Arrived = time.Now()
	copy(frame.Pixels(), req.GetFrameBgr())
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if end, ok := ctx.Deadline(); ok {
		// Leave a cancelable detector some time to report the timeout. Otherwise the
		// parent would consider the whole process stuck.
		left := time.Until(end)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left-min(left/10, 100*time.Millisecond))
		defer cancel()
	}
	found, err := in.det.Detect(ctx, frame)
	if err != nil {
		return nil, err
	}
	answer = &detectv1.DetectResponse{Signals: make([]*detectv1.SignalOut, len(found))}
	for i, r := range found {
		answer.Signals[i] = entry(r)
	}
	if m, ok := in.det.(detectors.Modeler); ok {
		answer.Model = m.Model()
	}
	return answer, nil
}

// frameAge is the maximum age of a frame.
const frameAge = 10 * time.Second

// captured converts a capture time on the parent's wall clock, in nanoseconds, to the
// monotonic clock of this process. Unlike the wall clock, that one is never set between
// two frames.
func (in *instance) captured(now time.Time, ts int64) time.Time {
	at := in.base.Add(time.Duration(ts - in.baseTS))
	if in.base.IsZero() || at.After(now) || now.Sub(at) > frameAge {
		in.base, in.baseTS, at = now, ts, now
	}
	return at
}

func entry(r detectors.Reading) *detectv1.SignalOut {
	out := &detectv1.SignalOut{SignalType: r.Signal, Number: &r.Value, TtlNs: uint64(max(r.TTL, 0))}
	for _, d := range r.Detections {
		found := &detectv1.Detection{
			Label: d.Label, Score: float32(d.Score), Angle: float32(d.Angle),
			Box: &detectv1.Box{X: float32(d.Box.X), Y: float32(d.Box.Y), W: float32(d.Box.W), H: float32(d.Box.H)},
		}
		for _, p := range d.Keypoints {
			found.Keypoints = append(found.Keypoints, &detectv1.Keypoint{X: float32(p.X), Y: float32(p.Y), Score: float32(p.Score)})
		}
		out.Detections = append(out.Detections, found)
	}
	return out
}
