package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

const (
	minRate     = 0.1 // states per second
	maxRate     = 60
	followEvery = 200 * time.Millisecond // polling interval of events and log
	beatEvery   = time.Second            // interval of keep-alive comments
)

// Gap is what a stream left out, because it arrived faster than the client read, or
// because the client was away for too long.
type Gap struct {
	Events uint64 `json:"events"`
	Log    uint64 `json:"log"`
}

// position is how far a client has read, encoded in the ID of a message:
// INSTANCE.EVENT.LOG.
type position struct {
	instance   string
	event, log uint64
}

// String returns the ID.
func (p position) String() string { return fmt.Sprintf("%s.%d.%d", p.instance, p.event, p.log) }

// parsePosition parses an ID.
func parsePosition(id string) (p position, ok bool) {
	f := strings.Split(id, ".")
	if len(f) != 3 {
		return p, false
	}
	var err1, err2 error
	p.instance = f[0]
	p.event, err1 = strconv.ParseUint(f[1], 10, 64)
	p.log, err2 = strconv.ParseUint(f[2], 10, 64)
	return p, err1 == nil && err2 == nil
}

// cursor reads a sequence that is numbered from 1, of which the newest entries are
// stored.
type cursor[T any] struct {
	kept  func(after uint64) []T // nil: not selected
	seq   func(T) uint64
	last  uint64 // newest number sent
	exact bool   // count entries after last that are no longer stored as missed
}

// start positions the cursor after a number. A number not reached yet is from an
// earlier run of the program.
func (c *cursor[T]) start(after uint64, exact bool) {
	c.last, c.exact = after, exact
	if all := c.kept(0); len(all) == 0 || c.seq(all[len(all)-1]) < after {
		c.last = 0
	}
}

// resume positions the cursor after what the client already has, or after the number in
// the query.
func (c *cursor[T]) resume(q url.Values, key string, from uint64, resumed bool) error {
	if q.Get(key) == "" { // without a number everything kept is sent
		q = nil
	}
	after, given, err := numberOf(q, key)
	if resumed {
		after, given = from, true
	}
	c.start(after, given)
	return err
}

// next returns new entries, and the number of lost ones.
func (c *cursor[T]) next() (fresh []T, missed uint64) {
	if c.kept == nil {
		return nil, 0
	}
	fresh = c.kept(c.last)
	if len(fresh) > 0 {
		if first := c.seq(fresh[0]); c.exact && first > c.last+1 {
			missed = first - c.last - 1
		}
		c.exact = true
	}
	return fresh, missed
}

// follower is the state of one client of GET /api/stream.
type follower struct {
	out    *sse
	states *states
	at     position
	events cursor[runtime.RecentEvent]
	log    cursor[logging.Line]
}

// stream serves GET /api/stream.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := onlyKeys(q, "state", "events", "log"); err != nil {
		return err
	}
	f := follower{states: &s.states, at: position{instance: s.instance}}
	from, resumed := parsePosition(r.Header.Get("Last-Event-ID"))
	if from.instance != s.instance {
		from.event, from.log = 0, 0 // from an earlier run
	}
	var err error
	if q.Has("events") {
		if f.events, err = s.eventCursor(); err == nil {
			err = f.events.resume(q, "events", from.event, resumed)
		}
	}
	if q.Has("log") && err == nil {
		if f.log, err = s.logCursor(); err == nil {
			err = f.log.resume(q, "log", from.log, resumed)
		}
	}
	if err != nil {
		return err
	}
	rate := math.Inf(1)
	if given := q.Get("state"); given != "" && given != "0" {
		if rate, err = rateOf(given, maxRate); err != nil {
			return err
		}
	}
	if err := s.streams.acquire(); err != nil {
		return err
	}
	defer s.streams.release()
	var snapshots <-chan *runtime.Snapshot
	if q.Has("state") || !q.Has("events") && !q.Has("log") {
		var cancel func()
		snapshots, cancel = s.opts.Runtime.Subscribe()
		defer cancel()
	}
	f.at.event, f.at.log = f.events.last, f.log.last
	f.out = newSSE(w, r)
	if r.Method == http.MethodHead {
		return nil
	}
	return s.left(r, f.run(r, s.ending, snapshots, rate))
}

