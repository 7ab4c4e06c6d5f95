package bench

import (
	"errors"
	"fmt"

	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// CameraAccount counts what happened to all frames of one camera. The counts come from three
// independent sources: Sent and Given from the simulated camera, TookIn from the probe on the engine,
// the rest from the Runtime.
type CameraAccount struct {
	Camera string
	Sent   uint64 // sent by the camera
	Given  uint64 // filled with pixels by the camera
	TookIn uint64 // seen by the engine according to the probe

	Published  uint64 // delivered to the latest-frame slot
	Seen       uint64 // seen by the engine
	Superseded uint64 // replaced by a newer one before the engine saw them
	Pool       uint64 // dropped for lack of a buffer
	Lag        uint64 // skipped to catch up; must be 0 here
	Rate       uint64 // above the camera's rate; must be 0 here
	Corrupt    uint64 // must be 0 here

	Detectors []DetectorAccount
}

// DetectorAccount counts what one detector did with the frames that the engine saw.
type DetectorAccount struct {
	Detector string
	Seen     uint64 // frames seen by the engine
	Runs     uint64
	Began    uint64 // runs according to the probe
	Skips    [engine.GateCount]uint64
	// Pending is 1 if a gate holds the newest frame, which is counted as skipped only when the
	// next frame arrives.
	Pending uint64
}

// skipped returns the number of frames held by gates.
func (d *DetectorAccount) skipped() (n uint64) {
	for _, s := range d.Skips {
		n += s
	}
	return n
}

// account returns the account of a camera.
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

// Check returns an error if the counts do not add up. Every sent frame must be seen by the engine,
// superseded, or dropped for lack of a buffer. For every detector, every frame that the engine saw
// must be run or held by exactly one gate.
func (a *CameraAccount) Check() error {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("camera %s: "+format, append([]any{a.Camera}, args...)...))
	}
	if sum := a.Seen + a.Superseded + a.Pool; a.Sent != sum {
		bad("%d frames sent, but %d seen + %d superseded + %d dropped for lack of a buffer = %d", a.Sent, a.Seen, a.Superseded, a.Pool, sum)
	}
	if a.Published != a.Seen+a.Superseded {
		bad("%d frames delivered, but %d seen + %d superseded", a.Published, a.Seen, a.Superseded)
	}
	if a.Given != a.Published {
		bad("%d frames filled, but %d delivered", a.Given, a.Published)
	}
	if a.TookIn != a.Seen {
		bad("%d frames seen by the engine according to the probe, but %d are counted", a.TookIn, a.Seen)
	}
	if a.Lag+a.Rate+a.Corrupt != 0 {
		bad("%d frames dropped for lag, %d for their rate and %d as corrupt; all should be 0", a.Lag, a.Rate, a.Corrupt)
	}
	for i := range a.Detectors {
		d := &a.Detectors[i]
		if sum := d.Runs + d.skipped() + d.Pending; d.Seen != sum {
			bad("detector %s: %d frames seen, but %d run + %d held by gates + %d pending = %d", d.Detector, d.Seen, d.Runs, d.skipped(), d.Pending, sum)
		}
		if d.Began != d.Runs {
			bad("detector %s: %d runs according to the probe, but %d are counted", d.Detector, d.Began, d.Runs)
		}
	}
	return errors.Join(problems...)
}
