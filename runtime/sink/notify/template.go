package notify

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

// DefaultTitle and DefaultText are the default templates.
const (
	DefaultTitle = `{{if eq .Kind "folded"}}{{.Fold.Count}} more events` +
		`{{else if eq .Kind "test"}}Test of rvo-tui` +
		`{{else if eq .Kind "clip"}}{{if .Clip.Lost}}No clip{{else}}Clip{{end}}: {{.Event}} at {{.Camera}}` +
		`{{else}}{{.Event}} at {{.Camera}}{{if eq .Kind "ended"}} ended{{end}}{{end}}`
	DefaultText = `{{if eq .Kind "folded"}}From {{.Fold.From.Format "15:04:05"}} to {{.Fold.To.Format "15:04:05"}}:` +
		`{{range .Fold.By}}{{"\n"}}{{.Count}} × {{if .Event}}{{.Event}} at {{.Camera}}{{else}}others{{end}}{{end}}` +
		`{{else if eq .Kind "test"}}Messages of this output arrive here.` +
		`{{else if eq .Kind "clip"}}{{if .Clip.Lost}}The clip was lost: {{.Clip.Lost}}{{else}}{{.Clip.Dir}}/{{.Clip.Movie}}{{end}}` +
		`{{else}}{{.Time.Format "Mon 15:04:05"}}{{if eq .Kind "ended"}}, lasted {{.Duration}}{{end}}` +
		`{{range .Clauses}}{{"\n"}}{{.Text}} ({{.Value}}){{end}}{{end}}`
)

// Limits of a message, in bytes.
const (
	maxTitle    = 256
	maxMessage  = 4000
	maxTemplate = 16 << 10 // output of a template
)

// Data is the input of a template.
type Data struct {
	Kind       string // "confirmed", "ended", "clip", "folded" or "test"
	ID         string // of the event
	Event      string // its type
	Camera     string
	Time       time.Time // time of the event, in the local time zone
	Confidence float64   // 0..1
	Duration   time.Duration
	Clauses    []Clause
	Clip       *outbox.Clip // for kind "clip", and events with an attachment; otherwise nil
	Fold       *outbox.Fold // for kind "folded"; otherwise nil
}

// Clause is one comparison of an event's condition.
type Clause struct {
	Text  string // as in "person >= 1"
	Value string // value of its signal, or "unknown"
}

func dataOf(d *outbox.Delivery, zone *time.Location) Data {
	e := &d.Record.Event
	v := Data{
		Kind: d.Record.Kind(), ID: e.ID, Event: e.Type, Camera: e.Camera, Time: e.Time.In(zone), Confidence: e.Confidence,
		Duration: e.Duration.Round(100 * time.Millisecond), Clip: d.Clip,
	}
	switch {
	case d.Test:
		v.Kind = "test"
	case d.Fold != nil:
		fold := *d.Fold
		fold.From, fold.To = fold.From.In(zone), fold.To.In(zone)
		v.Kind, v.Fold = "folded", &fold
	case d.Record.Clip != nil:
		v.Clip = d.Record.Clip
	}
	for i := range e.Clauses {
		k := &e.Clauses[i]
		value := "unknown"
		if k.Truth != rules.Unknown {
			value = fmt.Sprintf("%.4g", k.Value)
		}
		v.Clauses = append(v.Clauses, Clause{k.Text, value})
	}
	return v
}

// parseTemplate parses a template.
func parseTemplate(source string) (*template.Template, error) {
	t, err := template.New("").Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, templateError(err)
	}
	return t, nil
}

// templateError removes the package prefix from a template error.
func templateError(err error) error {
	return errors.New("template: " + strings.TrimPrefix(strings.TrimPrefix(err.Error(), "template: "), ":"))
}

// render applies a template.
func render(t *template.Template, v Data) (string, error) {
	var out limited
	if err := t.Execute(&out, v); err != nil {
		return "", templateError(err)
	}
	return out.String(), nil
}

// limited is a builder that fails beyond maxTemplate.
type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxTemplate {
		return 0, fmt.Errorf("it writes more than %d bytes", maxTemplate)
	}
	return l.Builder.Write(p)
}

// checkTemplate validates a template by applying it to a message of every kind.
func checkTemplate(source string) error {
	t, err := parseTemplate(source)
	if err != nil {
		return err
	}
	for _, v := range samples() {
		if _, err := render(t, v); err != nil {
			return fmt.Errorf("%w (of a message of the kind %q)", err, v.Kind)
		}
	}
	return nil
}

// samples returns the data of a message of every kind.
func samples() []Data {
	base := Data{
		Kind: outbox.KindConfirmed, ID: "01890a5d-ac96-774b-bcce-b302099a8057", Event: "person", Camera: "door",
		Time: time.Unix(1e9, 0).UTC(), Confidence: 1, Clauses: []Clause{{"person >= 1", "1"}},
	}
	ended, clip, fold, test := base, base, base, base
	ended.Kind, ended.Duration = outbox.KindEnded, time.Second
	clip.Kind, clip.Clip = outbox.KindClip, &outbox.Clip{Dir: "/evidence", Movie: "clip.mp4"}
	fold.Kind, fold.Fold = "folded", &outbox.Fold{Count: 2, By: []outbox.FoldCount{{Event: "person", Camera: "door", Count: 2}}}
	test.Kind, test.Clauses = "test", nil
	return []Data{base, ended, clip, fold, test}
}

// tidyText cleans and truncates the text of a message.
func tidyText(s string) string {
	s = strings.TrimSpace(text.Visible(s))
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage-len("…")], "") + "…"
	}
	return s
}
