// Package notify sends events to people and systems: webhooks, push services, chats,
// e-mail and programs. It creates outputs of an outbox.
package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

// Config is one [[notify]] of the configuration.
type Config struct {
	Name string `toml:"name"`
	// To is the target: "webhook:https://…", "exec", or a service address in shoutrrr's
	// format, such as "ntfy://ntfy.sh/topic".
	To string `toml:"to"`
	// Command is the program of "exec", with its arguments.
	Command []string `toml:"command"`

	// Events, Cameras and Phases select what is sent. Empty: all events, all cameras,
	// and the phase "confirmed".
	Events  []string `toml:"events"`
	Cameras []string `toml:"cameras"`
	Phases  []string `toml:"phases"`
	// When is a condition on the event. Empty: none.
	When string `toml:"when"`
	// Hours are the weekly hours in which events are sent. Empty: always.
	Hours []string `toml:"hours"`
	// MaxPerHour is the maximum number of messages per hour; further events are
	// summarized. 0: no limit.
	MaxPerHour int `toml:"max_per_hour"`

	// Title, Template and Link are Go templates. Empty: DefaultTitle, DefaultText and
	// no link.
	Title    string `toml:"title"`
	Template string `toml:"template"`
	Link     string `toml:"link"`
	// Attach is "none", "thumb" or "clip".
	Attach string `toml:"attach"`
	// PictureURL is a Go template. A webhook then gets this address instead of the
	// attachment.
	PictureURL string `toml:"picture_url"`

	// Timeout limits one attempt, RetryMax the delay between attempts, and MaxTries the
	// attempts for a message that the receiver refuses.
	Timeout  text.Duration `toml:"timeout"`
	RetryMax text.Duration `toml:"retry_max"`
	MaxTries int           `toml:"max_tries"`

	// Secret signs webhooks. Method, Headers ("Name: value") and CA (a PEM file that is
	// trusted instead of the system's certificates) apply to their requests.
	Secret  string   `toml:"secret"`
	Method  string   `toml:"method"`
	Headers []string `toml:"headers"`
	CA      string   `toml:"ca" is:"path"`

	// MaxMemory limits the address space of the program of "exec", in MiB.
	MaxMemory int `toml:"max_memory"`

	Enabled bool `toml:"enabled"`
}

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{
		Attach: outbox.AttachNone, Timeout: text.Duration(10 * time.Second), RetryMax: text.Duration(5 * time.Minute), MaxTries: 5,
		Method: "POST", MaxMemory: 1024, Enabled: true,
	}
}

// Kinds of target.
const (
	kindExec    = "exec"
	kindWebhook = "webhook"
	kindNtfy    = "ntfy"
	kindSignal  = "signal"
	kindMail    = "smtp"
	webhookMark = "webhook:"
)

// kind returns the kind of the target: one of the above, or the scheme of a service.
func (c Config) kind() string {
	switch {
	case c.To == kindExec:
		return kindExec
	case strings.HasPrefix(c.To, webhookMark):
		return kindWebhook
	}
	scheme, _, _ := strings.Cut(c.To, "://")
	scheme, _, _ = strings.Cut(strings.ToLower(scheme), "+")
	return scheme
}

// Validate reports every invalid key.
func (c Config) Validate(bad func(key, problem string)) {
	if !validName(c.Name) {
		bad("name", fmt.Sprintf("%q is not a name; use letters, digits, \"_\", \"-\" and \".\", at most 64", c.Name))
	}
	target := true // is valid
	c.validateTarget(func(key, problem string) {
		target = target && key != "to"
		bad(key, problem)
	})
	c.validateChoice(bad)
	c.validateMessage(target, bad)
	if c.Timeout < text.Duration(100*time.Millisecond) || c.Timeout > text.Duration(5*time.Minute) {
		bad("timeout", "must be at least 100ms and at most 5m")
	}
	if c.RetryMax < text.Duration(100*time.Millisecond) || c.RetryMax > text.Duration(time.Hour) {
		bad("retry_max", "must be at least 100ms and at most 1h")
	}
	if c.MaxTries < 1 || c.MaxTries > 100 {
		bad("max_tries", "must be 1 to 100")
	}
}