// left logs that a stream ends because its client does not read. It returns err, the
// error that ended the stream.
func (s *Server) left(r *http.Request, err error) error {
	if p, ok := peerOf(r.Context()); ok && errors.Is(err, os.ErrDeadlineExceeded) {
		s.log.Warn("a client of the API does not read its stream; the stream was closed", "from", p.who, "path", r.URL.Path, "after", sendTimeout)
	}
	return err
}

// run sends until the client disconnects, the program ends or an error occurs.
func (f *follower) run(r *http.Request, ending <-chan struct{}, snapshots <-chan *runtime.Snapshot, rate float64) error {
	tick, beat := time.NewTicker(followEvery), time.NewTicker(beatEvery)
	defer tick.Stop()
	defer beat.Stop()
	pace := pacer{every: time.Duration(float64(time.Second) / rate)}
	err := f.out.begin()
	if err == nil {
		err = f.follow()
	}
	for err == nil {
		select {
		case <-r.Context().Done():
			return nil
		case <-ending:
			return f.out.end()
		case <-tick.C:
			err = f.follow()
		case <-beat.C:
			err = f.out.comment()
		case snap, ok := <-snapshots:
			if !ok {
				return f.out.end()
			}
			if pace.due(snap.At) {
				err = f.out.state(f.states, snap)
			}
		}
	}
	return err
}

// follow sends new events and log lines.
func (f *follower) follow() error {
	events, lostEvents := f.events.next()
	lines, lostLines := f.log.next()
	if lostEvents > 0 || lostLines > 0 {
		if lostEvents > 0 {
			f.at.event = events[0].Seq - 1
		}
		if lostLines > 0 {
			f.at.log = lines[0].Seq - 1
		}
		if err := f.out.message("gap", f.at.String(), Gap{lostEvents, lostLines}); err != nil {
			return err
		}
	}
	for _, e := range events {
		f.events.last, f.at.event = e.Seq, e.Seq
		if err := f.out.message("event", f.at.String(), e); err != nil {
			return err
		}
	}
	for _, l := range lines {
		f.log.last, f.at.log = l.Seq, l.Seq
		if err := f.out.message("log", f.at.String(), l); err != nil {
			return err
		}
	}
	return f.out.flush()
}

// pacer thins out a sequence so that its entries are every apart on average.
type pacer struct {
	every time.Duration
	next  time.Time
}

// due reports whether the entry of this time passes.
func (p *pacer) due(at time.Time) bool {
	if at.Before(p.next.Add(-min(p.every/4, 20*time.Millisecond))) {
		return false
	}
	p.next = p.next.Add(p.every)
	if p.next.Before(at) { // do not catch up after a pause
		p.next = at.Add(p.every)
	}
	return true
}

// rateOf parses a rate per second.
func rateOf(given string, most float64) (float64, error) {
	rate, err := strconv.ParseFloat(given, 64)
	if err != nil || !(rate >= minRate && rate <= most) {
		return 0, problem(http.StatusBadRequest, fmt.Sprintf("rate %q is out of range", text.Clean(given)), fmt.Sprintf("give %v to %v a second", minRate, most))
	}
	return rate, nil
}

// numberOf parses an optional number in a query.
func numberOf(q url.Values, key string) (n uint64, given bool, err error) {
	values := q[key]
	if len(values) == 0 {
		return 0, false, nil
	}
	n, err = strconv.ParseUint(values[0], 10, 63)
	if err != nil {
		return 0, false, problem(http.StatusBadRequest, fmt.Sprintf("%s: %q is not a whole number", key, text.Clean(values[0])), "give 0 or more")
	}
	return n, true, nil
}

// onlyKeys rejects unknown and repeated keys in a query.
func onlyKeys(q url.Values, keys ...string) error {
	for k, values := range q {
		known := false
		for _, key := range keys {
			known = known || k == key
		}
		if !known {
			return problem(http.StatusBadRequest, fmt.Sprintf("the query has an unknown key %q", text.Clean(k)), "use only "+strings.Join(keys, ", "))
		}
		if len(values) > 1 {
			return problem(http.StatusBadRequest, fmt.Sprintf("the query has the key %q %d times", k, len(values)), "give it once")
		}
	}
	return nil
}
