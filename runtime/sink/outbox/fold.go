package outbox

import (
	"math"
	"time"
)

// folding summarizes the records held back by the rate limit.
type folding struct {
	base    uint64 // position of the output
	scanned uint64 // last record in the summary; 0: none
	n       int    // number of records that the output wants
	first   Record // the first of these
	sum     Fold
}

// burst is the maximum number of messages sent at once: half of those of an hour. The
// other half is spread over the hour, so no hour has more than the limit.
func burst(perHour int) float64 { return math.Ceil(float64(perHour) / 2) }

// refill returns the tokens of the rate limit at time now.
func (p *position) refill(perHour int, now time.Time) {
	b := burst(perHour)
	rate := (float64(perHour) - b + 1) / time.Hour.Seconds()
	p.Tokens = min(b, p.Tokens+max(0, now.Sub(p.At).Seconds())*rate)
	p.At = now
}

// wait returns the time until a message may be sent.
func (p *position) wait(perHour int) time.Duration {
	if p.Tokens >= 1 {
		return 0
	}
	rate := (float64(perHour) - burst(perHour) + 1) / time.Hour.Seconds()
	return time.Duration((1-p.Tokens)/rate*float64(time.Second)) + time.Millisecond
}

// limit applies the rate limit. It returns a due summary and its last record, or how
// long to wait. If it returns neither, the first record is sent on its own.
func (w *worker) limit(now time.Time) (d *Delivery, until uint64, wait time.Duration) {
	w.o.mu.Lock()
	w.pos.refill(w.out.PerHour, now)
	pos := w.pos
	w.o.mu.Unlock()
	if w.fold.base != pos.Seq {
		w.fold = folding{base: pos.Seq}
	}
	wait = pos.wait(w.out.PerHour)
	if wait == 0 && w.fold.n == 0 && pos.Until == 0 {
		return nil, 0, 0
	}
	w.scan(pos.Until)
	f := &w.fold
	switch {
	case wait > 0:
		return nil, 0, wait
	case f.n <= 1 && pos.Until == 0:
		return nil, 0, 0
	}
	if pos.Until == 0 {
		// A summary that is repeated after a crash must cover the same events.
		if !w.freeze(f.scanned) {
			return nil, 0, time.Second
		}
	}
	sum := f.sum
	return &Delivery{ID: f.first.ID() + "-folded", Record: f.first, Fold: &sum}, f.scanned, 0
}

// scan summarizes the readable records, up to a record; 0: all.
func (w *worker) scan(until uint64) {
	f := &w.fold
	for {
		r, ok := w.next(max(f.base, f.scanned))
		if !ok || until != 0 && r.Seq > until || r.For == w.out.Name { // what is resent is sent on its own
			break
		}
		f.scanned = r.Seq
		if !w.wants(&r) {
			continue
		}
		if f.n == 0 {
			f.first = r
		}
		f.n++
		event := r
		event.Clip = nil
		if r.Clip == nil || !w.wants(&event) { // else it reports the event as well
			f.sum.add(&r.Event)
		}
	}
	f.scanned = max(f.scanned, until)
}

// freeze stores where a summary ends. It returns false if it could not be stored yet.
func (w *worker) freeze(until uint64) bool {
	o := w.o
	o.mu.Lock()
	w.pos.Until = until
	o.moved(w)
	flushed := o.flushed
	o.mu.Unlock()
	poke(o.in.wake)
	select {
	case <-flushed:
		return true
	case <-w.finish:
		return false
	}
}
