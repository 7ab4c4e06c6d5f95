package mqtt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/internal/backoff"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
	"rvo-tui/runtime/sink/outbox"
)

const (
	mirrorEvery = 500 * time.Millisecond
	// settleTime is how long after a new connection retained messages of earlier runs
	// are collected before obsolete ones are removed.
	settleTime = 2 * time.Second
	maxFound   = 10_000
	maxGone    = 1000 // parts of cameras that Home Assistant must remove
)

// kept is a message stored by the broker.
type kept struct {
	payload []byte
	calm    string
	at      time.Time
}

// mirror keeps the broker's retained messages in sync with the state. It belongs to one
// goroutine.
type mirror struct {
	c    *client
	sent map[string]kept
	// gone are parts that Home Assistant may still have, by camera.
	gone map[string]map[part]bool
	// joined is the start of the connection; zero: none.
	joined time.Time
	// seen are the cameras published by earlier runs, and moved the discovery prefix
	// that they used.
	seen  map[string]bool
	moved string

	// missing are subscriptions that the broker has not accepted, and unheard is why.
	// rejected are messages that it has not accepted, by topic. Both are retried.
	missing  []paho.SubscribeOptions
	unheard  error
	rejected map[string]*outbox.Error
	waits    backoff.Backoff
	retryAt  time.Time // zero: there is nothing to retry
	warned   bool      // it was logged
}

func newMirror(c *client) *mirror {
	return &mirror{c: c, gone: map[string]map[part]bool{}, waits: backoff.Backoff{First: 2 * time.Second, Last: retryMax, Jitter: 0.3}}
}

// mirror publishes states until the context ends.
func (c *client) mirror(ctx context.Context) {
	m := newMirror(c)
	tick := time.NewTicker(mirrorEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.link.up:
			m.begin(ctx)
		case <-tick.C:
		}
		if state, _ := c.link.state(); !m.joined.IsZero() && state == runtime.OutputConnected {
			m.step(ctx, time.Now())
		}
	}
}

// begin subscribes on a new connection. What the broker has stored is unknown.
func (m *mirror) begin(ctx context.Context) {
	m.sent, m.seen, m.moved, m.joined = map[string]kept{}, map[string]bool{}, "", time.Now()
	m.c.mu.Lock()
	clear(m.c.found)
	m.c.mu.Unlock()
	m.rejected, m.missing = map[string]*outbox.Error{}, m.c.subscriptions()
	m.retryAt = time.Time{}
	m.waits.Reset()
	m.missing, m.unheard = m.c.link.subscribe(ctx, m.missing)
	m.report(ctx, m.joined)
}

// retry repeats what the broker has not accepted.
func (m *mirror) retry(ctx context.Context) {
	if len(m.missing) > 0 {
		m.missing, m.unheard = m.c.link.subscribe(ctx, m.missing)
	}
	for topic := range m.rejected {
		m.sent[topic] = kept{} // publish or remove it again
	}
	clear(m.rejected)
}

// report shows and logs whether the broker accepts everything, and schedules the next
// retry.
func (m *mirror) report(ctx context.Context, now time.Time) {
	if ctx.Err() != nil {
		return
	}
	err := m.unheard
	if len(m.rejected) > 0 {
		err = m.rejected[slices.Min(slices.Collect(maps.Keys(m.rejected)))]
	}
	m.c.refuse(err)
	switch {
	case err == nil:
		m.retryAt = time.Time{}
		m.waits.Reset()
	case m.retryAt.IsZero():
		m.retryAt = now.Add(m.waits.Next())
	}
	if was := m.warned; was != (err != nil) {
		m.warned = !was
		if was {
			m.c.opts.Log.Info("the broker accepts everything again", "output", Name)
		} else {
			m.c.opts.Log.Warn("the broker does not accept everything; retrying", "output", Name, "error", err)
		}
	}
}

// subscriptions returns the topics to receive: states of earlier runs, the status of
// Home Assistant, commands.
func (c *client) subscriptions() []paho.SubscribeOptions {
	t := c.topics
	list := []string{
		t.box(), t.online("+"), t.part("+", ofDetector, "+"), t.part("+", ofRule, "+"), t.part("+", ofSignal, "+"), t.part("+", ofZone, "+"),
	}
	if c.cfg.Discovery != "" {
		list = append(list, c.cfg.Discovery+"/status")
	}
	if len(c.cfg.Commands) > 0 {
		list = append(list, t.set(), t.of("+", "set"), t.partSet("+", ofDetector, "+"), t.partSet("+", ofRule, "+"), t.armedSet("+", "+"))
	}
	var subscriptions []paho.SubscribeOptions
	for _, topic := range list {
		subscriptions = append(subscriptions, paho.SubscribeOptions{Topic: topic, QoS: 1, NoLocal: true})
	}
	return subscriptions
}

