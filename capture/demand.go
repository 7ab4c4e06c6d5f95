package capture

import (
	"fmt"
	"time"
)

// Demand is how much of a camera's video is needed.
type Demand struct {
	// FPS is the highest frame rate needed; 0: no frames are needed.
	FPS float64
	// Soon means that more may be needed at any moment, for example by a detector that
	// runs only while a condition holds.
	Soon bool
	// Live means that a viewer is watching the packets as they arrive.
	Live bool
	// Why names the main consumer, for display.
	Why string
}

// Decoding is how much of the video is decoded.
type Decoding string

// The values of Decoding.
const (
	DecodeAll  Decoding = "all"
	DecodeKeys Decoding = "keyframes"
	DecodeNone Decoding = "none"
)

// DecodeAuto is the setting that decodes according to demand.
const DecodeAuto = "auto"

// resumeWithin is how long it may take to resume full decoding. If it would take
// longer, everything is decoded all the time.
const resumeWithin = 150 * time.Millisecond

// planner decides how much to decode. It belongs to one goroutine.
type planner struct {
	setting string // Config.Decode
	mode    Decoding
	why     string

	keyAt   time.Duration // of the last key frame
	packets int           // packets since then
	keyed   bool          // whether there was a key frame
	gop     time.Duration // time between key frames; 0: unknown
	most    int           // maximum number of packets between key frames
	cost    time.Duration // smoothed time to decode a packet
	low     time.Duration // since when less is needed
	lowSet  bool
}

// saw records a video packet. Call it before plan.
func (p *planner) saw(at time.Duration, key bool) {
	if !key {
		p.packets++
		p.most = max(p.most, p.packets)
		return
	}
	if gop := at - p.keyAt; p.keyed && gop > 0 && gop < time.Minute {
		p.gop = gop
		p.most = p.packets
	}
	p.keyAt, p.packets, p.keyed = at, 1, true
}

// spent records how long decoding took.
func (p *planner) spent(took time.Duration, packets int) {
	each := took / time.Duration(max(packets, 1))
	if p.cost == 0 {
		p.cost = each
	}
	p.cost += (each - p.cost) / 8
}

// plan decides how much to decode, starting with the last packet seen. It increases at
// once. It decreases only at a key frame, after a whole GOP of lower demand.
func (p *planner) plan(d Demand, at time.Duration, key bool) Decoding {
	mode, why := p.target(d)
	switch {
	case mode == p.mode || p.mode == "" || mode == DecodeAll || p.mode == DecodeNone:
		p.mode, p.why, p.lowSet = mode, why, false
	case !p.lowSet || at < p.low: // also if timestamps went back
		p.low, p.lowSet = at, true
	case key && at-p.low >= p.gop:
		p.mode, p.why, p.lowSet = mode, why, false
	}
	return p.mode
}

func (p *planner) target(d Demand) (Decoding, string) {
	switch p.setting {
	case string(DecodeAll), string(DecodeKeys):
		return Decoding(p.setting), "as configured"
	}
	resume := p.cost * time.Duration(p.most)
	slow := d.Soon && resume > resumeWithin
	every := time.Duration(0)
	if d.FPS > 0 {
		every = time.Duration(float64(time.Second) / d.FPS)
	}
	switch {
	case slow:
		return DecodeAll, fmt.Sprintf("resuming would take %v", resume.Round(10*time.Millisecond))
	case d.FPS <= 0:
		return DecodeNone, "no frames needed"
	case p.gop > 0 && p.gop <= every+every/10:
		return DecodeKeys, d.Why
	}
	return DecodeAll, d.Why
}

// batch returns how many packets to decode at a time, so that no more frames are output
// than needed.
func batch(d Demand, interval time.Duration) int {
	if d.FPS <= 0 || interval <= 0 {
		return 1
	}
	fps := float64(time.Second) / float64(interval)
	return min(max(int((fps+0.5)/d.FPS), 1), 4)
}
