package bench

import (
	"errors"
	"fmt"

	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// CameraAccount is where the frames of one camera went, from the first to the
// last. Sent and Given are counted by the camera that sends, TookIn by the probe
// on the engine, the rest by the Runtime itself: three that know nothing of each
// other.
type CameraAccount struct {
	Camera string
	Sent   uint64 // by the camera
	Given  uint64 // got pixels, by the camera
	TookIn uint64 // by the engine, as the probe saw it

	Published  uint64 // handed over
	Seen       uint64 // by the engine
	Superseded uint64 // replaced by a newer one before the engine saw them
	Pool       uint64 // dropped for want of a buffer
	Lag        uint64 // skipped to catch up: none, in a harness
	Rate       uint64 // above the camera's rate: none
	Corrupt    uint64 // none

	Detectors []DetectorAccount
}

// DetectorAccount is what one detector did with the frames that the engine saw.
type DetectorAccount struct {
	Detector string
	Seen     uint64 // by its engine
	Runs     uint64
	Began    uint64 // the same, as the probe saw it
	Skips    [engine.GateCount]uint64
	// Pending is 1 when the newest frame is held by a gate: it is counted there
	// when the next frame comes.
	Pending uint64
}

// skipped returns the frames held by gates.
func (d *DetectorAccount) skipped() (n uint64) {
	for _, s := range d.Skips {
		n += s
	}
	return n
}

// account returns where the frames of a camera went.
func account(v *runtime.CameraView, f *stream, t *tally) CameraAccount {
	a := CameraAccount{
		Camera: v.Name, Sent: f.sent.Load(), Given: f.decoded, TookIn: t.allSeen,
		Published: v.Frames, Seen: v.Seen, Superseded: v.Superseded,
		Pool: v.DropPool, Lag: v.DropLag, Rate: v.DropRate, Corrupt: v.DropBroken,
	}
	for i := range v.Detectors {
		d := &v.Detectors[i]
		k := t.task(uint32(i))
		da := DetectorAccount{Detector: d.Name, Seen: v.Seen, Runs: d.Runs, Began: k.runs, Skips: d.Skips}
		if v.Seen > 0 && k.last != t.newest {
			da.Pending = 1
		}
		a.Detectors = append(a.Detectors, da)
	}
	return a
}

// Check returns what does not add up. Every frame that was sent is seen by the
// engine, superseded, or dropped for want of a buffer; every frame that the engine
// saw is, for every detector, run or held by exactly one gate.
func (a *CameraAccount) Check() error {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("camera %s: "+format, append([]any{a.Camera}, args...)...))
	}
	if sum := a.Seen + a.Superseded + a.Pool; a.Sent != sum {
		bad("%d frames sent, and %d seen + %d superseded + %d dropped for want of a buffer = %d", a.Sent, a.Seen, a.Superseded, a.Pool, sum)
	}
	if a.Published != a.Seen+a.Superseded {
		bad("%d frames handed over, and %d seen + %d superseded", a.Published, a.Seen, a.Superseded)
	}
	if a.Given != a.Published {
		bad("%d frames got pixels, and %d were handed over", a.Given, a.Published)
	}
	if a.TookIn != a.Seen {
		bad("the probe saw the engine take in %d frames, and %d are counted", a.TookIn, a.Seen)
	}
	if a.Lag+a.Rate+a.Corrupt != 0 {
		bad("%d frames dropped for lag, %d for their rate, %d as corrupt, where none should be", a.Lag, a.Rate, a.Corrupt)
	}
	for i := range a.Detectors {
		d := &a.Detectors[i]
		if sum := d.Runs + d.skipped() + d.Pending; d.Seen != sum {
			bad("detector %s: %d frames seen, and %d run + %d held by gates + %d pending = %d", d.Detector, d.Seen, d.Runs, d.skipped(), d.Pending, sum)
		}
		if d.Began != d.Runs {
			bad("detector %s: the probe saw %d runs begin, and %d are counted", d.Detector, d.Began, d.Runs)
		}
	}
	return errors.Join(problems...)
}
