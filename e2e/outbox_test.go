package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// message is a webhook request as received.
type message struct {
	id, event string // delivery and event ID
	what      string // type, camera and time of the event
}

// hookServer receives webhooks in one mode after the other.
type hookServer struct {
	addr string

	mu     sync.Mutex // guards the fields below
	mode   string     // "ok", "slow", or a status
	got    []message  // accepted, in order
	bodies []request
	server *http.Server // nil: dead
	done   chan struct{}
}

// request is an accepted request.
type request struct {
	method, path string
	header       http.Header
	body         []byte
}

func newHookServer(t testing.TB) *hookServer {
	h := &hookServer{addr: "127.0.0.1:" + quietPort(t)}
	t.Cleanup(h.stop)
	return h
}

// set changes the mode; "dead" closes the port.
func (h *hookServer) set(t testing.TB, mode string) {
	t.Helper()
	if mode == "dead" {
		h.stop()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mode = mode
	if h.server != nil {
		return
	}
	ln, err := net.Listen("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	h.server, h.done = &http.Server{Handler: h}, make(chan struct{})
	server, done := h.server, h.done
	go func() {
		defer close(done)
		_ = server.Serve(ln) // it ends with Close
	}()
}

func (h *hookServer) stop() {
	h.mu.Lock()
	server, done := h.server, h.done
	h.server = nil
	h.mu.Unlock()
	if server != nil {
		server.Close()
		<-done
	}
}

func (h *hookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was killed meanwhile
	}
	h.mu.Lock()
	mode := h.mode
	h.mu.Unlock()
	if status, err := strconv.Atoi(mode); err == nil {
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(status)
		return
	}
	if mode == "slow" {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	var m struct {
		Data struct {
			ID    string
			Event struct {
				ID     string `json:"event_id"`
				Type   string `json:"event_type"`
				Camera string
				Time   string
			}
		}
	}
	_ = json.Unmarshal(body, &m) // for ntfy it is a picture
	h.mu.Lock()
	defer h.mu.Unlock()
	e := m.Data.Event
	h.got = append(h.got, message{r.Header.Get("Webhook-Id"), e.ID, e.Type + " " + e.Camera + " " + e.Time})
	h.bodies = append(h.bodies, request{r.Method, r.URL.Path, r.Header, body})
}

func (h *hookServer) messages() []message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// busyRules returns rules that report about 30 events a second each.
func busyRules(n int, enabled bool) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[rule]]\nevent = \"busy%d\"\nwhen = \"one > 0\"\ncooldown = \"1ms\"\nclip = false\nenabled = %v\n", i, enabled)
	}
	return b.String()
}

const busyCamera = `
[[camera]]
name = "street"
source = "synthetic:empty"
width = 160
height = 90
[[detector]]
name = "one"
kind = "dummy"
max_fps = 60
[metrics]
listen = ""
`

