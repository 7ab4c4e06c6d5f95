package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	shoutrrr "github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"

	"rvo-tui/runtime/sink/outbox"
)

// mailTarget sends e-mail, one message to all recipients. Its address has shoutrrr's
// format, but shoutrrr's own client waits forever for a server that does not respond,
// and if a recipient is refused the others get every attempt.
type mailTarget struct {
	cfg    *shoutrrr.Config
	url    *url.URL
	shown  string
	log    *slog.Logger
	output string
	warned atomic.Bool // a recipient was refused, and that was logged
}

func newMail(address *url.URL, shown, output string) (*mailTarget, error) {
	s := new(shoutrrr.Service)
	own := *address
	if err := s.Initialize(&own, nil); err != nil {
		return nil, err
	}
	s.Config.FixEmailTags()
	return &mailTarget{cfg: s.Config, url: address, shown: shown, log: slog.New(slog.DiscardHandler), output: output}, nil
}

func (t *mailTarget) close() {}

// mailError is an error with what to do about it.
type mailError struct {
	error

	remedy  string
	content bool // the message itself is to blame for a permanent error
}

// Unwrap returns the error without advice.
func (e mailError) Unwrap() error { return e.error }

// send implements target.
func (t *mailTarget) send(ctx context.Context, m *message) error {
	err := t.deliver(ctx, m)
	if err == nil {
		return nil
	}
	e := &outbox.Error{Reason: t.explain(err), Remedy: "check the address, the network and the service"}
	var code *textproto.Error
	var where mailError
	permanent := errors.As(err, &code) && code.Code >= 500
	switch {
	case code != nil && !permanent:
		e.Remedy = "it is retried; check the mail server"
	case permanent && errors.As(err, &where):
		e.Remedy, e.Refused = where.remedy, where.content
	}
	return e
}

// explain formats an error without secrets.
func (t *mailTarget) explain(err error) string {
	var code *textproto.Error
	if errors.As(err, &code) {
		err = fmt.Errorf("%d %s", code.Code, code.Msg)
	}
	return explain(err, t.url)
}

// deliver makes one attempt.
func (t *mailTarget) deliver(ctx context.Context, m *message) error {
	conn, err := t.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c, err := smtp.NewClient(conn, t.cfg.Host)
	if err != nil {
		return err
	}
	if err := t.hello(c); err != nil {
		return err
	}
	if err := c.Mail(t.cfg.FromAddress); err != nil {
		return mailError{err, "correct fromaddress, or the user", false}
	}
	if err := t.recipients(c, m); err != nil {
		return err
	}
	w, err := c.Data()
	if err == nil {
		if _, err = w.Write(t.compose(m)); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		return mailError{err, "check what the mail server accepts", true}
	}
	_ = c.Quit() // the message is accepted
	return nil
}

func (t *mailTarget) dial(ctx context.Context) (net.Conn, error) {
	addr := net.JoinHostPort(t.cfg.Host, strconv.Itoa(int(t.cfg.Port)))
	dialer := &net.Dialer{Timeout: t.cfg.Timeout}
	if t.implicitTLS() {
		return (&tls.Dialer{NetDialer: dialer, Config: t.tls()}).DialContext(ctx, "tcp", addr)
	}
	return dialer.DialContext(ctx, "tcp", addr)
}

func (t *mailTarget) implicitTLS() bool {
	return t.cfg.Encryption == shoutrrr.EncMethods.ImplicitTLS || t.cfg.Encryption == shoutrrr.EncMethods.Auto && t.cfg.Port == shoutrrr.ImplicitTLSPort
}

func (t *mailTarget) tls() *tls.Config {
	return &tls.Config{ServerName: t.cfg.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.cfg.SkipTLSVerify} //nolint:gosec // asked for
}

