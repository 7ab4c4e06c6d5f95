package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/sink/outbox"
)

func TestWebhook(t *testing.T) {
	r := newReceiver(t)
	o := newSender(t, config("webhook:"+r.URL+"/hook", func(c *Config) {
		c.Secret, c.Headers, c.Link = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", []string{"X-Site: home"}, "https://nvr.example/{{.ID}}"
	}))
	must(t, send(t, o, delivery()))
	got := r.last(t)
	if got.method != "POST" || got.path != "/hook" || got.header.Get("X-Site") != "home" || got.header.Get("Content-Type") != "application/json" || got.header.Get("User-Agent") != "rvo-tui/test" {
		t.Errorf("request %+v", got)
	}
	id, stamp := got.header.Get("webhook-id"), got.header.Get("webhook-timestamp")
	if want := sign([]byte("0123456789abcdef0123456789abcdef"), id, stamp, got.body); id != delivery().ID || got.header.Get("webhook-signature") != want {
		t.Errorf("ID %q, signature %q, want %q", id, got.header.Get("webhook-signature"), want)
	}
	var b body
	must(t, json.Unmarshal(got.body, &b))
	if b.Type != "event.confirmed" || !b.Timestamp.Equal(someTime) || b.Data.Title != "person_at_door at door" || b.Data.Link != "https://nvr.example/"+id ||
		!strings.Contains(b.Data.Text, "person >= 1 (2)") || !strings.Contains(string(b.Data.Event), `"event_type":"person_at_door"`) {
		t.Errorf("body %s", got.body)
	}
}

// The example of https://github.com/standard-webhooks/standard-webhooks.
func TestSignatureIsStandard(t *testing.T) {
	secret, err := parseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	must(t, err)
	if got := sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signature %q", got)
	}
}

func TestWebhookCarriesAttachments(t *testing.T) {
	r := newReceiver(t)
	for attach, want := range map[string]string{outbox.AttachThumb: "thumb.jpg image/jpeg \xff\xd8picture", outbox.AttachClip: "clip.mp4 video/mp4 movie"} {
		o := newSender(t, config("webhook:"+r.URL, func(c *Config) { c.Attach = attach }))
		must(t, send(t, o, withClip(t, delivery())))
		got := r.last(t)
		_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
		must(t, err)
		form := multipart.NewReader(strings.NewReader(string(got.body)), params["boundary"])
		first, err := form.NextPart()
		must(t, err)
		var b body
		must(t, json.NewDecoder(first).Decode(&b))
		if first.FormName() != "event" || b.Data.Clip == nil || b.Data.Clip.Movie != "clip.mp4" {
			t.Errorf("%s: first part %q %+v", attach, first.FormName(), b)
		}
		second, err := form.NextPart()
		must(t, err)
		data, err := io.ReadAll(second)
		must(t, err)
		if have := second.FileName() + " " + second.Header.Get("Content-Type") + " " + string(data); have != want {
			t.Errorf("%s: second part %q", attach, have)
		}
	}
	o := newSender(t, config("webhook:"+r.URL, func(c *Config) {
		c.Attach, c.PictureURL = outbox.AttachThumb, "https://nvr.example/{{.ID}}.jpg"
	}))
	must(t, send(t, o, withClip(t, delivery())))
	if got := r.last(t); !strings.Contains(string(got.body), `"picture_url":"https://nvr.example/01890a5d-ac96-774b-bcce-b302099a8057.jpg"`) {
		t.Errorf("body %s", got.body)
	}
	d := delivery()
	d.Clip = &outbox.Clip{Lost: "disk"}
	must(t, send(t, o, d))
	if got := r.last(t); !strings.Contains(string(got.body), `(no picture: disk)`) || !strings.Contains(string(got.body), `"attachment_lost":"disk"`) {
		t.Errorf("body %s", got.body)
	}
	d = withClip(t, delivery())
	d.Clip.Movie = "../../etc/passwd"
	o = newSender(t, config("webhook:"+r.URL, func(c *Config) { c.Attach = outbox.AttachClip }))
	must(t, send(t, o, d))
	if got := r.last(t); !strings.Contains(string(got.body), `it has been deleted`) {
		t.Errorf("body %s", got.body)
	}
	d = withClip(t, delivery())
	thumb := filepath.Join(d.Clip.Dir, "thumb.jpg")
	must(t, os.Remove(thumb))
	must(t, syscall.Mkfifo(thumb, 0o600))
	o = newSender(t, config("webhook:"+r.URL, func(c *Config) { c.Attach = outbox.AttachThumb }))
	must(t, send(t, o, d))
	if got := r.last(t); !strings.Contains(string(got.body), `it is not a regular file`) {
		t.Errorf("body %s", got.body)
	}
}

