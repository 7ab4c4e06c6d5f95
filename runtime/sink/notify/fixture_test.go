package notify

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rvo-tui/rules"
	"rvo-tui/runtime/sink/outbox"
)

// request is a request that a receiver got.
type request struct {
	method, path, user, password string
	header                       http.Header
	body                         []byte
}

// receiver is an HTTP server whose responses the test sets.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	got    []request
	answer func(w http.ResponseWriter) // nil: 200
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	user, password, _ := req.BasicAuth()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, request{req.Method, req.URL.Path, user, password, req.Header, body})
	if r.answer != nil {
		r.answer(w)
	} else {
		io.WriteString(w, "{}")
	}
}

func (r *receiver) last(t *testing.T) request {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) == 0 {
		t.Fatal("the receiver got nothing")
	}
	return r.got[len(r.got)-1]
}

func config(to string, change func(c *Config)) Config {
	c := DefaultConfig()
	c.Name, c.To = "phone", to
	if change != nil {
		change(&c)
	}
	return c
}

// problems returns the problems of a configuration, as "key: problem".
func problems(c Config) (list []string) {
	c.Validate(func(key, problem string) { list = append(list, key+": "+problem) })
	return list
}

// newSender returns a valid output.
func newSender(t *testing.T, c Config) outbox.Output {
	t.Helper()
	if bad := problems(c); len(bad) > 0 {
		t.Fatalf("the configuration is not valid: %q", bad)
	}
	outs, err := Outputs([]Config{c}, Options{Agent: "rvo-tui/test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(outs[0].Close)
	return outs[0]
}

var someTime = time.Date(2026, 3, 4, 23, 5, 6, 123456789, time.UTC)

func delivery() outbox.Delivery {
	return outbox.Delivery{ID: "01890a5d-ac96-774b-bcce-b302099a8057", Record: outbox.Record{Event: rules.Event{
		ID: "01890a5d-ac96-774b-bcce-b302099a8057", Type: "person_at_door", Camera: "door", Phase: rules.PhaseConfirmed, Confidence: 0.9, Time: someTime,
		Clauses: []rules.Clause{{Text: "person >= 1", Signal: "person", Op: ">=", Threshold: 1, Value: 2, Truth: rules.True}},
	}}}
}

// withClip adds a clip with a picture to a delivery.
func withClip(t *testing.T, d outbox.Delivery) outbox.Delivery {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"thumb.jpg": "\xff\xd8picture", "clip.mp4": "movie"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.Clip = &outbox.Clip{Dir: dir, Movie: "clip.mp4", DurationMS: 5000, Bytes: 100}
	return d
}

func send(t *testing.T, o outbox.Output, d outbox.Delivery) error {
	t.Helper()
	return o.Send(t.Context(), d)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
