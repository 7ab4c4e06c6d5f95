package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rvo-tui/runtime"
)

// outboxDescs are the metrics of the outbox and its outputs.
type outboxDescs struct {
	records, bytes, maxBytes, stored, notDurable     *prometheus.Desc
	state, backlog, oldest, delivered, retries       *prometheus.Desc
	folded, aside, drops, latency, nextTry, lastGood *prometheus.Desc
	connected, traffic                               *prometheus.Desc
}

// deliveryBounds are the buckets of the time from an event to its acceptance. Receivers
// may be down for days.
var deliveryBounds = []time.Duration{
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour,
}

func describeOutbox(d func(name, help string, labels ...string) *prometheus.Desc) outboxDescs {
	return outboxDescs{
		records:    d("outbox_records", "Events and clips stored for outputs."),
		bytes:      d("outbox_bytes", "Size of the stored events and clips."),
		maxBytes:   d("outbox_max_bytes", "Size above which the oldest are dropped."),
		stored:     d("outbox_stored_total", "Events stored."),
		notDurable: d("outbox_not_durable_total", "Records that could not be stored, and that outputs got from memory."),
		state:      d("output_state", "1 for the current state of the output, else 0.", "output", "state"),
		backlog:    d("output_backlog", "Messages waiting for the output.", "output"),
		oldest:     d("output_oldest_timestamp_seconds", "Time of the first waiting event; absent if none is waiting.", "output"),
		nextTry:    d("output_next_try_timestamp_seconds", "When a failed delivery is retried; absent if none failed.", "output"),
		lastGood:   d("output_last_delivery_timestamp_seconds", "Time of the last delivery; absent before the first.", "output"),
		delivered:  d("output_deliveries_total", "Messages that the receiver accepted.", "output"),
		retries:    d("output_retries_total", "Failed attempts that are repeated.", "output"),
		folded:     d("output_folded_total", "Events reported in a summary.", "output"),
		aside:      d("output_aside", "Messages refused by the receiver and set aside.", "output"),
		drops:      d("output_drops_total", "Messages that were not delivered, by reason.", "output", "reason"),
		connected:  d("output_connected", "1 while the output is connected, else 0; absent without a persistent connection.", "output"),
		traffic:    d("output_traffic_total", "Messages other than deliveries, sent and received.", "output", "what"),
		latency:    d("output_latency_seconds", "Time from an event to its acceptance by the receiver.", "output"),
	}
}

func (o *outboxDescs) collect(p *page, v *runtime.OutboxView) {
	p.gauge(o.records, float64(v.Records))
	p.gauge(o.bytes, float64(v.Bytes))
	p.gauge(o.maxBytes, float64(v.MaxBytes))
	p.count(o.stored, v.Stored)
	p.count(o.notDurable, v.NotDurable)
	for i := range v.Outputs {
		out := &v.Outputs[i]
		oneHot(p, o.state, out.State, []string{runtime.SinkOK, runtime.SinkDegraded}, out.Name)
		p.gauge(o.backlog, float64(out.Backlog), out.Name)
		p.time(o.oldest, out.Oldest, out.Name)
		p.time(o.nextTry, out.NextTry, out.Name)
		p.time(o.lastGood, out.LastOK, out.Name)
		p.count(o.delivered, out.Delivered, out.Name)
		p.count(o.retries, out.Retries, out.Name)
		p.count(o.folded, out.Folded, out.Name)
		p.gauge(o.aside, float64(out.AsideCount), out.Name)
		for _, n := range out.Drops {
			if n.Reason != "" {
				p.count(o.drops, n.N, out.Name, n.Reason)
			}
		}
		if out.Connection != "" {
			connected := 0.0
			if out.Connection == runtime.OutputConnected {
				connected = 1
			}
			p.gauge(o.connected, connected, out.Name)
		}
		for _, n := range out.Traffic {
			p.count(o.traffic, n.N, out.Name, n.Reason)
		}
		p.histogram(o.latency, out.Latency, deliveryBounds, out.Name)
	}
}
