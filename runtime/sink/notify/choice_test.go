package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

func TestChoice(t *testing.T) {
	event := func(change func(r *outbox.Record)) *outbox.Record {
		r := delivery().Record
		if change != nil {
			change(&r)
		}
		return &r
	}
	tests := []struct {
		name string
		cfg  func(c *Config)
		rec  *outbox.Record
		want bool
	}{
		{"everything", nil, event(nil), true},
		{"an end, unasked", nil, event(func(r *outbox.Record) { r.Event.Phase = rules.PhaseEnded }), false},
		{"an end", func(c *Config) { c.Phases = []string{"ended"} }, event(func(r *outbox.Record) { r.Event.Phase = rules.PhaseEnded }), true},
		{"a clip, unasked", nil, event(func(r *outbox.Record) { r.Clip = new(outbox.Clip) }), false},
		{"a clip", func(c *Config) { c.Phases = []string{"clip"} }, event(func(r *outbox.Record) { r.Clip = new(outbox.Clip) }), true},
		{"its event", func(c *Config) { c.Events = []string{"x", "person_at_door"} }, event(nil), true},
		{"another event", func(c *Config) { c.Events = []string{"x"} }, event(nil), false},
		{"another camera", func(c *Config) { c.Cameras = []string{"yard"} }, event(nil), false},
		{"a condition that holds", func(c *Config) { c.When = "confidence > 0.8 && person == 2" }, event(nil), true},
		{"one that does not", func(c *Config) { c.When = "confidence > 0.95" }, event(nil), false},
		{"one that is not known", func(c *Config) { c.When = "face > 0" }, event(nil), true},
		{"a value that is not known", func(c *Config) { c.When = "person == 1" }, event(func(r *outbox.Record) { r.Event.Clauses[0].Value = nan() }), true},
		{"a value that is stale", func(c *Config) { c.When = "person == 1" }, event(func(r *outbox.Record) { r.Event.Clauses[0].Truth = rules.Unknown }), true},
		{"a duration", func(c *Config) { c.When, c.Phases = "duration_s >= 2", []string{"ended"} }, event(func(r *outbox.Record) {
			r.Event.Phase, r.Event.Duration = rules.PhaseEnded, time.Second
		}), false},
		{"its hours", func(c *Config) { c.Hours = []string{"wed 23:00-24:00"} }, event(nil), true},
		{"other hours", func(c *Config) { c.Hours = []string{"thu 23:00-24:00", "wed 00:00-23:05"} }, event(nil), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := config("exec", tt.cfg)
			ch, err := newChoice(c, time.UTC)
			must(t, err)
			if got := ch.wants(tt.rec); got != tt.want {
				t.Errorf("wants it: %v", got)
			}
		})
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func TestTemplates(t *testing.T) {
	for source, want := range map[string]string{
		"{{.Event":                  "unclosed action",
		"{{.Evnt}}":                 "can't evaluate field Evnt",
		"{{.Clip.Movie}}":           "nil pointer",
		"{{.Fold.Count}}":           "nil pointer",
		"{{nosuch}}":                `function "nosuch" not defined`,
		"{{range 9999999}}x{{end}}": "more than 16384 bytes",
	} {
		if err := checkTemplate(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
	for _, good := range []string{"", DefaultTitle, DefaultText, "{{with .Clip}}{{.Movie}}{{end}}", `{{.Time.Format "15:04"}} {{printf "%.0f" .Confidence}}`} {
		if err := checkTemplate(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// A template that check accepts cannot fail, or write a control character.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{DefaultTitle, DefaultText, "{{.ID}}", "{{.Clip}}", "{{with .Fold}}{{range .By}}{{.Event}}{{end}}{{end}}", "\x1b[31m{{.Event}}", "{{index .Clauses 0}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if checkTemplate(source) != nil {
			return
		}
		parsed, err := parseTemplate(source)
		must(t, err)
		for _, v := range samples() {
			out, err := render(parsed, v)
			if err != nil {
				t.Fatal(err)
			}
			if i := strings.IndexFunc(tidyText(out), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }); i >= 0 {
				t.Errorf("%q writes a control character", source)
			}
		}
	})
}

func TestSummary(t *testing.T) {
	r := newReceiver(t)
	o := newSender(t, config("webhook:"+r.URL, func(c *Config) { c.Attach = outbox.AttachThumb }))
	d := delivery()
	d.ID += "-folded"
	d.Fold = &outbox.Fold{Count: 312, From: someTime, To: someTime.Add(time.Minute), By: []outbox.FoldCount{{Event: "person_at_door", Camera: "door", Count: 300}, {Count: 12}}}
	must(t, send(t, o, d))
	got := string(r.last(t).body)
	for _, want := range []string{`"type":"event.folded"`, `"title":"312 more events"`, `300 × person_at_door at door\n12 × others`, `"folded":{"count":312,"from":"2026-03-04T23:05:06.123456789Z"`, `{"event_type":"","camera":"","count":12}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		cfg  Config
		want string
	}{
		{config("", nil), "to: is missing"},
		{config("mqtt://x", nil), "to: MQTT is configured in [mqtt]"},
		{config("mqtts://x", nil), "to: MQTT is configured in [mqtt]"},
		{config("ntfi://ntfy.sh/x", nil), `did you mean "ntfy"`},
		{config("logger://", nil), `to: unknown service "logger"`},
		{config("ntfy://ntfy.sh", nil), "to: topic is required"},
		{config("telegram://12345@telegram?chats=1", nil), "to: "},
		{config("webhook:ftp://x", nil), "to: is not the address of a webhook"},
		{config("webhook:https://x/#y", nil), "to: is not the address of a webhook"},
		{config("webhook:https://x", func(c *Config) { c.Method = "GET" }), `method: unknown method "GET"`},
		{config("webhook:https://x", func(c *Config) { c.Headers = []string{"X Y: z"} }), "headers: an entry is not a header"},
		{config("webhook:https://x", func(c *Config) { c.Headers = []string{"Webhook-Id: z"} }), "headers: Webhook-Id is set by rvo-tui"},
		{config("webhook:https://x", func(c *Config) { c.Headers = []string{"X: a\nb"} }), "headers: an entry is not a header"},
		{config("webhook:https://x", func(c *Config) { c.Secret = "short" }), "secret: is too short"},
		{config("webhook:https://x", func(c *Config) { c.Secret = "whsec_!" }), "secret: whsec_ must be followed"},
		{config("webhook:https://x", func(c *Config) { c.CA = "/nonexistent" }), "ca: cannot be read"},
		{config("webhook:https://x", func(c *Config) { c.CA = "config.go" }), "ca: holds no certificate"},
		{config("webhook:https://x", func(c *Config) { c.Command = []string{"x"} }), `command: only applies to to = "exec"`},
		{config("exec", nil), "command: must be the program"},
		{config("exec", func(c *Config) { c.Command, c.Secret = []string{"x"}, "0123456789abcdef" }), `secret: only applies to to = "webhook:…"`},
		{config("exec", func(c *Config) { c.Command, c.MaxMemory = []string{"x"}, 1 }), "max_memory: must be 16"},
		{config("exec", func(c *Config) { c.Command, c.Name = []string{"x"}, "a b" }), `name: "a b" is not a name`},
		{config("gotify://h/AzyoeNS.D4iJLVa", func(c *Config) { c.Attach = "thumb" }), `attach: gotify does not support thumb; write "none", or give a link`},
		{config("webhook:https://x", func(c *Config) { c.Attach = "picture" }), `attach: unknown attachment "picture"`},
		{config("webhook:https://x", func(c *Config) { c.PictureURL = "x" }), `picture_url: requires attach`},
		{config("webhook:https://x", func(c *Config) { c.Phases = []string{"start"} }), `phases: unknown phase "start"`},
		{config("webhook:https://x", func(c *Config) { c.Events = []string{"a", "a"} }), `events: names "a" twice`},
		{config("webhook:https://x", func(c *Config) { c.When = "a >" }), "when: "},
		{config("webhook:https://x", func(c *Config) { c.Hours = []string{"noon"} }), "hours: "},
		{config("webhook:https://x", func(c *Config) { c.MaxPerHour = -1 }), "max_per_hour: must be"},
		{config("webhook:https://x", func(c *Config) { c.Title = "{{" }), "title: template"},
		{config("webhook:https://x", func(c *Config) { c.Timeout = 0 }), "timeout: must be"},
		{config("webhook:https://x", func(c *Config) { c.RetryMax = 0 }), "retry_max: must be"},
		{config("webhook:https://x", func(c *Config) { c.MaxTries = 0 }), "max_tries: must be"},
	}
	for _, tt := range tests {
		if got := problems(tt.cfg); !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, tt.want) }) {
			t.Errorf("%s: %q, want %q", tt.cfg.To, got, tt.want)
		}
	}
}

// What an invalid target can carry is not known, so that attach is not a second problem.
func TestInvalidTargetIsOneProblem(t *testing.T) {
	for _, to := range []string{"mqtt://x", "ntfi://ntfy.sh/x", "phone"} {
		if got := problems(config(to, func(c *Config) { c.Attach = "thumb" })); len(got) != 1 {
			t.Errorf("%s: %q, want one problem", to, got)
		}
	}
}

// An address that is refused is not quoted: it is full of secrets.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"telegram://12345:sesame5sesame@telegram?chats=1", "ntfy://u:sesame5sesame@h", "discord://sesame5sesame@1?x=y", "slack://sesame5sesame@C1",
		"pushover://shoutrrr:@sesame5sesame/", "smtp://u:sesame5sesame@h:99999/", "matrix://:sesame5sesame@/", "gotify://h/sesame5sesame", "opsgenie://h/sesame5sesame?priority=P9",
		"webhook:https://u:sesame5sesame@h:x/", "zulip://a:sesame5sesame@h", "join://shoutrrr:sesame5sesame@join", "ifttt://sesame5sesame/?events=", "bark://sesame5sesame@:x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, to string) {
		for _, p := range problems(config(to, nil)) {
			if strings.Contains(p, "sesame5sesame") {
				t.Errorf("%q: %q", to, p)
			}
		}
	})
}
