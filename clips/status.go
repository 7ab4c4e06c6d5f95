package clips

import (
	"maps"
	"slices"
	"time"
)

// Status is how evidence stands, as plain values.
type Status struct {
	State   string    // "ok", or "degraded": clips are lost, for Reason
	Reason  string    // for a person; empty when ok
	Since   time.Time // when State began
	Dir     string
	Encoder string // ending of the movies: ".mp4", ".avi"

	Waiting, WaitingCap int  // clips that wait or are being built
	Building            bool // the builder is at work
	Saved, Merged       uint64
	Dropped             map[string]uint64 // events without a clip, by reason
	Unheld              uint64            // confirming frames that could not be kept for their clip
	Removed             map[string]uint64 // clips deleted, by bound: age, bytes, free

	Clips int   // on disk
	Bytes int64 // on disk
	Last  *Entry
	Took  time.Duration // what it took to make the last clip

	Rings []RingStatus // by camera
}

// RingStatus is how the ring of one camera stands.
type RingStatus struct {
	Camera          string
	Pictures        int
	Bytes, BytesCap int64
	Span            time.Duration // from the oldest picture to the newest
	Queue, QueueCap int           // frames whose pixels are held
	Offered         uint64        // frames that the rate let pass
	Encoded         uint64
	Skipped         uint64 // the worker was behind
	Failed          uint64 // could not be encoded
	Evicted         uint64 // went too early, for want of memory
	NotesDropped    uint64
}

// progress is the part of Status that the dispatcher owns and publishes.
type progress struct {
	disk, encode string // what is wrong; empty when nothing is
	since        time.Time
	building     bool
	saved        uint64
	removed      [3]uint64
	clips        int
	bytes        int64
	last         *Entry
	took         time.Duration
	encoder      string
}

func (p *progress) reason() string {
	if p.disk != "" {
		return p.disk
	}
	return p.encode
}

// Status returns how evidence stands now. It waits for nobody.
func (r *Recorder) Status() Status {
	p := r.shown.Load()
	s := Status{
		State: "ok", Reason: p.reason(), Since: p.since, Dir: r.cfg.Dir, Encoder: p.encoder,
		Waiting: int(min(r.waiting.Load(), JobLimit)), WaitingCap: JobLimit, Building: p.building,
		Saved: p.saved, Merged: r.merged.Load(), Unheld: r.unheld.Load(),
		Dropped: make(map[string]uint64), Removed: make(map[string]uint64),
		Clips: p.clips, Bytes: p.bytes, Last: p.last, Took: p.took,
	}
	if s.Reason != "" {
		s.State = "degraded"
	}
	for reason, n := range r.dropped {
		s.Dropped[reason] = n.Load()
	}
	for i, reason := range removeReasons {
		s.Removed[reason] = p.removed[i]
	}
	rings := *r.rings.Load()
	for _, camera := range slices.Sorted(maps.Keys(rings)) {
		s.Rings = append(s.Rings, rings[camera].status())
	}
	return s
}

func (g *Ring) status() RingStatus {
	return RingStatus{
		Camera: g.camera, Pictures: int(g.count.Load()), Bytes: g.bytes.Load(), BytesCap: g.memory, Span: time.Duration(g.span.Load()),
		Queue: int(max(0, g.plain.Load()) + max(0, g.confirming.Load())), QueueCap: queueLimit,
		Offered: g.offered.Load(), Encoded: g.encoded.Load(), Skipped: g.skipped.Load(), Failed: g.failed.Load(),
		Evicted: g.evicted.Load(), NotesDropped: g.droppedNote.Load(),
	}
}