// loggedEvents returns the IDs of an event log.
func loggedEvents(t testing.TB, file string) (ids []string) {
	t.Helper()
	for line := range strings.Lines(read(t, file)) {
		var e struct {
			ID string `json:"event_id"`
		}
		if !strings.HasSuffix(line, "\n") {
			continue // it was killed while it wrote the line
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		ids = append(ids, e.ID)
	}
	return ids
}

// Every event of the event log arrives, in order, whatever the receiver does and however often
// the program is killed. RVO_OUTBOX=all runs it at full length.
func TestOutboxLosesNothing(t *testing.T) {
	modes, least, rules := []string{"dead", "500", "ok", "401"}, 100, 2
	if os.Getenv("RVO_OUTBOX") == "all" {
		modes, least, rules = []string{"dead", "dead", "slow", "500", "ok", "429", "slow", "401", "dead", "ok"}, 1000, 5
	}
	hook := newHookServer(t)
	config := func(enabled bool) string {
		return busyCamera + busyRules(rules, enabled) + `
[events]
log = "events.jsonl"
[[notify]]
name = "hook"
to = "webhook:http://` + hook.addr + `/hook"
retry_max = "300ms"
timeout = "2s"
`
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "events.jsonl")
	for i, mode := range modes {
		hook.set(t, mode)
		before := len(loggedEvents(t, log))
		p := start(t, setup{dir: dir, config: config(true), args: []string{"--no-ui"}})
		p.until(patience, "events in the log", func() bool { return len(loggedEvents(t, log)) >= before+least/len(modes)+1 })
		p.signal(syscall.SIGKILL)
		<-p.done
		t.Logf("round %d, %s: %d events logged, %d messages accepted", i, mode, len(loggedEvents(t, log)), len(hook.messages()))
	}
	logged := loggedEvents(t, log)
	if len(logged) < least {
		t.Fatalf("only %d events were logged", len(logged))
	}
	hook.set(t, "ok")
	p := start(t, setup{dir: dir, config: config(false), args: []string{"--no-ui"}})
	last := logged[len(logged)-1]
	p.until(patience, "the last event", func() bool {
		return slices.ContainsFunc(hook.messages(), func(m message) bool { return m.event == last })
	})
	p.stop()

	first := map[string]int{} // by event ID: when it was accepted first
	what := map[string]string{}
	again := 0
	for i, m := range hook.messages() {
		if m.id != m.event {
			t.Errorf("event %s has the delivery ID %s", m.event, m.id)
		}
		if id, known := what[m.what]; known && id != m.id {
			t.Errorf("%s was delivered as %s and as %s", m.what, id, m.id)
		}
		what[m.what] = m.id
		if _, known := first[m.event]; known {
			again++
			continue
		}
		first[m.event] = i
	}
	place := -1
	for _, id := range logged {
		at, arrived := first[id]
		switch {
		case !arrived:
			t.Errorf("event %s of the event log never arrived", id)
		case at < place:
			t.Errorf("event %s arrived before the one ahead of it", id)
		}
		place = max(place, at)
	}
	t.Logf("%d events in the log, all arrived in order; %d messages twice with the same ID", len(logged), again)
}

// A receiver that speaks ntfy's protocol gets title, text, priority, link and picture.
func TestNtfyGetsThePicture(t *testing.T) {
	hook := newHookServer(t)
	hook.set(t, "ok")
	p := start(t, setup{config: `
[[camera]]
name = "street"
source = "synthetic:street"
[[detector]]
name = "motion"
kind = "motion"
[[rule]]
event = "moved"
when = "motion > 0.0005"
cooldown = "1m"
before = "1s"
after = "1s"
[metrics]
listen = ""
[[notify]]
name = "phone"
to = "ntfy://` + hook.addr + `/cameras?scheme=http&priority=high&tags=camera"
link = "https://nvr.example/clips/{{.ID}}"
attach = "thumb"
`, args: []string{"--no-ui"}})
	p.until(patience, "a message", func() bool { return len(hook.messages()) > 0 })
	hook.mu.Lock()
	got := hook.bodies[0]
	hook.mu.Unlock()
	if got.method != http.MethodPut || got.path != "/cameras" || got.header.Get("Title") != "moved at street" || got.header.Get("Priority") != "high" ||
		got.header.Get("Tags") != "camera" || !strings.HasPrefix(got.header.Get("Click"), "https://nvr.example/clips/0") ||
		!strings.Contains(got.header.Get("Message"), "motion > 0.0005") {
		t.Errorf("got %s %s %v", got.method, got.path, got.header)
	}
	if !strings.HasPrefix(string(got.body), "\xff\xd8") || len(got.body) < 2000 {
		t.Errorf("the picture has %d bytes: %.20q", len(got.body), got.body)
	}
	p.stop()
}

// A storm becomes a message with the number of events, and memory stays flat. RVO_OUTBOX=all runs
// it at full length: at least 500 events per second for 10 s.
func TestStormIsOneMessage(t *testing.T) {
	rules, lasts := 4, 2*time.Second
	if os.Getenv("RVO_OUTBOX") == "all" {
		rules, lasts = 17, 10*time.Second
	}
	hook := newHookServer(t)
	hook.set(t, "ok")
	const limit = 1000 // half of them at once, then one every 7.2 s
	p := start(t, setup{config: busyCamera + busyRules(rules, true) + fmt.Sprintf(`
[events]
log = "events.jsonl"
[[notify]]
name = "hook"
to = "webhook:http://%s/hook"
max_per_hour = %d
`, hook.addr, limit), args: []string{"--no-ui"}})
	log := filepath.Join(p.dir, "events.jsonl")
	p.until(patience, "events", func() bool { return len(loggedEvents(t, log)) > 50 })
	memory, most := residentKB(t, p.cmd.Process.Pid), 0
	began, n := time.Now(), len(loggedEvents(t, log))
	p.until(lasts+patience, "the end of the storm", func() bool {
		most = max(most, residentKB(t, p.cmd.Process.Pid))
		return time.Since(began) > lasts
	})
	events := len(loggedEvents(t, log)) - n
	t.Logf("%d events in %v (%.0f a second), memory from %d to at most %d kB", events, lasts, float64(events)/lasts.Seconds(), memory, most)
	if most > memory+40_000 {
		t.Errorf("memory grew from %d to %d kB", memory, most)
	}
	p.until(patience, "the summary", func() bool { return len(hook.messages()) > limit/2 })
	p.stop()
	hook.mu.Lock()
	defer hook.mu.Unlock()
	var sum struct {
		Type string
		Data struct {
			Title string
			Event struct {
				ID string `json:"event_id"`
			}
			Folded struct {
				Count int
				To    time.Time
			}
		}
	}
	if err := json.Unmarshal(hook.bodies[limit/2].body, &sum); err != nil {
		t.Fatal(err)
	}
	logged := strings.Split(strings.TrimSpace(read(t, log)), "\n")
	count := sum.Data.Folded.Count
	if sum.Type != "event.folded" || count < 100 || !strings.HasPrefix(sum.Data.Title, strconv.Itoa(count)+" more events") {
		t.Fatalf("the summary is %s", hook.bodies[limit/2].body)
	}
	if !strings.Contains(logged[limit/2], sum.Data.Event.ID) {
		t.Errorf("the summary begins with %s, want the event after the last one that was sent", sum.Data.Event.ID)
	}
	if end := logged[limit/2+count-1]; !strings.Contains(end, sum.Data.Folded.To.Format("15:04:05.000000000")) {
		t.Errorf("%d events later is %s, want one of %v", count, end, sum.Data.Folded.To)
	}
	t.Logf("the summary: %s", sum.Data.Title)
}

// residentKB returns the resident memory of a process without mapped files: the store is one, and
// bounded.
func residentKB(t testing.TB, pid int) int {
	t.Helper()
	_, after, _ := strings.Cut(read(t, fmt.Sprintf("/proc/%d/status", pid)), "RssAnon:")
	var kb int
	if _, err := fmt.Sscan(after, &kb); err != nil {
		t.Fatalf("read the memory of process %d: %v", pid, err)
	}
	return kb
}
