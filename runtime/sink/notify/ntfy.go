package notify

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
)

// ntfyTarget publishes to an ntfy topic. Its address has shoutrrr's format, but
// shoutrrr's own client cannot send pictures.
type ntfyTarget struct {
	client *client
	shown  string
	header http.Header // for every message
	click  bool        // header has a link
}

func newNtfy(address *url.URL) (*ntfyTarget, error) {
	s := new(ntfy.Service)
	if err := s.Initialize(address, nil); err != nil {
		return nil, err
	}
	cfg := s.Config
	u, err := url.Parse(cfg.GetAPIURL())
	if err != nil {
		return nil, err
	}
	if cfg.Username != "" || cfg.Password != "" {
		u.User = url.UserPassword(cfg.Username, cfg.Password)
	}
	c, err := newClient(u, "")
	if err != nil {
		return nil, err
	}
	if cfg.DisableTLSVerification {
		insecure(c)
	}
	t := &ntfyTarget{client: c, shown: ntfy.Scheme + "://" + u.Host, header: http.Header{}, click: cfg.Click != ""}
	for name, value := range map[string]string{
		"Priority": strings.ToLower(cfg.Priority.String()), "Tags": strings.Join(cfg.Tags, ","), "Click": cfg.Click, "Icon": cfg.Icon,
		"Actions": strings.Join(cfg.Actions, ";"), "Delay": cfg.Delay, "Email": cfg.Email, "Attach": cfg.Attach, "Title": cfg.Title,
	} {
		if value != "" {
			t.header.Set(name, word(value))
		}
	}
	if !cfg.Cache {
		t.header.Set("Cache", "no")
	}
	if !cfg.Firebase {
		t.header.Set("Firebase", "no")
	}
	return t, nil
}

// word encodes a non-ASCII header value in the way that ntfy decodes.
func word(s string) string { return mime.BEncoding.Encode("utf-8", s) }

func (t *ntfyTarget) close() { t.client.close() }

// send implements target. A picture is sent as the body, with the text in a header.
func (t *ntfyTarget) send(ctx context.Context, m *message) error {
	header := t.header.Clone()
	if header.Get("Title") == "" {
		header.Set("Title", word(m.title))
	}
	if m.link != "" && !t.click {
		header.Set("Click", word(m.link))
	}
	if m.attachment == nil {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		return t.client.do(ctx, http.MethodPost, header, []byte(m.text))
	}
	header.Set("Filename", word(m.attachment.name))
	header.Set("Message", word(strings.ReplaceAll(m.text, "\n", `\n`))) // ntfy converts these to line breaks
	header.Set("Content-Type", m.attachment.mime)
	return t.client.do(ctx, http.MethodPut, header, m.attachment.data)
}
