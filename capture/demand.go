package capture

import (
	"fmt"
	"time"
)

// Demand is how much of a camera's video is needed.
type Demand struct {
	// FPS is the highest rate at which frames are wanted; 0: none are.
	FPS float64
	// Soon says that more may be wanted at any moment, as by a detector that a
	// condition holds.
	Soon bool
	// Live says that somebody watches the packets as they come.
	Live bool
	// Why names what needs most, for display.
	Why string
}

// Decoding is how much of what a camera sends is decoded.
type Decoding string

// What of a stream is decoded.
const (
	DecodeAll  Decoding = "all"
	DecodeKeys Decoding = "keyframes"
	DecodeNone Decoding = "none"
)

// DecodeAuto is the setting under which demand decides.
const DecodeAuto = "auto"

// resumeWithin is how long it may take to decode everything again after less was
// decoded. Where it would take longer, everything stays decoded.
const resumeWithin = 150 * time.Millisecond

// planner decides how much is decoded. It belongs to one goroutine.
type planner struct {
	setting string // of Config.Decode
	mode    Decoding
	why     string

	keyAt   time.Duration // of the last key frame
	packets int           // since then
	keyed   bool          // there was one
	gop     time.Duration // between key frames; 0: not known
	most    int           // packets between key frames
	cost    time.Duration // of decoding a packet, smoothed
	low     time.Duration // since when less is wanted
	lowSet  bool
}

// saw records a packet of video, before plan.
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

// spent records how long it took to decode packets.
func (p *planner) spent(took time.Duration, packets int) {
	each := took / time.Duration(max(packets, 1))
	if p.cost == 0 {
		p.cost = each
	}
	p.cost += (each - p.cost) / 8
}

// plan decides how much to decode from the last packet seen. It decodes more at
// once, and less only from a key frame on, after a whole GOP of lower demand.
func (p *planner) plan(d Demand, at time.Duration, key bool) Decoding {
	mode, why := p.target(d)
	switch {
	case mode == p.mode || p.mode == "" || mode == DecodeAll || p.mode == DecodeNone:
		p.mode, p.why, p.lowSet = mode, why, false
	case !p.lowSet:
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
		return DecodeAll, fmt.Sprintf("beginning again would take %v", resume.Round(10*time.Millisecond))
	case d.FPS <= 0:
		return DecodeNone, "nobody looks"
	case p.gop > 0 && p.gop <= every+every/10:
		return DecodeKeys, d.Why
	}
	return DecodeAll, d.Why
}

// batch returns how many packets are decoded at a time, so that not more frames
// come out than are needed.
func batch(d Demand, interval time.Duration) int {
	if d.FPS <= 0 || interval <= 0 {
		return 1
	}
	fps := float64(time.Second) / float64(interval)
	return min(max(int((fps+0.5)/d.FPS), 1), 4)
}
