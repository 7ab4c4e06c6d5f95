package notify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/fileio"
	"rvo-tui/runtime/sink/outbox"
)

// A receiver that never responds costs one attempt, not the output.
func TestSilentService(t *testing.T) {
	if http.DefaultClient.Timeout != sharedTimeout {
		t.Errorf("timeout %v", http.DefaultClient.Timeout)
	}
	http.DefaultClient.Timeout = 500 * time.Millisecond
	defer Bound()
	r := newReceiver(t)
	release := make(chan struct{})
	defer close(release)
	silent := true
	r.answer = func(w http.ResponseWriter) {
		if silent {
			silent = false
			r.mu.Unlock()
			<-release
			r.mu.Lock()
		}
		fmt.Fprint(w, `{"code":200}`)
	}
	o := newSender(t, config("bark://key@"+strings.TrimPrefix(r.URL, "http://")+"/?scheme=http", func(c *Config) { c.Timeout = 100_000_000 }))
	if err := send(t, o, delivery()); err == nil {
		t.Error("delivered")
	}
	for deadline := time.Now().Add(20 * time.Second); send(t, o, delivery()) != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the output does not recover")
		}
	}
}

// A redirect does not get the secrets of an address.
func TestServicesDoNotFollowRedirects(t *testing.T) {
	r, other := newReceiver(t), newReceiver(t)
	r.answer = func(w http.ResponseWriter) {
		w.Header().Set("Location", other.URL+"/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	o := newSender(t, config("bark://key@"+strings.TrimPrefix(r.URL, "http://")+"/?scheme=http", nil))
	if err := send(t, o, delivery()); err == nil || !strings.Contains(err.Error(), "it redirects to "+other.URL) {
		t.Errorf("got %v", err)
	}
	if len(other.got) > 0 {
		t.Errorf("the other host got %+v", other.got)
	}
	r.answer = func(w http.ResponseWriter) {
		w.Header().Set("Location", other.URL+"/created")
		w.WriteHeader(http.StatusCreated)
	}
	o = newSender(t, config("generic://"+strings.TrimPrefix(r.URL, "http://")+"/?disabletls=yes", nil))
	if err := send(t, o, delivery()); err != nil {
		t.Errorf("created elsewhere: %v", err)
	}
}

// A message is sent without its picture while the disk of the clips hangs.
func TestMessageWhileTheDiskHangs(t *testing.T) {
	d := withClip(t, delivery())
	synctest.Test(t, func(t *testing.T) {
		o := &output{cfg: config("webhook:http://localhost", func(c *Config) { c.Attach = outbox.AttachThumb }), zone: time.UTC}
		m, err := o.message(t.Context(), &d)
		must(t, err)
		if m.attachment == nil || m.lost != "" {
			t.Fatalf("the disk answers: %+v", m)
		}
		thaw := make(chan struct{})
		defer close(thaw)
		if _, err := fileio.Within(t.Context(), &o.disk, func() (int, error) { <-thaw; return 0, nil }); !errors.Is(err, fileio.ErrHangs) {
			t.Fatal(err)
		}
		m, err = o.message(t.Context(), &d)
		must(t, err)
		if m.attachment != nil || m.lost != fileio.ErrHangs.Error() {
			t.Errorf("it hangs: %+v", m)
		}
	})
}
