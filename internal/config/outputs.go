package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/mqtt"
	"rvo-tui/runtime/sink/notify"
	"rvo-tui/runtime/sink/outbox"
)

// checkClips reports rules whose clips would exceed max_bytes of [clips].
func (b *builder) checkClips() {
	all := b.cfg.Clips
	for i, r := range b.cfg.Rule {
		key := "before"
		if r.After > r.Before {
			key = "after"
		}
		span := time.Duration(cmp.Or(r.Before, all.Before) + cmp.Or(r.After, all.After))
		if r.Clip && max(r.Before, r.After) > 0 && !all.Holds(span) {
			b.of(b.rules[i], b.ruleAt(i), key, fmt.Sprintf("makes clips of %s, but max_bytes of [clips] is %s, less than such a clip needs at 256 kbit/s: raise max_bytes, or shorten the clips", span, all.MaxBytes))
		}
	}
}

// checkOutputs reports [[notify]] tables that select events, phases or clips which no rule has, or
// with conditions on unknown signals.
func (b *builder) checkOutputs() {
	if b.broken["rule"] || b.broken["notify"] {
		return
	}
	var events, signals []string
	for _, r := range b.cfg.Rule {
		events = append(events, r.Event)
	}
	for i := range b.signals {
		signals = append(signals, b.signals[i]...)
	}
	for i, c := range b.cfg.Notify {
		o, where := b.outputs[i], outputLabel(c, i)
		if c.Name == mqtt.Name && b.cfg.MQTT.Server != "" {
			b.of(o, where, "name", "is the name of the [mqtt] output; choose another")
		}
		for n, event := range c.Events {
			if !slices.Contains(events, event) {
				b.at(tomldoc.IndexPath(o.path+".events", n), where, "events", text.Unknown("event", event, events))
			}
		}
		some := func(has func(r rules.Config) bool) bool {
			return len(b.cfg.Rule) == 0 || slices.ContainsFunc(b.cfg.Rule, func(r rules.Config) bool {
				return has(r) && (len(c.Events) == 0 || slices.Contains(c.Events, r.Event))
			})
		}
		clips := some(func(r rules.Config) bool { return r.Clip })
		if c.Attach != outbox.AttachNone && !clips {
			b.of(o, where, "attach", "none of its rules saves clips; set clip = true in one, or attach nothing")
		}
		if n := slices.Index(c.Phases, outbox.KindClip); n >= 0 && !clips {
			b.at(tomldoc.IndexPath(o.path+".phases", n), where, "phases", `none of its rules saves clips; set clip = true in one, or leave "clip" out`)
		}
		if n := slices.Index(c.Phases, outbox.KindEnded); n >= 0 && !some(func(r rules.Config) bool { return r.Phases }) {
			b.at(tomldoc.IndexPath(o.path+".phases", n), where, "phases", `none of its rules reports the end; set phases = true in one, or leave "ended" out`)
		}
		expr, err := rules.Parse(c.When)
		if err != nil || b.unsure() {
			continue
		}
		for _, signal := range expr.Signals() {
			if !slices.Contains(notify.Signals, signal) && !slices.Contains(signals, signal) {
				b.of(o, where, "when", fmt.Sprintf("unknown signal %q%s; besides the signals of detectors there are %s",
					signal, text.DidYouMean(signal, slices.Concat(notify.Signals, signals)), strings.Join(notify.Signals, ", ")))
			}
		}
	}
}