func (c Config) validateTarget(bad func(key, problem string)) {
	kind := c.kind()
	switch kind {
	case "":
		bad("to", `is missing: write "webhook:https://…", "exec", or the address of a service, as in "ntfy://ntfy.sh/topic" (docs/notify.md)`)
		return
	case kindExec:
		if len(c.Command) == 0 || c.Command[0] == "" || slices.ContainsFunc(c.Command, func(s string) bool { return strings.Contains(s, "\x00") }) {
			bad("command", `must be the program and its arguments, as in ["/usr/local/bin/siren", "on"]`)
		}
	case kindWebhook:
		if _, err := newWebhook(c); err != nil {
			bad(err.key, err.problem)
		}
	default:
		if _, err := newService(c); err != nil {
			bad("to", err.Error())
		}
	}
	only := func(key string, set bool, of string) {
		if set && kind != of {
			bad(key, fmt.Sprintf("only applies to to = %q; leave it out", map[string]string{kindExec: kindExec, kindWebhook: "webhook:…"}[of]))
		}
	}
	def := DefaultConfig()
	only("command", len(c.Command) > 0, kindExec)
	only("max_memory", c.MaxMemory != def.MaxMemory, kindExec)
	only("secret", c.Secret != "", kindWebhook)
	only("method", c.Method != def.Method, kindWebhook)
	only("headers", len(c.Headers) > 0, kindWebhook)
	only("ca", c.CA != "", kindWebhook)
	only("picture_url", c.PictureURL != "", kindWebhook)
	if c.MaxMemory < 16 || c.MaxMemory > 1<<20 {
		bad("max_memory", "must be 16 to 1048576 MiB")
	}
}

func (c Config) validateChoice(bad func(key, problem string)) {
	for _, list := range []struct {
		key   string
		items []string
	}{{"events", c.Events}, {"cameras", c.Cameras}, {"phases", c.Phases}} {
		for i, item := range list.items {
			if slices.Contains(list.items[:i], item) {
				bad(list.key, fmt.Sprintf("names %q twice; leave one out", item))
			}
		}
	}
	for _, phase := range c.Phases {
		if !slices.Contains(outbox.Kinds, phase) {
			bad("phases", text.Unknown("phase", phase, outbox.Kinds))
		}
	}
	if c.When != "" {
		switch expr, err := rules.Parse(c.When); {
		case err != nil:
			bad("when", err.Error())
		case len(expr.Places()) > 0:
			bad("when", "zones and lines belong in the condition of a rule; name the rule in events")
		}
	}
	if _, err := rules.NewSchedule(c.Hours, time.UTC); err != nil {
		bad("hours", err.Error())
	}
	if c.MaxPerHour < 0 || c.MaxPerHour > 100_000 {
		bad("max_per_hour", "must be 0 (no limit) to 100000")
	}
}

func (c Config) validateMessage(target bool, bad func(key, problem string)) {
	for _, t := range []struct{ key, text string }{
		{"title", c.Title}, {"template", c.Template}, {"link", c.Link}, {"picture_url", c.PictureURL},
	} {
		if err := checkTemplate(t.text); err != nil {
			bad(t.key, err.Error())
		}
	}
	carries := attachments(c.kind())
	switch {
	case c.Attach != outbox.AttachNone && c.Attach != outbox.AttachThumb && c.Attach != outbox.AttachClip:
		bad("attach", text.Unknown("attachment", c.Attach, []string{outbox.AttachNone, outbox.AttachThumb, outbox.AttachClip}))
	case target && !slices.Contains(carries, c.Attach):
		bad("attach", fmt.Sprintf("%s does not support %s; write %s, or give a link", c.kind(), c.Attach, text.Quoted(carries, "or")))
	case c.Attach == outbox.AttachNone && c.PictureURL != "":
		bad("picture_url", `requires attach = "thumb" or "clip"`)
	}
}

// attachments returns the attachments that a kind of target supports.
func attachments(kind string) []string {
	switch kind {
	case kindExec, kindWebhook, kindNtfy, kindSignal:
		return []string{outbox.AttachNone, outbox.AttachThumb, outbox.AttachClip}
	}
	return []string{outbox.AttachNone}
}

func validName(s string) bool {
	for _, r := range s {
		if r > 'z' || !(r >= 'a' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
