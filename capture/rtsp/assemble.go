package rtsp

import (
	"slices"
	"time"

	"rvo-tui/capture"
)

// maxUnit is the largest coded frame that is assembled.
const maxUnit = 16 << 20

// unpacker takes the payloads of one codec apart. It keeps what it needs from
// one packet to the next.
type unpacker interface {
	// unpack appends what a payload adds to the coded frame. Whole is false where
	// a part of the frame is known to be missing. Gap says that packets before this
	// one were lost.
	unpack(unit, payload []byte, gap bool) (grown []byte, whole bool)
	// finish returns a coded frame that has come to its end, ready for a decoder,
	// and whether one can start there; nil where it holds no frame. The bytes may
	// be those of unit. It makes ready for the next one.
	finish(unit []byte) (data []byte, key bool)
	// complete reports whether the unit so far can be a frame, so that an end of
	// frame that the camera marks is one.
	complete() bool
	// track returns what is known of the track now. The same pointer means that
	// nothing has changed.
	track() *capture.Track
}

// reorderer is an unpacker of a codec whose frames may come in another order
// than they are shown in.
type reorderer interface{ reorder() int }

// assembler makes packets of the RTP packets of one video track. What has one
// timestamp is one frame; a marker ends it early, unless the camera is seen to
// set markers anywhere.
type assembler struct {
	unpacker unpacker
	unit     []byte // reused
	open     bool
	stamp    uint32
	damaged  bool
	arrived  time.Time // of the latest part

	ended     uint32 // timestamp of the last frame that a marker ended
	marked    bool
	mismarked int

	tooLarge uint64
	emit     func(stamp uint32, arrived time.Time, data []byte, key, damaged bool)
}

// mismarks is how many frames must go on after their marker before markers are
// no longer believed.
const mismarks = 2

func (a *assembler) push(stamp uint32, payload []byte, marker, gap bool, arrived time.Time) {
	if a.open && stamp != a.stamp {
		a.damaged = a.damaged || gap // its end may be what is missing
		a.end()
	}
	if !a.open {
		if a.marked && stamp == a.ended && !gap {
			a.mismarked++
		}
		a.open, a.stamp, a.damaged, a.marked = true, stamp, false, false
	}
	unit, whole := a.unpacker.unpack(a.unit, payload, gap)
	a.unit, a.arrived = unit, arrived
	a.damaged = a.damaged || gap || !whole
	if len(a.unit) > maxUnit {
		a.tooLarge++
		a.unpacker.finish(nil)
		a.unit, a.open = nil, false
		return
	}
	if marker && a.mismarked < mismarks && a.unpacker.complete() {
		a.marked, a.ended = true, stamp
		a.end()
	}
}

// end passes on the frame that is open.
func (a *assembler) end() {
	data, key := a.unpacker.finish(a.unit)
	a.open = false
	if len(data) > 0 {
		a.emit(a.stamp, a.arrived, slices.Clone(data), key, a.damaged)
	}
	a.unit = a.unit[:0]
}
