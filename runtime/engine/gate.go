package engine

// Gate is what keeps a detector from running on a frame, in the order in which
// the gates are tried. Every frame that the engine sees is, for every detector,
// either run or counted under exactly one gate.
type Gate uint8

// The gates.
const (
	GateOpen     Gate = iota // none: it runs
	GateDisabled             // by configuration or command
	GateFailed               // too many errors in a row, or not loaded yet
	GateBackoff              // parked for overrunning its budget
	GateNoFrame              // no frame yet, or none fresh enough for its TTL
	GateRate                 // above max_fps
	GateNeeds                // a condition it needs is false or unknown
	GateBusy                 // still running on an earlier frame
	GateSlot                 // waiting for a slot
	GateCount
)

var gateNames = [GateCount]string{"open", "disabled", "failed", "backoff", "no_frame", "rate", "needs", "busy", "slot"}

func (g Gate) String() string { return gateNames[g] }
