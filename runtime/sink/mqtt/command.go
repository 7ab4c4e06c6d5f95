package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

const (
	maxOrders   = 16       // queued commands
	maxOrder    = 16 << 10 // bytes of a command
	orderTime   = 2 * time.Minute
	orderEvery  = 50 * time.Millisecond // minimum time between two commands
	maxAnswer   = 1000                  // bytes of an error in a response
	homeOnline  = "online"
	switchedOn  = "ON"
	switchedOff = "OFF"
)

// order is a command received as a message.
type order struct {
	topic, payload string
	respond        string // topic for the response
	correlation    []byte
}

// answer is the payload of the response to a command.
type answer struct {
	Command []string `json:"command"`
	OK      bool     `json:"ok"`
	Error   string   `json:"error"`
}

// received handles a message from the broker. It never blocks.
func (c *client) received(m *paho.Publish) {
	switch {
	case c.cfg.Discovery != "" && m.Topic == c.cfg.Discovery+"/status":
		// A retained message is older than the last announcement.
		if string(m.Payload) == homeOnline && !m.Retain {
			c.mu.Lock()
			c.again = true
			c.mu.Unlock()
		}
	case strings.HasSuffix(m.Topic, "/set"):
		c.ordered(m)
	case m.Retain && len(m.Payload) > 0:
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.found) < maxFound {
			c.found[m.Topic] = bytes.Clone(m.Payload)
		}
	}
}

// ordered queues a command. Retained commands are ignored: they may be arbitrarily old,
// and are repeated with every connection.
func (c *client) ordered(m *paho.Publish) {
	if m.Retain {
		if c.counts.ignored.Add(1) > 1 {
			return // already logged
		}
		c.opts.Log.Warn("a retained command is ignored", "output", Name, "topic", text.Clean(m.Topic), "do", "remove it from the broker, and send commands without the retain flag")
		return
	}
	if len(m.Payload) > maxOrder || !utf8.Valid(m.Payload) {
		c.counts.ignored.Add(1)
		return
	}
	o := order{topic: m.Topic, payload: string(m.Payload), respond: c.topics.responses()}
	if p := m.Properties; p != nil {
		// Do not let the sender choose a topic that this program publishes to.
		if strings.HasPrefix(p.ResponseTopic, o.respond+"/") && validPrefix(p.ResponseTopic) {
			o.respond = p.ResponseTopic
		}
		o.correlation = bytes.Clone(p.CorrelationData)
	}
	select {
	case c.orders <- o:
	default:
		c.counts.dropped.Add(1)
	}
}

// obey carries out commands, one after the other with orderEvery between them, until
// the context ends.
func (c *client) obey(ctx context.Context) {
	tick := time.NewTicker(orderEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-c.orders:
			c.carryOut(ctx, o)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// carryOut carries out a command and sends the response.
func (c *client) carryOut(ctx context.Context, o order) {
	words, err := c.words(o)
	if err == nil {
		err = c.permit(words)
	}
	if err == nil {
		own, cancel := context.WithTimeout(ctx, orderTime)
		err = c.opts.Do(own, words)
		cancel()
	} else {
		c.opts.Log.Info("a command is refused", "output", Name, "topic", text.Clean(o.topic), "error", text.CleanTo(err.Error(), maxText))
	}
	a := answer{Command: words, OK: err == nil}
	if a.Command == nil {
		a.Command = []string{}
	}
	c.counts.commands.Add(1)
	if err != nil {
		c.counts.failed.Add(1)
		a.Error = text.CleanTo(err.Error(), maxAnswer)
	}
	payload, err := json.Marshal(a)
	if err != nil {
		return // cannot happen: these are plain texts
	}
	message := &paho.Publish{Topic: o.respond, Payload: payload, QoS: 1, Properties: &paho.PublishProperties{ContentType: "application/json", CorrelationData: o.correlation}}
	_ = c.link.publish(ctx, message) // a response is sent only once
}

// permit refuses verbs that the configuration does not allow.
func (c *client) permit(words []string) error {
	switch {
	case len(words) == 0:
		return errors.New("no command was given")
	case c.opts.Do == nil || !c.cfg.allows(runtime.Verb(words[0])):
		return fmt.Errorf("%s: not allowed; add it to commands in [mqtt]", words[0])
	}
	return nil
}

// words returns the words of a command, as they follow "ctl": those of the payload or,
// for a topic of a camera or its parts, the meaning of ON and OFF.
func (c *client) words(o order) ([]string, error) {
	if o.topic == c.topics.set() {
		return split(o.payload)
	}
	on := o.payload == switchedOn
	if !on && o.payload != switchedOff {
		return nil, fmt.Errorf("%q is not supported here; send %s or %s", text.CleanTo(o.payload, 40), switchedOn, switchedOff)
	}
	verbs, args := [2]runtime.Verb{runtime.Resume, runtime.Pause}, []string(nil)
	w := c.topics.split(o.topic)
	switch {
	case len(w) == 2: // of a camera
	case len(w) == 4 && w[1] == ofDetector:
		verbs, args = [2]runtime.Verb{runtime.Enable, runtime.Disable}, w[2:3]
	case len(w) == 4 && w[1] == ofRule:
		verbs, args = [2]runtime.Verb{runtime.RuleOn, runtime.RuleOff}, w[2:3]
	case len(w) == 5 && w[1] == ofRule && w[3] == "armed":
		verbs, args = [2]runtime.Verb{runtime.Arm, runtime.Disarm}, w[2:3]
	default:
		return nil, errors.New("this topic does not accept commands")
	}
	verb := verbs[0]
	if !on {
		verb = verbs[1]
	}
	return slices.Concat([]string{string(verb)}, args, []string{"--camera", w[0]}), nil
}

// split returns the words of a payload: a JSON list, or words separated by spaces.
func split(payload string) ([]string, error) {
	if !strings.HasPrefix(strings.TrimSpace(payload), "[") {
		return strings.Fields(payload), nil
	}
	var words []string
	if err := json.Unmarshal([]byte(payload), &words); err != nil {
		return nil, errors.New(`the command is not a JSON list of words, as in ["enable", "person"]`)
	}
	return words, nil
}
