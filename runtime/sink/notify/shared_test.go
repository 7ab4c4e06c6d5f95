package notify

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
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
}
