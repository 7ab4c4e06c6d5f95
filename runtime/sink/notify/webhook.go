package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

// webhook posts JSON according to Standard Webhooks, https://www.standardwebhooks.com.
type webhook struct {
	client *client
	method string
	header http.Header
	secret []byte // empty: requests are not signed
}

// headerName matches a valid header name.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// keyError is a problem with a configuration key.
type keyError struct{ key, problem string }

func (e *keyError) Error() string { return e.key + ": " + e.problem }

func newWebhook(c Config) (*webhook, *keyError) {
	u, err := url.Parse(strings.TrimPrefix(c.To, webhookMark))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
		return nil, &keyError{"to", `is not the address of a webhook; write "webhook:https://host/path"`}
	}
	w := &webhook{method: c.Method, header: http.Header{}}
	switch c.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil, &keyError{"method", text.Unknown("method", c.Method, []string{http.MethodPost, http.MethodPut, http.MethodPatch})}
	}
	var hidden []string
	for _, line := range c.Headers {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !headerName.MatchString(name) || strings.ContainsFunc(value, unicode.IsControl) {
			return nil, &keyError{"headers", fmt.Sprintf(`an entry is not a header; write "Name: value" (%q)`, text.Clean(name))}
		}
		switch http.CanonicalHeaderKey(name) {
		case "Content-Type", "Content-Length", "Host", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Transfer-Encoding", "Connection":
			return nil, &keyError{"headers", name + " is set by rvo-tui; leave it out"}
		}
		w.header.Add(name, value)
		hidden = append(hidden, strings.Fields(value)...)
	}
	var bad error
	if w.secret, bad = parseSecret(c.Secret); bad != nil {
		return nil, &keyError{"secret", bad.Error()}
	}
	if w.client, err = newClient(u, c.CA); err != nil {
		return nil, &keyError{"ca", err.Error()}
	}
	w.client.hidden = append(hidden, c.Secret)
	return w, nil
}

// parseSecret returns the key of a secret: "whsec_" and base64, or any text.
func parseSecret(s string) ([]byte, error) {
	const least = 16
	if coded, ok := strings.CutPrefix(s, "whsec_"); ok {
		key, err := base64.StdEncoding.DecodeString(coded)
		if err != nil || len(key) < least {
			return nil, fmt.Errorf("whsec_ must be followed by base64 of at least %d bytes", least)
		}
		return key, nil
	}
	if s != "" && len(s) < least {
		return nil, fmt.Errorf("is too short: use at least %d characters, for example from \"openssl rand -base64 32\"", least)
	}
	return []byte(s), nil
}

// body is the JSON of a webhook, also used for programs.
type body struct {
	Type      string    `json:"type"` // "event.confirmed", "event.ended", "event.clip", "event.folded", "event.test"
	Timestamp time.Time `json:"timestamp"`
	Data      bodyData  `json:"data"`
}

type bodyData struct {
	ID     string          `json:"id"` // of the delivery
	Title  string          `json:"title"`
	Text   string          `json:"text"`
	Link   string          `json:"link,omitempty"`
	Event  json.RawMessage `json:"event"` // as in the event log; for a summary the first event
	Clip   *outbox.Clip    `json:"clip,omitempty"`
	Folded *bodyFold       `json:"folded,omitempty"`
	// Picture is the address of the attachment. Lost is why a requested one is missing.
	Picture string `json:"picture_url,omitempty"`
	Lost    string `json:"attachment_lost,omitempty"`
}

type bodyFold struct {
	Count int             `json:"count"`
	From  time.Time       `json:"from"`
	To    time.Time       `json:"to"`
	By    []bodyFoldCount `json:"by"`
}

type bodyFoldCount struct {
	Event  string `json:"event_type"`
	Camera string `json:"camera"`
	Count  int    `json:"count"`
}

// json returns the message as JSON.
func (m *message) json() ([]byte, error) {
	line, err := m.event.AppendLine(nil)
	if err != nil {
		return nil, err
	}
	b := body{Type: "event." + m.data.Kind, Timestamp: m.time.UTC(), Data: bodyData{
		ID: m.id, Title: m.title, Text: m.text, Link: m.link, Event: bytes.TrimSpace(line), Clip: m.data.Clip, Picture: m.picture, Lost: m.lost,
	}}
	if f := m.data.Fold; f != nil {
		b.Data.Folded = &bodyFold{Count: f.Count, From: f.From.UTC(), To: f.To.UTC(), By: []bodyFoldCount{}}
		for _, n := range f.By {
			b.Data.Folded.By = append(b.Data.Folded.By, bodyFoldCount(n))
		}
	}
	return json.Marshal(b)
}

func (w *webhook) close() { w.client.close() }

// send implements target.
func (w *webhook) send(ctx context.Context, m *message) error {
	content, mime, err := w.body(m)
	if err != nil {
		return &outbox.Error{Reason: text.Clean(err.Error()), Refused: true}
	}
	header := w.header.Clone()
	header.Set("Content-Type", mime)
	now := strconv.FormatInt(time.Now().Unix(), 10)
	header.Set("Webhook-Id", m.id)
	header.Set("Webhook-Timestamp", now)
	if len(w.secret) > 0 {
		header.Set("Webhook-Signature", sign(w.secret, m.id, now, content))
	}
	return w.client.do(ctx, w.method, header, content)
}

// sign returns the signature of a request.
func sign(secret []byte, id, timestamp string, content []byte) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(content)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// body returns the body of a request: JSON or, with an attachment, a multipart form
// with the JSON as its first part.
func (w *webhook) body(m *message) (content []byte, mime string, err error) {
	line, err := m.json()
	if err != nil || m.attachment == nil {
		return line, "application/json", err
	}
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for _, part := range []struct {
		name, file, mime string
		data             []byte
	}{{"event", "", "application/json", line}, {"attachment", m.attachment.name, m.attachment.mime, m.attachment.data}} {
		disposition := fmt.Sprintf(`form-data; name="%s"`, part.name)
		if part.file != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, part.file)
		}
		p, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {part.mime}})
		if err != nil {
			return nil, "", err
		}
		if _, err := p.Write(part.data); err != nil {
			return nil, "", err
		}
	}
	if err := form.Close(); err != nil {
		return nil, "", err
	}
	return out.Bytes(), form.FormDataContentType(), nil
}
