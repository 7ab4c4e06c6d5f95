package runtime

import (
	"encoding/json"

	"rvo-tui/clips"
	"rvo-tui/runtime/engine"
)

// MarshalJSON writes the object that docs/snapshot.schema.json describes: lists
// are never null, and numbers that are none are null (values of signals and
// clauses) or 0.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	type plain Snapshot
	v := plain(s)
	v.Cameras = make([]CameraView, len(s.Cameras))
	for i := range s.Cameras {
		c := s.Cameras[i]
		c.View, c.Queues = c.Plain(), tidyQueues(c.Queues)
		rates := []*float64{&c.FPS, &c.SentFPS}
		if c.Recording != nil {
			own := *c.Recording
			c.Recording = &own
			rates = append(rates, &own.SentFPS)
		}
		for _, rate := range rates {
			if *rate-*rate != 0 { // JSON has neither NaN nor the infinities
				*rate = 0
			}
		}
		v.Cameras[i] = c
	}
	v.Queues = tidyQueues(s.Queues)
	v.Sinks = append([]SinkView{}, s.Sinks...)
	v.Reload.Results = append([]engine.Count{}, s.Reload.Results...)
	v.Alerts = append([]Alert{}, s.Alerts...)
	for i := range v.Alerts {
		v.Alerts[i].Cameras = append([]string{}, v.Alerts[i].Cameras...)
	}
	if s.Clips != nil {
		st := *s.Clips
		st.Rings = append([]clips.RingStatus{}, st.Rings...)
		st.Dropped, st.Removed = counters(st.Dropped), counters(st.Removed)
		v.Clips = &st
	}
	return json.Marshal(&v)
}

func tidyQueues(queues []QueueView) []QueueView {
	queues = append([]QueueView{}, queues...)
	for i := range queues {
		queues[i].Drops = append([]engine.Count{}, queues[i].Drops...)
	}
	return queues
}

func counters(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}
