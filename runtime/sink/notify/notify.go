package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

// Options are settings shared by all outputs.
type Options struct {
	// Agent is the User-Agent of requests.
	Agent string
	// Nice is the nice value of programs of "exec", 0 to 19.
	Nice int
	Log  *slog.Logger
}

// Outputs returns the enabled outputs of a valid configuration.
func Outputs(list []Config, opts Options) ([]outbox.Output, error) {
	var outs []outbox.Output
	for _, c := range list {
		if !c.Enabled {
			continue
		}
		out, err := newOutput(c, opts)
		if err != nil {
			return nil, fmt.Errorf("make output %q: %w", c.Name, err)
		}
		outs = append(outs, out)
	}
	return outs, nil
}

// target sends messages to one receiver. It is safe for concurrent use.
type target interface {
	// send makes one attempt. It returns when ctx ends.
	send(ctx context.Context, m *message) error
	close()
}

// message is one message, independent of the target.
type message struct {
	id          string
	title, text string
	link        string
	picture     string      // address; empty: the attachment itself is sent
	attachment  *attachment // nil: none
	lost        string      // why a requested attachment is missing
	data        Data
	event       rules.Event
	time        time.Time // of the event
}

// attachment is a picture or a movie of a message.
type attachment struct {
	name, mime string
	data       []byte
}

// maxAttachment is the maximum size of an attachment, in bytes.
const maxAttachment = 15 << 20

// output converts deliveries to messages for one target.
type output struct {
	cfg    Config
	target target
	zone   *time.Location
	disk   fileio.Disk // of clips

	title, text, link, picture *template.Template // the last two may be nil
}

func newOutput(c Config, opts Options) (outbox.Output, error) {
	choice, err := newChoice(c, time.Local)
	if err != nil {
		return outbox.Output{}, err
	}
	o := &output{cfg: c, zone: time.Local}
	for _, t := range []struct {
		to             **template.Template
		source, absent string
	}{{&o.title, c.Title, DefaultTitle}, {&o.text, c.Template, DefaultText}, {&o.link, c.Link, ""}, {&o.picture, c.PictureURL, ""}} {
		if t.source == "" {
			t.source = t.absent
		}
		if t.source == "" {
			continue
		}
		if *t.to, err = parseTemplate(t.source); err != nil {
			return outbox.Output{}, err
		}
	}
	var to string
	if o.target, to, err = newTarget(c, opts); err != nil {
		return outbox.Output{}, err
	}
	return outbox.Output{
		Name: c.Name, To: to, Settings: c, Wants: choice.wants, Attach: c.Attach, PerHour: c.MaxPerHour, MaxTries: c.MaxTries,
		Clips:    choice.wantsClips(),
		RetryMax: time.Duration(c.RetryMax), Send: o.send, Close: o.target.close,
	}, nil
}

// newTarget returns the target and the displayable part of its address.
func newTarget(c Config, opts Options) (target, string, error) {
	switch c.kind() {
	case kindExec:
		return &program{cfg: c, opts: opts}, "exec " + text.Clean(filepath.Base(c.Command[0])), nil
	case kindWebhook:
		w, bad := newWebhook(c)
		if bad != nil {
			return nil, "", bad
		}
		w.client.agent = opts.Agent
		return w, w.client.shown(), nil
	}
	s, err := newService(c)
	if err != nil {
		return nil, "", err
	}
	switch s := s.(type) {
	case *ntfyTarget:
		s.client.agent = opts.Agent
		return s, s.shown, nil
	case *mailTarget:
		s.log = opts.Log
		return s, s.shown, nil
	}
	return s, s.(*service).shown, nil
}

// send implements outbox.Output.Send.
func (o *output) send(ctx context.Context, d outbox.Delivery) error {
	m, err := o.message(ctx, &d)
	if err != nil {
		return &outbox.Error{Reason: err.Error(), Remedy: "correct the template", Refused: true}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(o.cfg.Timeout), errLate)
	defer cancel()
	err = o.target.send(ctx, m)
	if err != nil && errors.Is(context.Cause(ctx), errLate) {
		return &outbox.Error{Reason: fmt.Sprintf("no answer within %v", o.cfg.Timeout), Remedy: "check the receiver, or raise timeout"}
	}
	return err
}

var errLate = errors.New("timeout")

// message builds the message of a delivery.
func (o *output) message(ctx context.Context, d *outbox.Delivery) (*message, error) {
	m := &message{id: d.ID, data: dataOf(d, o.zone), event: d.Record.Event, time: d.Record.Event.Time}
	var err error
	for _, t := range []struct {
		from *template.Template
		to   *string
	}{{o.title, &m.title}, {o.text, &m.text}, {o.link, &m.link}, {o.picture, &m.picture}} {
		if t.from == nil {
			continue
		}
		if *t.to, err = render(t.from, m.data); err != nil {
			return nil, err
		}
	}
	m.title, m.text, m.link, m.picture = text.CleanTo(m.title, maxTitle), tidyText(m.text), text.CleanTo(m.link, 2000), text.CleanTo(m.picture, 2000)
	if o.cfg.Attach == outbox.AttachNone || d.Test || d.Fold != nil {
		m.picture = ""
		return m, nil
	}
	clip := m.data.Clip
	switch {
	case clip == nil:
		m.picture = "" // the end of an event has no clip
	case clip.Lost != "":
		m.lost, m.picture = clip.Lost, ""
	case m.picture != "" || o.cfg.kind() == kindExec: // a program reads the files by name
	default:
		m.attachment, err = fileio.Within(ctx, &o.disk, func() (*attachment, error) { return o.load(clip) })
		if err != nil {
			m.lost = err.Error()
		}
	}
	if m.lost != "" && d.Record.Clip == nil {
		m.text = strings.TrimSpace(m.text + "\n(no " + map[string]string{outbox.AttachThumb: "picture", outbox.AttachClip: "clip"}[o.cfg.Attach] + ": " + m.lost + ")")
	}
	return m, nil
}

// load reads the attachment.
func (o *output) load(c *outbox.Clip) (*attachment, error) {
	a := &attachment{name: "thumb.jpg", mime: "image/jpeg"}
	if o.cfg.Attach == outbox.AttachClip {
		a.name, a.mime = c.Movie, "video/mp4"
		if strings.HasSuffix(c.Movie, ".avi") {
			a.mime = "video/x-msvideo"
		}
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, errors.New("it has been deleted")
	}
	defer root.Close()
	f, err := fileio.OpenIn(root, a.name, os.O_RDONLY, 0)
	switch {
	case errors.Is(err, fileio.ErrIrregular):
		return nil, errors.New("it is not a regular file")
	case err != nil:
		return nil, errors.New("it has been deleted")
	}
	defer f.Close()
	if a.data, err = io.ReadAll(io.LimitReader(f, maxAttachment+1)); err != nil {
		return nil, errors.New("it cannot be read")
	}
	if len(a.data) > maxAttachment {
		return nil, fmt.Errorf("it is larger than %d MiB", maxAttachment>>20)
	}
	return a, nil
}
