package engine

// Gate is what keeps a detector from running on a frame. Gates are checked in this
// order. For each detector, every frame seen by the engine is either processed or
// counted under exactly one gate.
type Gate uint8

// The values of Gate.
const (
	GateOpen     Gate = iota // no gate: the detector runs
	GateDisabled             // by configuration or command
	GateFailed               // failed, or not loaded yet
	GateBackoff              // in backoff after a run over its time budget
	GateNoFrame              // no frame yet, or the newest one is older than the TTL
	GateRate                 // above max_fps
	GateNeeds                // a condition of needs is false or unknown
	GateBusy                 // still running on an earlier frame
	GateSlot                 // waiting for a slot
	GateCount
)

var gateNames = [GateCount]string{"open", "disabled", "failed", "backoff", "no_frame", "rate", "needs", "busy", "slot"}

func (g Gate) String() string { return gateNames[g] }
