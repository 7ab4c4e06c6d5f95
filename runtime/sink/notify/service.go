package notify

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

// service sends text, and attachments over Signal, with a service of shoutrrr.
type service struct {
	address string
	url     *url.URL
	shown   string
	busy    chan struct{}
}

// hosted are the services whose address contains a host. For others the host part is a
// key or an ID.
var hosted = []string{"bark", "generic", "googlechat", "gotify", "lark", "matrix", "mattermost", "ntfy", "opsgenie", "rocketchat", "signal", "smtp", "zulip"}

// titled are the services that show a separate title.
var titled = []string{
	"bark", "discord", "gotify", "ifttt", "join", "lark", "matrix", "opsgenie", "pushbullet", "pushover", "slack", "smtp", "teams", "telegram",
}

// schemeChars are the characters allowed in a URL's scheme, in lower case (RFC 3986,
// section 3.1).
const schemeChars = "abcdefghijklmnopqrstuvwxyz0123456789+.-"

// newService returns the target of a service address. Errors contain no part of it.
func newService(c Config) (target, error) {
	known := new(router.ServiceRouter).ListServices()
	known = slices.DeleteFunc(known, func(s string) bool { return s == "logger" })
	slices.Sort(known)
	scheme := c.kind()
	if !strings.Contains(c.To, "://") || strings.Trim(scheme, schemeChars) != "" {
		return nil, errors.New(`is not an address: write "webhook:https://…", "exec", or SERVICE://… (docs/notify.md)`)
	}
	if scheme == "mqtt" || scheme == "mqtts" {
		return nil, errors.New("MQTT is configured in [mqtt]: set server there to this address, and leave this [[notify]] out (docs/mqtt.md)")
	}
	if !slices.Contains(known, scheme) {
		return nil, errors.New(text.Unknown("service", text.Clean(scheme), append([]string{kindExec, kindWebhook}, known...)))
	}
	u, err := url.Parse(c.To)
	if err != nil {
		return nil, errors.New("is not an address; percent-encode special characters in passwords, such as %2F for a slash (docs/notify.md)")
	}
	shown := c.kind() + "://"
	if slices.Contains(hosted, c.kind()) {
		shown += text.Clean(u.Host)
	}
	if c.kind() == kindNtfy {
		n, err := newNtfy(u)
		if err != nil {
			return nil, fmt.Errorf("%s; docs/notify.md has an example", explain(err, u))
		}
		return n, nil
	}
	if c.kind() == kindMail {
		m, err := newMail(u, shown, c.Name)
		if err != nil {
			return nil, fmt.Errorf("%s; docs/notify.md has an example", explain(err, u))
		}
		return m, nil
	}
	s := &service{address: c.To, url: u, shown: shown, busy: make(chan struct{}, 1)}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s; docs/notify.md has an example", explain(err, u))
	}
	return s, nil
}

// explain formats an error of shoutrrr, which may quote the address, without secrets.
func explain(err error, u *url.URL) string {
	said := err.Error()
	parts := append(partsOf(u), u.Host, u.Opaque)
	if u.User != nil {
		parts = append(parts, u.User.String())
	}
	if slices.Contains(hosted, u.Scheme) {
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == u.Host })
	}
	return hideParts(said, parts, 300)
}

// locate creates the service for each message, so that a message cannot change the
// settings of the next.
func (s *service) locate() (svc types.Service, err error) {
	defer caught(&err)
	if s.url.Scheme != s.scheme() { // as in "generic+https://"
		return new(router.ServiceRouter).Locate(s.address)
	}
	if svc, err = new(router.ServiceRouter).NewService(s.scheme()); err != nil {
		return nil, err
	}
	own := *s.url // some services modify it
	return svc, svc.Initialize(&own, nil)
}

// check checks the address without connecting.
func (s *service) check() (err error) {
	defer caught(&err)
	if s.scheme() == matrix.Scheme { // it would log in
		own := *s.url
		return new(matrix.Config).SetURL(&own)
	}
	_, err = s.locate()
	return err
}

func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the service's code failed: %v", p)
	}
}

// closeWait is how long Close waits for an attempt, which cannot be cancelled.
const closeWait = time.Second

func (s *service) close() {
	select {
	case s.busy <- struct{}{}:
	case <-time.After(closeWait):
	}
}

// send implements target. Shoutrrr's services cannot be cancelled: if one outlasts ctx,
// the next attempt waits for it.
func (s *service) send(ctx context.Context, m *message) error {
	select {
	case s.busy <- struct{}{}:
	case <-ctx.Done():
		return &outbox.Error{Reason: "the last attempt has not ended yet", Remedy: "check the receiver"}
	}
	done := make(chan error, 1)
	go func() { // ends with the service's own timeout
		defer func() { <-s.busy }()
		done <- s.once(m)
	}()
	select {
	case err := <-done:
		return s.judge(err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *service) once(m *message) (err error) {
	defer caught(&err)
	svc, err := s.locate()
	if err != nil {
		return err
	}
	body := m.text
	if m.link != "" {
		body += "\n" + m.link
	}
	params := types.Params{}
	params.SetTitle(m.title)
	if !slices.Contains(titled, s.scheme()) {
		body, params = m.title+"\n"+body, types.Params{}
	}
	if m.attachment != nil { // only Signal supports attachments
		params["attachments"] = base64.StdEncoding.EncodeToString(m.attachment.data)
	}
	return svc.Send(body, &params)
}

func (s *service) scheme() string {
	scheme, _, _ := strings.Cut(s.url.Scheme, "+")
	return scheme
}

// statusForm finds an HTTP status in an error of a service.
var statusForm = regexp.MustCompile(`(?i)(?:status|http|code|respon\w*)\D{0,40}\b([45]\d\d)\b`)

// judge explains an error of a service.
func (s *service) judge(err error) error {
	if err == nil {
		return nil
	}
	said := explain(err, s.url)
	if found := statusForm.FindStringSubmatch(said); found != nil {
		status, _ := strconv.Atoi(found[1]) // three digits
		e := judge(status)
		e.Reason = said
		return e
	}
	return &outbox.Error{Reason: said, Remedy: "check the address, the network and the service"}
}

// insecure makes a client accept every certificate, as its address requests.
func insecure(c *client) {
	c.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} //nolint:gosec // asked for
}