func TestNtfy(t *testing.T) {
	r := newReceiver(t)
	address := strings.Replace(r.URL, "http://", "ntfy://me:p%40ss@", 1) + "/topic?scheme=http&priority=high&tags=camera,warning"
	o := newSender(t, config(address, func(c *Config) {
		c.Attach, c.Link, c.Title, c.Template = outbox.AttachThumb, "https://nvr.example/{{.ID}}", "{{.Event}} – {{.Camera}}", "one\ntwo"
	}))
	must(t, send(t, o, withClip(t, delivery())))
	got := r.last(t)
	word := func(name string) string {
		text, err := new(mime.WordDecoder).DecodeHeader(got.header.Get(name))
		must(t, err)
		return text
	}
	if got.method != "PUT" || got.path != "/topic" || got.user != "me" || got.password != "p@ss" || string(got.body) != "\xff\xd8picture" ||
		word("Title") != "person_at_door – door" || word("Message") != `one\ntwo` || got.header.Get("Priority") != "high" ||
		got.header.Get("Tags") != "camera,warning" || got.header.Get("Click") != "https://nvr.example/"+delivery().ID || got.header.Get("Filename") != "thumb.jpg" {
		t.Errorf("with a picture: %+v", got)
	}
	must(t, send(t, o, delivery()))
	if got = r.last(t); got.method != "POST" || string(got.body) != "one\ntwo" {
		t.Errorf("without: %+v", got)
	}
	if o.To != "ntfy://"+strings.TrimPrefix(r.URL, "http://") {
		t.Errorf("shown as %q", o.To)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	r := newReceiver(t)
	o := newSender(t, config("webhook:"+strings.Replace(r.URL, "http://", "http://user:passwort@", 1)+"/secretpath?key=topsecret", nil))
	tests := []struct {
		status  int
		after   string
		said    string
		refused bool
		wait    time.Duration
		want    string
	}{
		{500, "", "out of order", false, 0, "500 Internal Server Error: out of order"},
		{429, "120", "", false, 2 * time.Minute, "429 Too Many Requests (retry after 2m0s)"},
		{401, "", "who are you?", false, 0, "401 Unauthorized: who are you?"},
		{404, "", "no /secretpath here, topsecret", false, 0, "404 Not Found: no /*** here, ***"},
		{400, "", "\x1b[31mbad\x00\n\n  field", true, 0, "400 Bad Request: [31mbad field"},
		{422, "", strings.Repeat("x", 9000), true, 0, "422 Unprocessable Entity: " + strings.Repeat("x", 197) + "…"},
		{302, "", "", false, 0, "302 Found: it redirects to http://elsewhere.example"},
	}
	for _, tt := range tests {
		r.answer = func(w http.ResponseWriter) {
			if tt.after != "" {
				w.Header().Set("Retry-After", tt.after)
			}
			if tt.status == 302 {
				w.Header().Set("Location", "http://elsewhere.example/path")
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.said)
		}
		err := send(t, o, delivery())
		var e *outbox.Error
		if !errors.As(err, &e) || e.Reason != tt.want || e.Refused != tt.refused || e.After != tt.wait || e.Remedy == "" {
			t.Errorf("%d: %+v, want %q, refused %v, after %v", tt.status, e, tt.want, tt.refused, tt.wait)
		}
	}
	if o.To != r.URL {
		t.Errorf("shown as %q, want scheme and host alone", o.To)
	}
	r.answer = func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	if err := send(t, o, delivery()); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "passwort") {
		t.Errorf("cut off: %v", err)
	}
	r.Close()
	if err := send(t, o, delivery()); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "passwort") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("dead: %v", err)
	}
}

// A receiver that repeats what it was sent does not bring secrets to a screen or a log, not even in
// part.
func TestEchoedSecretsAreHidden(t *testing.T) {
	r := newReceiver(t)
	o := newSender(t, config("webhook:"+r.URL+"/secretpath", func(c *Config) {
		c.Headers, c.Secret = []string{"Authorization: Bearer s3cr3t-token", "X-Key: another-key"}, "signing-secret-16"
	}))
	for _, said := range []string{"no s3cr3t-token", "no another-key", "no signing-secret-16", "no Bearer s3cr3t-token"} {
		for _, pad := range []int{0, 185, 190} {
			r.answer = func(w http.ResponseWriter) {
				w.WriteHeader(http.StatusUnauthorized)
				io.WriteString(w, strings.Repeat("x", pad)+said)
			}
			err := send(t, o, delivery())
			if err == nil || strings.Contains(err.Error(), "s3c") || strings.Contains(err.Error(), "anot") || strings.Contains(err.Error(), "signi") {
				t.Errorf("%q after %d: %v", said, pad, err)
			}
		}
	}
}