// hello greets the server, encrypts the connection if possible, and logs in.
func (t *mailTarget) hello(c *smtp.Client) error {
	name := t.cfg.ClientHost
	if name == "auto" {
		var err error
		if name, err = os.Hostname(); err != nil {
			name = "localhost"
		}
	}
	if err := c.Hello(name); err != nil {
		return mailError{err, "correct clienthost", false}
	}
	if t.cfg.UseStartTLS && !t.implicitTLS() {
		offered, _ := c.Extension("STARTTLS")
		switch {
		case offered:
			if err := c.StartTLS(t.tls()); err != nil {
				return err
			}
		case t.cfg.RequireStartTLS:
			return errors.New("the server does not offer STARTTLS")
		}
	}
	var auth smtp.Auth
	switch t.cfg.Auth {
	case shoutrrr.AuthTypes.Plain:
		auth = smtp.PlainAuth("", t.cfg.Username, t.cfg.Password, t.cfg.Host)
	case shoutrrr.AuthTypes.CRAMMD5:
		auth = smtp.CRAMMD5Auth(t.cfg.Username, t.cfg.Password)
	case shoutrrr.AuthTypes.OAuth2:
		auth = shoutrrr.OAuth2Auth(t.cfg.Username, t.cfg.Password)
	default:
		return nil
	}
	if err := c.Auth(auth); err != nil {
		return mailError{err, "correct the user and password", false}
	}
	return nil
}

// greylisting is how long after its event a message waits for recipients that are refused
// for the time being.
const greylisting = time.Hour

// recipients names the recipients. Those that are refused permanently, or for longer than
// greylisting, are left out, and logged once, unless all are.
func (t *mailTarget) recipients(c *smtp.Client, m *message) error {
	var refused error
	n := 0
	for _, to := range t.cfg.ToAddresses {
		err := c.Rcpt(to)
		var code *textproto.Error
		if err != nil && (!errors.As(err, &code) || code.Code < 500 && time.Since(m.time) < greylisting) {
			return err
		}
		if err != nil {
			refused = err
			n++
		}
	}
	switch {
	case n == len(t.cfg.ToAddresses):
		return mailError{refused, "correct toaddresses", false}
	case n == 0:
		t.warned.Store(false)
	case !t.warned.Swap(true):
		t.log.Warn("the mail server refuses recipients; the others get the messages", "output", t.output, "refused", n, "error", t.explain(refused))
	}
	return nil
}

// compose returns the text of a message.
func (t *mailTarget) compose(m *message) []byte {
	var out bytes.Buffer
	address := func(a, name string) string {
		if !strings.Contains(a, "@") { // a local user
			return a
		}
		return (&mail.Address{Name: name, Address: a}).String()
	}
	to := make([]string, len(t.cfg.ToAddresses))
	for i, a := range t.cfg.ToAddresses {
		to[i] = address(a, "")
	}
	_, domain, _ := strings.Cut(t.cfg.FromAddress, "@")
	for _, field := range [][2]string{
		{"From", address(t.cfg.FromAddress, t.cfg.FromName)},
		{"To", strings.Join(to, ",\r\n ")},
		{"Subject", mime.QEncoding.Encode("utf-8", m.title)},
		{"Date", time.Now().Format(time.RFC1123Z)},
		{"Message-ID", fmt.Sprintf("<%s@%s>", m.id, cmp.Or(domain, "localhost"))},
		{"MIME-Version", "1.0"},
	} {
		fmt.Fprintf(&out, "%s: %s\r\n", field[0], field[1])
	}
	body := m.text
	if m.link != "" {
		body += "\n" + m.link
	}
	if !t.cfg.UseHTML {
		fmt.Fprintf(&out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		quote(&out, body)
		return out.Bytes()
	}
	parts := multipart.NewWriter(&out)
	fmt.Fprintf(&out, "Content-Type: multipart/alternative; boundary=%s\r\n\r\n", parts.Boundary())
	for _, part := range [][2]string{{"text/plain", body}, {"text/html", "<pre>" + body + "</pre>"}} {
		w, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {part[0] + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
		if err != nil {
			panic(err) // cannot happen: it writes to memory
		}
		quote(w, part[1])
	}
	_ = parts.Close() // of memory
	return out.Bytes()
}

// quote writes text with short lines of ASCII.
func quote(w io.Writer, s string) {
	q := quotedprintable.NewWriter(w)
	_, _ = io.WriteString(q, s) // to memory
	_ = q.Close()
}
