package engine

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
)

const ms = time.Millisecond

var errScripted = errors.New("scripted failure")

// sim drives an Engine in virtual time: every worker has its own slot, and takes exactly as long
// as its script says.
type sim struct {
	t       *testing.T
	e       *Engine
	now     time.Duration
	queue   []simEvent
	scripts map[TaskID]*script
	next    TaskID
	frame   FrameRef
	fired   []rules.Event
	wall    time.Time // wall clock at 0; zero: none
}

// script defines the behaviour of a detector in a sim.
type script struct {
	spec    detectors.Spec
	exec    time.Duration
	slot    time.Duration                                // wait for a slot
	ttl     time.Duration                                // sent with each answer; 0: none
	answer  func(run int, frame uint64) (float64, error) // nil: always 1
	boxes   func(frame uint64) []detectors.Detection     // nil: none
	looked  func(run int) []detectors.Detection          // of a detector of crops: the boxes with attributes
	open    func(opening int) error                      // nil: always loads
	runs    []uint64                                     // frames looked at
	at      []time.Duration                              // when it began
	opened  int
	revoked int
	hasty   []string // logged
}

type simEvent struct {
	at  time.Duration
	do  func()
	seq int
}

func newSim(t *testing.T) *sim {
	return &sim{t: t, e: New(Options{MaxErrors: 3, Seed: 1}), scripts: map[TaskID]*script{}}
}

func spec(name string, fps float64) detectors.Spec {
	return detectors.Spec{
		Name: name, Kind: "scripted", MaxFPS: fps, Cost: detectors.CostLow, Provides: []string{name},
		TTL: time.Second, Timeout: time.Second, Execution: detectors.Worker, Retry: detectors.RetryBackoff, Enabled: true,
	}
}

func (s *sim) attach(sc *script) *script {
	s.next++
	id := s.next
	s.scripts[id] = sc
	s.command(func(e *Engine, _ time.Duration) {
		if err := e.Attach(id, sc.spec); err != nil {
			s.t.Fatal(err)
		}
	})
	return sc
}

func (s *sim) rule(cfg rules.Config) {
	s.command(func(e *Engine, _ time.Duration) {
		if err := e.AddRule(cfg); err != nil {
			s.t.Fatal(err)
		}
	})
}

func (s *sim) command(f func(*Engine, time.Duration)) {
	s.step(Inputs{Commands: []func(*Engine, time.Duration){f}})
}

func (s *sim) at(at time.Duration, do func()) {
	s.queue = append(s.queue, simEvent{at, do, len(s.queue)})
	slices.SortStableFunc(s.queue, func(a, b simEvent) int { return cmp.Compare(a.at, b.at) })
}

// frames schedules n frames, the first at from, every gap.
func (s *sim) frames(n int, from, gap time.Duration) {
	for i := range n {
		at := from + time.Duration(i)*gap
		s.at(at, func() { s.offer(FrameRef{ID: s.frame.ID + 1, Captured: at, Arrived: at}) })
	}
}

func (s *sim) offer(f FrameRef) {
	f.Seen = s.now
	s.frame = f
	s.step(Inputs{Frame: f})
}

func (s *sim) step(in Inputs) {
	if !s.wall.IsZero() {
		in.Wall = s.wall.Add(s.now)
	}
	acts := s.e.Step(s.now, &in)
	for _, f := range acts.Fired {
		ev := f.Event
		s.fired = append(s.fired, ev)
	}
	if acts.Next != Never && acts.Next > s.now {
		s.at(acts.Next, func() { s.step(Inputs{}) })
	}
	for _, a := range slices.Clone(acts.Do) {
		s.carryOut(a)
	}
}

func (s *sim) carryOut(a Action) {
	sc := s.scripts[a.Task]
	switch a.Kind {
	case DoOpen:
		sc.opened++
		r := Report{Task: a.Task, Kind: Opened, At: s.now}
		if sc.open != nil {
			r.Err, r.Reason = sc.open(sc.opened), "open"
		}
		s.at(s.now, func() { s.step(Inputs{Reports: []Report{r}}) })
	case DoStart, DoInline:
		s.at(s.now+sc.slot, func() {
			frame, began := s.frame, s.now
			if task := s.e.task(a.Task); task.crops != nil {
				frame = task.crops.feed.frame
			}
			sc.runs = append(sc.runs, frame.ID)
			sc.at = append(sc.at, began)
			run := len(sc.runs)
			if a.Kind == DoStart {
				s.step(Inputs{Reports: []Report{{Task: a.Task, Kind: Started, Frame: frame, Started: began, At: began}}})
			}
			if sc.exec < 0 {
				return // hangs for good
			}
			s.at(began+sc.exec, func() {
				r := Report{Task: a.Task, Kind: Done, Frame: frame, Started: began, At: s.now}
				value := 1.0
				if sc.answer != nil {
					value, r.Err = sc.answer(run, frame.ID)
				}
				if sc.looked != nil {
					r.Looked = sc.looked(run)
				}
				if r.Err != nil {
					r.Reason = detectors.ReasonOther
				} else {
					n := len(sc.spec.Provides)
					r.Answer = Answer{Values: make([]float64, n), Detections: make([][]detectors.Detection, n), TTLs: make([]time.Duration, n)}
					for i := range n {
						r.Answer.Values[i], r.Answer.TTLs[i] = value, sc.ttl
						if sc.boxes != nil {
							r.Answer.Detections[i] = sc.boxes(frame.ID)
						}
					}
				}
				s.step(Inputs{Reports: []Report{r}})
			})
		})
	case DoRevoke:
		sc.revoked++
	case LogShortTTL:
		sc.hasty = append(sc.hasty, a.Text)
	case DoWithdraw:
		s.t.Fatal("nothing waits for a slot in this simulation")
	}
}

// until runs the schedule up to and including the time end.
func (s *sim) until(end time.Duration) {
	for len(s.queue) > 0 && s.queue[0].at <= end {
		ev := s.queue[0]
		s.queue = s.queue[1:]
		s.now = max(s.now, ev.at)
		ev.do()
	}
	s.now = end
}

func (s *sim) view(name string) DetectorView {
	v := s.e.View(s.now, time.Time{})
	for _, d := range v.Detectors {
		if d.Name == name {
			return d
		}
	}
	s.t.Fatalf("no detector %q", name)
	return DetectorView{}
}

func (s *sim) signal(name string) SignalView {
	for _, v := range s.e.View(s.now, time.Time{}).Signals {
		if v.Name == name {
			return v
		}
	}
	s.t.Fatalf("no signal %q", name)
	return SignalView{}
}
