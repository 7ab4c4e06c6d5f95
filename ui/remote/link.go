package remote

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/backoff"
)

// LinkState is the state of a connection to a Runtime in another process.
type LinkState string

// The states of a Link.
const (
	LinkConnecting LinkState = "connecting" // no snapshot has arrived yet
	LinkLive       LinkState = "live"
	LinkLost       LinkState = "lost" // was live and is being retried
)

// Link describes a connection to a Runtime in another process.
type Link struct {
	State  LinkState
	Addr   string        // address for display
	Reason string        // why it is not live; empty if it is or nothing failed yet
	Quiet  time.Duration // time since the last snapshot, unless live
	Next   time.Duration // time until the next attempt; 0: in progress

	// The process that answered last; empty if none did yet.
	Host     string
	PID      int
	Version  string
	ReadOnly bool            // commands are refused
	Kinds    detectors.Kinds // that can be attached
}

const (
	firstWait = 250 * time.Millisecond // first delay before a retry
	lastWait  = 5 * time.Second        // maximum delay

	beatTime   = 2 * time.Second  // without any data until the link counts as lost
	quietTime  = 3 * time.Second  // the same without a snapshot
	quietFirst = 15 * time.Second // the same for the first snapshot
	quietGaps  = 3                // or this many times the interval of the last two snapshots
)

// wire is the state machine behind Link. Callers pass the time.
type wire struct {
	link  Link
	came  time.Time       // newest snapshot on this connection; zero: none
	heard time.Time       // newest snapshot ever; zero: none
	alive time.Time       // newest data of any kind
	pause time.Duration   // between the last two snapshots
	began time.Time       // start of the connection
	next  time.Time       // next attempt; zero: in progress
	waits backoff.Backoff // delays between attempts
}

// met records that the server has answered. The link becomes live with the first snapshot.
func (l *wire) met(now time.Time) {
	l.came, l.pause, l.began, l.next = time.Time{}, 0, now, time.Time{}
}

// beat records that data has arrived, which may be only a keep-alive.
func (l *wire) beat(now time.Time) { l.alive = now }

// snapshot records that a snapshot has arrived.
func (l *wire) snapshot(now time.Time) {
	if !l.came.IsZero() {
		l.pause = now.Sub(l.came)
	}
	l.came, l.heard, l.alive = now, now, now
	l.waits.Reset()
	l.link.State, l.link.Reason = LinkLive, ""
}

// fail records that the connection failed or ended, and returns the delay before the next
// attempt.
func (l *wire) fail(now time.Time, reason string) time.Duration {
	if l.link.State == LinkLive {
		l.link.State = LinkLost
	}
	l.link.Reason, l.came = reason, time.Time{}
	wait := l.waits.Next()
	l.next = now.Add(wait)
	return wait
}

// try records that the next attempt begins.
func (l *wire) try() { l.next = time.Time{} }

// at returns the Link at a time. A silent connection counts as lost, but becomes live again when
// data arrives.
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
