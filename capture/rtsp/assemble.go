package rtsp

import (
	"slices"
	"time"

	"rvo-tui/capture"
)

// maxUnit is the maximum size of a coded frame, in bytes.
const maxUnit = 16 << 20

// unpacker unpacks the RTP payloads of one codec. It keeps state between packets.
type unpacker interface {
	// unpack appends the content of a payload to the coded frame unit. whole is false
	// if a part of the frame is known to be missing. gap means that packets before this
	// one were lost.
	unpack(unit, payload []byte, gap bool) (grown []byte, whole bool)
	// finish returns a complete coded frame in the form that a decoder expects, and
	// whether it is a key frame. It returns nil if there is no frame. data may share
	// memory with unit. It resets the state for the next frame.
	finish(unit []byte) (data []byte, key bool)
	// complete reports whether unit can be a whole frame, so that an end-of-frame
	// marker is plausible.
	complete() bool
	// track returns the current description of the track. The same pointer means no
	// change.
	track() *capture.Track
}

// reorderer is an unpacker of a codec whose frames may be sent out of display order.
type reorderer interface{ reorder() int }

// assembler assembles the RTP packets of one video track into frames. Packets with the
// same timestamp form a frame. A marker ends the frame early, unless the camera turns
// out to set markers wrongly. If timestamps stand still, only markers end frames.
type assembler struct {
	unpacker unpacker
	unit     []byte // reused
	open     bool
	stamp    uint32
	since    time.Time // when the first part with this timestamp arrived
	damaged  bool
	missing  bool      // the frame before was lost as a whole
	arrived  time.Time // of the last part

	ended     uint32 // timestamp of the last frame ended by a marker
	marked    bool
	mismarked int

	tooLarge uint64
	emit     func(stamp uint32, arrived time.Time, data []byte, key, damaged bool)
}

// mismarks is how many frames must continue after their marker before markers are
// ignored.
const mismarks = 2

func (a *assembler) push(stamp uint32, payload []byte, marker, gap bool, arrived time.Time) {
	if stamp != a.stamp || a.since.IsZero() {
		a.since = arrived
	}
	if arrived.Sub(a.since) > standstill {
		a.mismarked = 0
	}
	if a.open && stamp != a.stamp {
		a.damaged = a.damaged || gap // the lost packets may be its end
		a.end()
	}
	if !a.open {
		if a.marked && stamp == a.ended && !gap && arrived.Sub(a.since) <= standstill {
			a.mismarked++
		}
		a.open, a.stamp, a.damaged, a.marked = true, stamp, false, false
	}
	unit, whole := a.unpacker.unpack(a.unit, payload, gap)
	a.unit, a.arrived = unit, arrived
	a.damaged = a.damaged || gap || !whole
	if len(a.unit) > maxUnit {
		a.tooLarge++
		a.missing = true
		a.unpacker.finish(nil)
		a.unit, a.open = nil, false
		return
	}
	if marker && a.mismarked < mismarks && a.unpacker.complete() {
		a.marked, a.ended = true, stamp
		a.end()
	}
}

// end emits the current frame.
func (a *assembler) end() {
	data, key := a.unpacker.finish(a.unit)
	a.open = false
	if len(data) > 0 {
		a.emit(a.stamp, a.arrived, slices.Clone(data), key, a.damaged || a.missing && !key)
		a.missing = false
	} else if a.damaged {
		a.missing = true
	}
	a.unit = a.unit[:0]
}
