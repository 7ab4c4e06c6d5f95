package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"rvo-tui/clips"
	"rvo-tui/runtime/engine"
)

// clipDescs are the metrics of evidence. They are absent while no evidence is saved.
type clipDescs struct {
	state, saved, merged, drops, removed *prometheus.Desc
	depth, capacity, held, bytes, took   *prometheus.Desc

	ring, packets, ringBytes, ringCapacity, span *prometheus.Desc
	queue, queueCapacity                         *prometheus.Desc
	frames, encoded, ringDrops, unheld           *prometheus.Desc
}

func newClipDescs(d func(name, help string, labels ...string) *prometheus.Desc) clipDescs {
	return clipDescs{
		state:    d("clips_state", "1 for the current state of evidence, else 0.", "state"),
		saved:    d("clips_saved_total", "Clips saved completely."),
		merged:   d("clips_merged_total", "Events merged into the clip of an earlier one."),
		drops:    d("clip_drops_total", "Events without a clip, by reason.", "reason"),
		removed:  d("clips_removed_total", "Clips deleted, by the limit that was exceeded.", "reason"),
		depth:    d("clip_queue_depth", "Clips waiting or being built."),
		capacity: d("clip_queue_capacity", "Maximum number of clips waiting or being built."),
		held:     d("clips", "Clips on disk."),
		bytes:    d("clips_bytes", "Size of all clips on disk."),
		took:     d("clip_last_build_duration_seconds", "Time it took to make the last clip."),

		ring:          d("evidence_ring_frames", "Frames in the evidence ring, as packets or as JPEG.", "camera"),
		packets:       d("evidence_packets_total", "Video packets received for evidence.", "camera"),
		ringBytes:     d("evidence_bytes", "Size of the packets and frames in the evidence ring.", "camera"),
		ringCapacity:  d("evidence_capacity_bytes", "Maximum size of the evidence ring.", "camera"),
		span:          d("evidence_span_seconds", "Time from the oldest frame in the evidence ring to the newest.", "camera"),
		queue:         d("evidence_queue_depth", "Frames waiting for the evidence encoder.", "camera"),
		queueCapacity: d("evidence_queue_capacity", "Maximum number of frames waiting for the evidence encoder.", "camera"),
		frames:        d("evidence_frames_total", "Frames offered to the evidence encoder, at the rate of clips.", "camera"),
		unheld:        d("clip_frames_unheld_total", "Frames that confirmed an event but could not be kept for its clip."),
		encoded:       d("evidence_encoded_total", "Frames encoded for the evidence ring.", "camera"),
		ringDrops:     d("evidence_drops_total", "Losses of the evidence ring, by reason.", "camera", "reason"),
	}
}

func (c *clipDescs) collect(p *page, s *clips.Status) {
	oneHot(p, c.state, s.State, []string{"ok", "degraded"})
	p.count(c.saved, s.Saved)
	p.count(c.merged, s.Merged)
	for reason, n := range s.Dropped {
		p.count(c.drops, n, reason)
	}
	for reason, n := range s.Removed {
		p.count(c.removed, n, reason)
	}
	p.gauge(c.depth, float64(s.Waiting))
	p.gauge(c.capacity, float64(s.WaitingCap))
	p.gauge(c.held, float64(s.Clips))
	p.gauge(c.bytes, float64(s.Bytes))
	if s.Took > 0 {
		p.gauge(c.took, s.Took.Seconds())
	}
	p.count(c.unheld, s.Unheld)
	for _, r := range s.Rings {
		p.gauge(c.queue, float64(r.Queue), r.Camera)
		p.gauge(c.queueCapacity, float64(r.QueueCap), r.Camera)
		p.count(c.frames, r.Offered, r.Camera)
		p.gauge(c.ring, float64(r.Frames), r.Camera)
		p.count(c.packets, r.Packets, r.Camera)
		p.gauge(c.ringBytes, float64(r.Bytes), r.Camera)
		p.gauge(c.ringCapacity, float64(r.BytesCap), r.Camera)
		p.gauge(c.span, r.Span.Seconds(), r.Camera)
		p.count(c.encoded, r.Encoded, r.Camera)
		for _, d := range []engine.Count{
			{Reason: "skipped", N: r.Skipped}, {Reason: "encode", N: r.Failed}, {Reason: "memory", N: r.Evicted}, {Reason: "note", N: r.NotesDropped},
		} {
			p.count(c.ringDrops, d.N, r.Camera, d.Reason)
		}
	}
}
