package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"rvo-tui/bench/wait"
	"rvo-tui/capture"
)

// stream is a simulated camera that sends prerendered frames on a schedule. It outlives its
// connections, of which there is one at a time.
type stream struct {
	schedule    schedule
	epoch       time.Time
	prerendered *prerendered

	// Owned by the goroutine that reads the source. Anyone may read them after over is closed.
	late      *hdrhistogram.Histogram // delays of measured frames against the schedule
	given     uint64                  // measured frames filled with pixels
	offered   uint64                  // measured frames
	overdue   uint64                  // measured frames sent after the next one was due
	decoded   uint64                  // all frames filled with pixels
	filled    uint64                  // buffers that had to be filled
	firstSent time.Duration           // of the measured frames
	lastSent  time.Duration

	sent atomic.Uint64 // number of frames sent, which is the ID of the newest
	over chan struct{} // closed when the last frame was sent and read
	done bool
}

func newStream(s schedule, epoch time.Time, a *prerendered) *stream {
	return &stream{schedule: s, epoch: epoch, prerendered: a, late: newHistogram(), over: make(chan struct{})}
}

// drivers returns drivers that open streams, by the names of their cameras.
func drivers(streams map[string]*stream) capture.Drivers {
	return capture.Drivers{
		capture.KindSynthetic: func(ctx context.Context, cfg capture.Config, _ capture.Address) (capture.Connection, error) {
			f := streams[cfg.Name]
			if f == nil {
				return nil, fmt.Errorf("open camera %q: the workload has no such camera", cfg.Name)
			}
			return &source{stream: f, ctx: ctx}, nil
		},
	}
}

// source is one connection to a stream.
type source struct {
	*stream
	ctx   context.Context
	alarm *wait.Alarm // nil before the first Grab; it belongs to the reader's goroutine
}

// patience is how long the source waits before checking whether it was closed.
const patience = 50 * time.Millisecond

// Grab implements capture.Source.
func (s *source) Grab() (capture.Stamp, error) {
	if s.alarm == nil {
		s.alarm = wait.NewAlarm()
	}
	id := s.sent.Load() + 1
	if s.schedule.over(id, time.Since(s.epoch)) {
		if !s.done {
			s.done = true
			close(s.over)
		}
		<-s.ctx.Done()
		return capture.Stamp{}, s.ctx.Err()
	}
	due := s.schedule.due(id)
	at := s.epoch.Add(due)
	for left := time.Until(at); left > patience; left = time.Until(at) {
		s.alarm.Until(time.Now().Add(patience))
		if err := s.ctx.Err(); err != nil {
			return capture.Stamp{}, err
		}
	}
	s.alarm.Until(at)
	now := time.Now()
	if s.schedule.measured(id) {
		sent := now.Sub(s.epoch)
		if s.offered == 0 {
			s.firstSent = sent
		}
		s.offered++
		s.lastSent = sent
		if sent >= s.schedule.due(id+1) {
			s.overdue++
		}
		record(s.late, sent-due)
	}
	s.sent.Store(id)
	return capture.Stamp{Arrived: now}, nil
}

// Retrieve implements capture.Source.
func (s *source) Retrieve(dst []byte) error {
	if len(dst) != s.prerendered.width*s.prerendered.height*3 {
		return capture.ErrSizeChanged
	}
	id := s.sent.Load()
	if s.prerendered.show(dst, id) {
		s.filled++
	}
	s.decoded++
	if s.schedule.measured(id) {
		s.given++
	}
	return nil
}

// Size implements capture.Source.
func (s *source) Size() (width, height int) { return s.prerendered.width, s.prerendered.height }

// Live implements capture.Source.
func (s *source) Live() bool { return true }

// Close implements capture.Source.
func (s *source) Close() error {
	if s.alarm != nil {
		s.alarm.End()
	}
	return nil
}
