package clips

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Status is a snapshot of evidence.
type Status struct {
	State   string    `json:"state"`  // "ok" or "degraded": clips are lost or will be, because of Reason
	Reason  string    `json:"reason"` // for the user, with what to do after a semicolon; empty when ok
	Since   time.Time `json:"since"`  // start of State
	Dir     string    `json:"dir"`
	Encoder string    `json:"encoder"` // file extension of the movies: ".mp4" or ".avi"

	Waiting    int               `json:"waiting"` // clips waiting or in progress
	WaitingCap int               `json:"waiting_capacity"`
	Building   bool              `json:"building"` // the builder is at work
	Saved      uint64            `json:"saved"`
	Merged     uint64            `json:"merged"`
	Dropped    map[string]uint64 `json:"dropped"` // events without a clip, by reason
	Unheld     uint64            `json:"unheld"`  // confirming frames that could not be kept for their clip
	Removed    map[string]uint64 `json:"removed"` // clips deleted, by limit: age, bytes, free, inodes

	Clips int           `json:"clips"` // on disk
	Bytes int64         `json:"bytes"` // on disk
	Last  *Entry        `json:"last"`
	Took  time.Duration `json:"took_ns"` // time it took to make the last clip

	Rings []RingStatus `json:"rings"` // by camera
}

// RingStatus is the state of the ring of one camera.
type RingStatus struct {
	Camera       string        `json:"camera"`
	Packets      uint64        `json:"packets"` // video packets from the camera
	Frames       int           `json:"frames"`  // kept, as packets or as JPEG
	Bytes        int64         `json:"bytes"`
	BytesCap     int64         `json:"bytes_capacity"`
	Span         time.Duration `json:"span_ns"` // from the oldest to the newest frame
	Queue        int           `json:"queue"`   // frames whose pixels are held
	QueueCap     int           `json:"queue_capacity"`
	Offered      uint64        `json:"offered"` // frames that the rate limit let through
	Encoded      uint64        `json:"encoded"`
	Skipped      uint64        `json:"skipped"` // because the worker was behind
	Failed       uint64        `json:"failed"`  // could not be encoded
	Evicted      uint64        `json:"evicted"` // dropped early for lack of memory
	NotesDropped uint64        `json:"notes_dropped"`
}

// progress is the part of Status that the dispatcher owns and publishes.
type progress struct {
	stuck, disk, encode, lost string // problem texts; empty: no problem
	since                     time.Time
	building                  bool
	saved                     uint64
	removed                   [len(removeReasons)]uint64
	clips                     int
	bytes                     int64
	last                      *Entry
	took                      time.Duration
	encoder                   string
}

func (p *progress) reason() string { return cmp.Or(p.stuck, p.disk, p.encode, p.lost) }

// Status returns a snapshot of evidence. It never blocks.
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
		Camera: g.camera, Packets: g.packets.Load(), Frames: int(g.count.Load()), Bytes: g.bytes.Load(), BytesCap: g.memory, Span: time.Duration(g.span.Load()),
		Queue: int(max(0, g.plain.Load()) + max(0, g.confirming.Load())), QueueCap: queueLimit,
		Offered: g.offered.Load(), Encoded: g.encoded.Load(), Skipped: g.skipped.Load(), Failed: g.failed.Load(),
		Evicted: g.evicted.Load(), NotesDropped: g.droppedNote.Load(),
	}
}
