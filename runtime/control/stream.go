package control

import (
	"math"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/internal/logging"
	controlv1 "rvo-tui/proto/rvo/control/v1"
	"rvo-tui/runtime"
)

const (
	minRate        = 0.1 // of Watch and Preview, a second
	maxRate        = 60
	maxPreviewRate = 30
	previewRate    = 10
	maxPreview     = 640 // pixels of a side
	followEvery    = 200 * time.Millisecond
)

// send gives an answer to a client. It waits until there is room on the way to
// him, and lets go of a client who leaves it unread for longer than patience.
func send[T any](stream grpc.ServerStreamingServer[T], answer *T, patience time.Duration) error {
	late := time.AfterFunc(patience, callerOf(stream.Context()).drop)
	defer late.Stop()
	return stream.Send(answer)
}

// rateOf checks a rate; 0 becomes fallback.
func rateOf(rate, fallback, most float64) (float64, error) {
	if rate == 0 {
		return fallback, nil
	}
	if !(rate >= minRate && rate <= most) {
		return 0, status.Errorf(codes.InvalidArgument, "rate %v: from %v to %v a second, or 0 for as it comes", rate, minRate, most)
	}
	return rate, nil
}

// Watch implements the contract.
func (s *service) Watch(req *controlv1.WatchRequest, stream grpc.ServerStreamingServer[controlv1.WatchResponse]) error {
	rate, err := rateOf(req.GetRate(), math.Inf(1), maxRate)
	if err != nil {
		return err
	}
	if err := s.watchers.acquire(); err != nil {
		return err
	}
	defer s.watchers.release()
	snapshots, cancel := s.opts.Runtime.Subscribe()
	defer cancel()
	pace := pacer{every: time.Duration(float64(time.Second) / rate)}
	for {
		select {
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-s.ending:
			return errEnding
		case snap, ok := <-snapshots:
			if !ok {
				return errEnding
			}
			if !pace.due(snap.At) {
				continue
			}
			text, err := s.texts.of(snap)
			if err != nil {
				return status.Errorf(codes.Internal, "write snapshot: %v", err)
			}
			if err := send(stream, &controlv1.WatchResponse{Snapshot: text}, s.patience); err != nil {
				return err
			}
		}
	}
}

// pacer lets so many of a sequence through that they are every apart in the mean.
type pacer struct {
	every time.Duration
	next  time.Time
}

// due reports whether the one of this time is let through.
func (p *pacer) due(at time.Time) bool {
	if at.Before(p.next.Add(-min(p.every/4, 20*time.Millisecond))) {
		return false
	}
	p.next = p.next.Add(p.every)
	if p.next.Before(at) { // after a pause it does not catch up
		p.next = at.Add(p.every)
	}
	return true
}

// texts makes the JSON of each snapshot once, however many watch. It keeps that
// of the newest few.
type texts struct {
	mu   sync.Mutex // guards what follows; not held while text is made
	kept [4]*encoded
	next int
}

type encoded struct {
	of   *runtime.Snapshot
	once sync.Once
	json []byte // not to be written to
	err  error
}

func (t *texts) of(s *runtime.Snapshot) ([]byte, error) {
	x := t.find(s)
	x.once.Do(func() { x.json, x.err = s.MarshalJSON() })
	return x.json, x.err
}

func (t *texts) find(s *runtime.Snapshot) *encoded {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.kept {
		if x != nil && x.of == s {
			return x
		}
	}
	x := &encoded{of: s}
	t.kept[t.next] = x
	t.next = (t.next + 1) % len(t.kept)
	return x
}

// Events implements the contract.
func (s *service) Events(req *controlv1.EventsRequest, stream grpc.ServerStreamingServer[controlv1.EventsResponse]) error {
	if s.opts.Recent == nil {
		return status.Error(codes.Unimplemented, "this rvo-tui keeps no events in memory")
	}
	return follow(s, stream, req.GetAfter(), req.GetFollow(), s.opts.Recent.Events,
		func(e runtime.RecentEvent) (uint64, *controlv1.EventsResponse, error) {
			line, err := e.Event.MarshalJSON()
			return e.Seq, &controlv1.EventsResponse{Seq: e.Seq, Event: line}, err
		})
}

// Log implements the contract.
func (s *service) Log(req *controlv1.LogRequest, stream grpc.ServerStreamingServer[controlv1.LogResponse]) error {
	if s.opts.Ring == nil {
		return status.Error(codes.Unimplemented, "this rvo-tui keeps no log in memory")
	}
	return follow(s, stream, req.GetAfter(), req.GetFollow(), s.opts.Ring.Lines,
		func(l logging.Line) (uint64, *controlv1.LogResponse, error) {
			return l.Seq, &controlv1.LogResponse{Seq: l.Seq, TimeNs: uint64(l.Time.UnixNano()), Level: int32(l.Level), Text: l.Text}, nil
		})
}

// follow sends what a ring keeps, and with on what comes into it. A number that
// the ring has not reached is of an earlier run: all is sent then.
func follow[L, T any](s *service, stream grpc.ServerStreamingServer[T], after uint64, on bool, kept func(uint64) []L, form func(L) (uint64, *T, error)) error {
	if err := s.followers.acquire(); err != nil {
		return err
	}
	defer s.followers.release()
	if all := kept(0); len(all) > 0 {
		if newest, _, _ := form(all[len(all)-1]); after > newest {
			after = 0
		}
	} else {
		after = 0
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		for _, l := range kept(after) {
			seq, answer, err := form(l)
			after = seq
			if err != nil {
				return status.Errorf(codes.Internal, "write number %d: %v", seq, err)
			}
			if err := send(stream, answer, s.patience); err != nil {
				return err
			}
		}
		if !on {
			return nil
		}
		select {
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-s.ending:
			return errEnding
		case <-tick.C:
		}
	}
}

// Preview implements the contract.
func (s *service) Preview(req *controlv1.PreviewRequest, stream grpc.ServerStreamingServer[controlv1.PreviewResponse]) error {
	w, h := int(req.GetWidth()), int(req.GetHeight())
	if w < 1 || h < 1 || w > maxPreview || h > maxPreview {
		return status.Errorf(codes.InvalidArgument, "size %d x %d: from 1 to %d pixels a side", w, h, maxPreview)
	}
	rate, err := rateOf(req.GetRate(), previewRate, maxPreviewRate)
	if err != nil {
		return err
	}
	if err := s.previews.acquire(); err != nil {
		return err
	}
	defer s.previews.release()
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	var last uint64
	var looked time.Time
	for {
		frame := s.opts.Runtime.Frame(req.GetCamera())
		switch {
		case frame == nil:
			if time.Since(looked) > time.Second { // gone, or only without a picture
				looked = time.Now()
				if !s.present(req.GetCamera()) {
					return status.Errorf(codes.NotFound, "no camera %q is at work", req.GetCamera())
				}
			}
		case frame.ID == last:
			frame.Release()
		default:
			last = frame.ID
			p := runtime.Scale(frame, w, h)
			frame.Release()
			err := send(stream, &controlv1.PreviewResponse{FrameId: p.Frame, Width: uint32(w), Height: uint32(h), Rgb: p.Pixels}, s.patience)
			if err != nil {
				return err
			}
		}
		select {
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-s.ending:
			return errEnding
		case <-tick.C:
		}
	}
}

// present reports whether a camera is at work.
func (s *service) present(camera string) bool {
	snap := s.opts.Runtime.Snapshot()
	for i := range snap.Cameras {
		if snap.Cameras[i].Name == camera {
			return true
		}
	}
	return false
}