// refuse records why something is not published or received; nil: everything is.
func (c *client) refuse(err error) {
	var reason *outbox.Error
	if err != nil && !errors.As(err, &reason) {
		reason = &outbox.Error{Reason: text.Clean(err.Error())}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = reason
}

// step publishes what has changed, and removes what is obsolete.
func (m *mirror) step(ctx context.Context, now time.Time) {
	s := m.c.opts.Runtime.Snapshot()
	if s.Loop.Reloading || s.Started.IsZero() {
		return // missing cameras may come back
	}
	m.c.mu.Lock()
	again := m.c.again
	m.c.again = false
	pictures := maps.Clone(m.c.pictures)
	m.c.mu.Unlock()
	if again {
		for topic := range m.sent {
			m.sent[topic] = kept{}
		}
	}
	if !m.retryAt.IsZero() && !now.Before(m.retryAt) {
		m.retryAt = now.Add(m.waits.Next())
		m.retry(ctx)
	}
	want := m.c.states(s)
	m.collect(want, now)
	for camera, p := range pictures {
		if _, there := want[m.c.topics.state(camera)]; there {
			want[m.c.topics.picture(camera)] = entry{payload: p.jpeg, rank: rankState, jpeg: p}
		}
	}
	if m.c.cfg.Discovery != "" {
		m.c.announce(want, s, m.gone)
	}
	if m.remove(ctx, want) && m.publish(ctx, want, now) {
		m.report(ctx, now)
	}
}

// collect treats messages left by earlier runs as sent, so that obsolete ones are
// removed.
func (m *mirror) collect(want board, now time.Time) {
	if now.Sub(m.joined) < settleTime {
		return
	}
	c := m.c
	c.mu.Lock()
	found := c.found
	c.found = map[string][]byte{}
	c.mu.Unlock()
	for topic, payload := range found {
		if camera := c.topics.cameraOf(topic); camera != "" {
			m.seen[camera] = true
		}
		if topic == c.topics.box() {
			var old boxState
			if json.Unmarshal(payload, &old) == nil && old.Discovery != c.cfg.Discovery && validPrefix(old.Discovery) {
				m.moved = old.Discovery
			}
		}
		if _, wanted := want[topic]; wanted {
			continue
		}
		m.sent[topic] = kept{at: now}
		if camera := c.topics.cameraOf(topic); camera != "" {
			for _, rest := range []string{c.topics.state(camera), c.topics.stats(camera), c.topics.picture(camera)} {
				m.sent[rest] = kept{at: now}
			}
			if c.cfg.Discovery != "" {
				m.sent[c.configTopic(c.cfg.Discovery, camera)] = kept{at: now}
			}
		}
		m.forget(topic)
	}
	if m.moved == "" {
		return
	}
	// Home Assistant was announced to under another prefix.
	for camera := range m.seen {
		m.sent[c.configTopic(m.moved, camera)] = kept{at: now}
	}
	m.sent[c.configTopic(m.moved, "")] = kept{at: now}
	clear(m.seen)
}

// forget records that a part of a camera no longer exists.
func (m *mirror) forget(topic string) {
	camera, p := m.c.topics.partOf(topic)
	if camera == "" {
		return
	}
	n := 0
	for _, parts := range m.gone {
		n += len(parts)
	}
	if n >= maxGone {
		return
	}
	if m.gone[camera] == nil {
		m.gone[camera] = map[part]bool{}
	}
	m.gone[camera][p] = true
}

// remove removes obsolete messages from the broker. It returns false if the connection
// is broken.
func (m *mirror) remove(ctx context.Context, want board) bool {
	for _, topic := range slices.Sorted(maps.Keys(m.sent)) {
		if _, wanted := want[topic]; wanted {
			continue
		}
		if !m.send(ctx, retained(topic, nil)) {
			return false
		}
		delete(m.sent, topic)
		m.forget(topic)
		if camera := m.c.topics.cameraOf(topic); camera != "" {
			delete(m.gone, camera)
			m.c.mu.Lock()
			delete(m.c.pictures, camera)
			m.c.mu.Unlock()
		}
	}
	return true
}

// publish publishes what differs from what the broker has. It returns false if the
// connection is broken.
func (m *mirror) publish(ctx context.Context, want board, now time.Time) bool {
	order := slices.SortedFunc(maps.Keys(want), func(a, b string) int {
		return cmp.Or(cmp.Compare(want[a].rank, want[b].rank), cmp.Compare(a, b))
	})
	for _, topic := range order {
		e, had := want[topic], m.sent[topic]
		wait := stateEvery
		if e.calm != "" && e.calm == had.calm {
			wait = stateSlow
		}
		if !had.at.IsZero() && (bytes.Equal(e.payload, had.payload) || now.Sub(had.at) < wait) {
			continue
		}
		message := retained(topic, e.payload)
		if e.jpeg.jpeg != nil {
			camera := m.c.topics.split(topic)[0]
			message = m.c.pictureOf(camera, e.jpeg)
		}
		if !m.send(ctx, message) {
			return false
		}
		m.sent[topic] = kept{e.payload, e.calm, now}
		m.c.counts.states.Add(1)
	}
	return true
}

// send publishes a message. It returns false if the connection is broken. A rejected
// message counts as sent until it is retried.
func (m *mirror) send(ctx context.Context, message *paho.Publish) bool {
	err := m.c.link.publish(ctx, message)
	var no refused
	switch {
	case err == nil:
		delete(m.rejected, message.Topic)
		return true
	case errors.As(err, &no):
		m.rejected[message.Topic] = &outbox.Error{Reason: no.why.Reason + ": " + text.Clean(message.Topic), Remedy: no.why.Remedy}
		return true
	case !errors.Is(err, errDown) && ctx.Err() == nil:
		m.c.refuse(err) // until a pass is complete
	}
	return false
}