// A receiver that accepts a message and does not end its response has accepted it.
func TestAnswerWithoutEnd(t *testing.T) {
	r := newReceiver(t)
	gone := make(chan struct{})
	r.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, req.Body)
		w.(http.Flusher).Flush()
		<-req.Context().Done()
		close(gone)
	})
	o := newSender(t, config("webhook:"+r.URL, func(c *Config) { c.Timeout = text.Duration(5 * time.Minute) }))
	must(t, send(t, o, delivery()))
	<-gone
}

func TestSlowReceiverIsNotWaitedFor(t *testing.T) {
	r := newReceiver(t)
	release := make(chan struct{})
	r.answer = func(http.ResponseWriter) { <-release }
	o := newSender(t, config("webhook:"+r.URL, func(c *Config) { c.Timeout = 100_000_000 }))
	err := send(t, o, delivery())
	close(release)
	if err == nil || err.Error() != "no answer within 100ms; check the receiver, or raise timeout" {
		t.Errorf("got %v", err)
	}
}

func TestShoutrrr(t *testing.T) {
	r := newReceiver(t)
	host := strings.TrimPrefix(r.URL, "http://")
	o := newSender(t, config("gotify://"+host+"/AzyoeNS.D4iJLVa/?disabletls=yes&priority=5", func(c *Config) { c.Link = "https://nvr.example/{{.ID}}" }))
	r.answer = func(w http.ResponseWriter) { fmt.Fprint(w, `{"id":1,"message":"x"}`) }
	must(t, send(t, o, delivery()))
	got := string(r.last(t).body)
	for _, part := range []string{`"title": "person_at_door at door"`, "person \\u003e= 1 (2)", "https://nvr.example/", `"priority": 5`} {
		if !strings.Contains(strings.ReplaceAll(got, `":"`, `": "`), part) && !strings.Contains(got, strings.ReplaceAll(part, ": ", ":")) {
			t.Errorf("body %s has no %s", got, part)
		}
	}
	r.answer = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"Unauthorized","errorCode":401,"errorDescription":"not a token: AzyoeNS.D4iJLVa"}`)
	}
	err := send(t, o, delivery())
	var e *outbox.Error
	if !errors.As(err, &e) || e.Refused || strings.Contains(err.Error(), "AzyoeNS") || !strings.Contains(e.Remedy, "token") {
		t.Errorf("got %+v", e)
	}
	if o.To != "gotify://"+host {
		t.Errorf("shown as %q", o.To)
	}
}

func TestSignalCarriesPictures(t *testing.T) {
	r := newReceiver(t)
	o := newSender(t, config("signal://"+strings.TrimPrefix(r.URL, "http://")+"/+1234567890/+0987654321?disabletls=yes", func(c *Config) { c.Attach = outbox.AttachThumb }))
	must(t, send(t, o, withClip(t, delivery())))
	var got struct {
		Message     string
		Recipients  []string
		Attachments [][]byte `json:"base64_attachments"`
	}
	must(t, json.Unmarshal(r.last(t).body, &got))
	if len(got.Attachments) != 1 || string(got.Attachments[0]) != "\xff\xd8picture" ||
		!strings.HasPrefix(got.Message, "person_at_door at door\n") || !slices.Equal(got.Recipients, []string{"+0987654321"}) {
		t.Errorf("got %+v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"": 0, "0": 0, "17": 17 * time.Second, "-1": 0, "soon": 0, "99999999999": 24 * time.Hour, "1.5": 0,
		"Wed, 04 Mar 2026 23:06:06 GMT": time.Minute, "Wed, 04 Mar 2020 23:06:06 GMT": 0, "Wed, 04 Mar 2099 23:06:06 GMT": 24 * time.Hour,
	} {
		if got := parseRetryAfter(in, someTime.Truncate(time.Second)); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "17", "-1", "Wed, 04 Mar 2026 23:06:06 GMT", "18446744073709551616", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := parseRetryAfter(s, someTime); d < 0 || d > 24*time.Hour {
			t.Errorf("%q: %v", s, d)
		}
	})
}
