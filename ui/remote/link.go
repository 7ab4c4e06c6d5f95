package remote

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/backoff"
)

// LinkState is how the way to a Runtime in another process stands.
type LinkState string

// The states of a Link.
const (
	LinkConnecting LinkState = "connecting" // nothing has come yet
	LinkLive       LinkState = "live"
	LinkLost       LinkState = "lost" // it was live; it is retried
)

// Link is the way to a Runtime in another process, as plain values.
type Link struct {
	State  LinkState
	Addr   string        // what is talked to, for people
	Reason string        // why it is not live; empty: it is, or nothing has gone wrong yet
	Quiet  time.Duration // since a snapshot came, while lost
	Next   time.Duration // until it is tried again; 0: that is under way

	// Who answered last; empty: nobody has yet.
	Host     string
	PID      int
	Version  string
	ReadOnly bool            // commands are refused
	Kinds    detectors.Kinds // that may be attached
}

const (
	firstWait = 250 * time.Millisecond // before a lost link is tried again
	lastWait  = 5 * time.Second        // most that this grows to

	beatTime   = 2 * time.Second  // without a byte after which a link counts as lost
	quietTime  = 3 * time.Second  // without a snapshot
	quietFirst = 15 * time.Second // for the first one
	quietGaps  = 3                // or so many times the pause between the last two
)

// wire is the state of a Link over time: a plain value without a clock.
type wire struct {
	link  Link
	came  time.Time       // the newest snapshot; zero: none since the connection was made
	heard time.Time       // the newest snapshot ever; zero: none
	alive time.Time       // the newest byte
	pause time.Duration   // between the last two snapshots
	began time.Time       // when the connection was made
	next  time.Time       // try; zero: under way
	waits backoff.Backoff // between tries
}

// met notes that somebody answers. Live it is with the first snapshot.
func (l *wire) met(now time.Time) {
	l.came, l.pause, l.began, l.next = time.Time{}, 0, now, time.Time{}
}

// beat notes that something has come, be it a sign of life alone.
func (l *wire) beat(now time.Time) { l.alive = now }

// snapshot notes that one has come.
func (l *wire) snapshot(now time.Time) {
	if !l.came.IsZero() {
		l.pause = now.Sub(l.came)
	}
	l.came, l.heard, l.alive = now, now, now
	l.waits.Reset()
	l.link.State, l.link.Reason = LinkLive, ""
}

// fail notes that the connection has ended, or could not be made, and returns
// how long to wait before the next try.
func (l *wire) fail(now time.Time, reason string) time.Duration {
	if l.link.State == LinkLive {
		l.link.State = LinkLost
	}
	l.link.Reason, l.came = reason, time.Time{}
	wait := l.waits.Next()
	l.next = now.Add(wait)
	return wait
}

// try notes that the next try begins.
func (l *wire) try() { l.next = time.Time{} }

// at returns how the link stands at a time. A connection on which nothing comes
// any more counts as lost, though it may come back to life.
func (l *wire) at(now time.Time) Link {
	k := l.link
	if !l.next.IsZero() {
		k.Next = max(l.next.Sub(now), 0)
	}
	if k.State == LinkLive {
		quiet := now.Sub(l.came)
		if now.Sub(l.alive) <= beatTime && quiet <= max(quietTime, quietGaps*l.pause) {
			return k
		}
		k.State, k.Reason = LinkLost, "connected, but no data arrives"
	}
	if k.State == LinkConnecting && k.Reason == "" && !l.began.IsZero() && now.Sub(l.began) > quietFirst {
		k.Reason = "connected, but no data arrives"
	}
	if !l.heard.IsZero() {
		k.Quiet = now.Sub(l.heard)
	}
	return k
}
