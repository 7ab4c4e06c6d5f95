package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// apiClient calls the API at a socket, with one connection at a time.
type apiClient struct{ http.Client }

func newAPIClient(socket string) *apiClient {
	return &apiClient{http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}
}

// do makes a request, which must succeed.
func (c *apiClient) do(method, path, body string) error {
	r, err := http.NewRequest(method, "http://rvo/api"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	return nil
}

// churn attaches and detaches detectors on all cameras, eight at a time.
func (c *apiClient) churn(n int) error {
	var wg sync.WaitGroup
	failed := make([]error, 8)
	for k := range failed {
		wg.Go(func() {
			for i := k; i < n && failed[k] == nil; i += len(failed) {
				name, kind := fmt.Sprintf("guest%d", i), []string{"motion", "quality", "dummy"}[i%3]
				if failed[k] = c.do(http.MethodPost, "/cameras/all/detectors", fmt.Sprintf(`{"kind": %q, "name": %q}`, kind, name)); failed[k] == nil {
					failed[k] = c.do(http.MethodDelete, "/cameras/all/detectors/"+name, "")
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// limit sets a soft limit of a program, and returns a function that restores it.
func (p *program) limit(resource int, soft uint64) (restore func() error, err error) {
	var old unix.Rlimit
	if err := unix.Prlimit(p.cmd.Process.Pid, resource, nil, &old); err != nil {
		return nil, err
	}
	now := unix.Rlimit{Cur: soft, Max: old.Max}
	return func() error { return unix.Prlimit(p.cmd.Process.Pid, resource, &old, nil) }, unix.Prlimit(p.cmd.Process.Pid, resource, &now, nil)
}

func playProgramFaults(t *testing.T, r *faultResults) {
	run, dir := runtimeDir(t), t.TempDir()
	web := serveMJPEG(t, 25)
	config := faultCamera("web", web.url) + faultYard + faultRest + `
[[detector]]
name      = "shape"
kind      = "motion"
isolation = "process"
max_fps   = 5
ttl       = "5s"
timeout   = "20s"
`
	b := &testbed{
		cameras:   []string{"web", "yard"},
		detectors: []string{"web/motion", "yard/motion", "web/shape", "yard/shape"},
		program: start(t, setup{
			dir: dir, config: config, env: []string{"XDG_RUNTIME_DIR=" + run},
			args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0", "--event-log", "events"},
		}),
	}
	api := newAPIClient(filepath.Join(run, "rvo-tui", "control.sock"))
	t.Cleanup(api.CloseIdleConnections)
	log := filepath.Join(dir, "events")
	sink := func(state string) sign {
		return valued(fmt.Sprintf("rvo_sink_state{sink=%q,state=%q}", "file", state), 1)
	}
	// reload writes a configuration and reloads it.
	reload := func(text string) func() error {
		return func() error {
			if err := os.WriteFile(filepath.Join(dir, "rvo.toml"), []byte(text), 0o600); err != nil {
				return err
			}
			return b.cmd.Process.Signal(syscall.SIGHUP)
		}
	}
	var client *program
	var restore func() error
	churned := make(chan error, 1)
	b.playAll(t, "program", r, []faultRow{
		{
			name: "SIGHUP", then: "the configuration and the log files are opened again",
			fast: true, inject: func() error { return b.cmd.Process.Signal(syscall.SIGHUP) },
			signs: []sign{said("configuration reloaded"), counted(`rvo_reloads_total{result="ok"}`)},
		},
		{
			name: "configuration replaced by garbage", then: "what runs goes on; the next valid file is taken",
			fast:   true,
			inject: reload(garbled()), repair: reload(config),
			signs: []sign{said("the configuration was not fully reloaded"), counted(`rvo_reloads_total{result="invalid"}`), alerted("reload_failed")},
			heals: []sign{valued("rvo_reload_last_successful", 1)},
		},
		{
			name: "event log rotated", then: "a new file begins; no event is lost",
			fast: true,
			inject: func() error {
				if err := os.Rename(log, log+".1"); err != nil {
					return err
				}
				return b.cmd.Process.Signal(syscall.SIGHUP)
			},
			signs: []sign{{"new file", func(*glance) bool { return read(t, log) != "" }}},
		},
		{
			name: "event log rotated, and no new one can be made", then: "64 events wait, and are written once there is a file",
			inject: func() error {
				if err := os.Rename(log, log+".2"); err != nil {
					return err
				}
				if err := os.Mkdir(log, 0o700); err != nil {
					return err
				}
				return b.cmd.Process.Signal(syscall.SIGHUP)
			},
			repair: func() error { return os.Remove(log) },
			signs:  []sign{said("events are not delivered; trying again"), sink("degraded"), alerted("sink_degraded:file"), unwell()},
			heals:  []sign{sink("ok"), {"", func(*glance) bool { return read(t, log) != "" }}},
		},
		{
			name: "SIGSTOP, and SIGCONT 5 s later", then: "what is too old is dropped",
			hits: b.cameras,
			inject: func() error {
				began := time.Now()
				b.signal(syscall.SIGSTOP)
				wait(t, patience, "5 s", func() bool { return time.Since(began) > 5*time.Second })
				b.signal(syscall.SIGCONT)
				return nil
			},
			signs: []sign{gapped("yard")},
		},
		{
			name: "API client stopped", then: "it is let go after 10 s; it may come again",
			inject: func() error {
				client = start(t, setup{args: []string{"ctl", "watch", "--rate", "60"}, env: []string{"XDG_RUNTIME_DIR=" + run}})
				client.until(patience, "a state", func() bool { return client.stdout.String() != "" })
				client.signal(syscall.SIGSTOP)
				return nil
			},
			repair: func() error {
				client.signal(syscall.SIGCONT)
				if client.status(patience); client.stderr.String() == "" {
					return errors.New("the client does not say why it ends")
				}
				return api.do(http.MethodGet, "/state", "")
			},
			signs: []sign{said("a client of the API does not read its stream")},
		},
		{
			name: "file descriptors exhausted", then: "what has its files works on; what needs another one is tried again",
			hits: []string{"web"}, blind: true,
			inject: func() (err error) {
				restore, err = b.limit(unix.RLIMIT_NOFILE, 8)
				web.frozen.Store(true)
				return err
			},
			repair: func() error { web.frozen.Store(false); return restore() },
			signs: []sign{
				said("camera stalled"), said("too many open files"),
				{"events of the rest go on", func(l *glance) bool { return eventsAfter(b, l, "yard") >= 3 }},
			},
		},
		{
			name: "1,000 detectors attached and detached", then: "each works until it is detached",
			inject: func() error {
				go func() { churned <- api.churn(1000) }() // receiving from it means that churn has ended
				return nil
			},
			signs: []sign{said("API command"), {"all of them done", func(*glance) bool {
				select {
				case err := <-churned:
					if err != nil {
						b.t.Fatal(err)
					}
					return true
				default:
					return false
				}
			}}},
		},
	})
	// Whatever happened to the event log, each event is in one of its files, or counted as
	// dropped.
	var logged []string
	for _, name := range []string{log + ".1", log + ".2", log} {
		logged = append(logged, loggedEvents(t, name)...)
	}
	want, dropped := len(b.stdout.lines()), int(b.last.metrics[`rvo_sink_drops_total{sink="file"}`])
	if len(logged)+dropped != want && !t.Failed() {
		t.Errorf("%d events in the files of the event log and %d dropped, %d on standard output", len(logged), dropped, want)
	}
}

// garbled is what a disk may turn a file into.
func garbled() string {
	random, text := rand.New(rand.NewPCG(1, 2)), make([]byte, 4096)
	for i := range text {
		text[i] = byte(random.Uint32())
	}
	return string(text)
}

// eventsAfter counts the events of a camera on standard output since the fault began.
func eventsAfter(b *testbed, l *glance, camera string) (n int) {
	for _, line := range b.stdout.lines() {
		var at time.Time
		if _, rest, ok := strings.Cut(line, `"camera":"`+camera+`","time":"`); ok {
			stamp, _, _ := strings.Cut(rest, `"`)
			at, _ = time.Parse(time.RFC3339Nano, stamp)
		}
		if at.After(b.began) {
			n++
		}
	}
	return n
}

// playStorm has forty rules fire with each frame: twice as many events as needed.
func playStorm(t *testing.T, r *faultResults) {
	run := runtimeDir(t)
	const rules = 40
	b := &testbed{
		cameras: []string{"yard"}, detectors: []string{"yard/motion", "yard/one"},
		program: start(t, setup{
			config: faultYard + faultRest + "[[detector]]\nname = \"one\"\nkind = \"dummy\"\nmax_fps = 60\n" + busyRules(rules, false),
			env:    []string{"XDG_RUNTIME_DIR=" + run},
			args:   []string{"--no-ui", "--metrics-listen", "127.0.0.1:0", "--event-log", "events"},
		}),
	}
	api := newAPIClient(filepath.Join(run, "rvo-tui", "control.sock"))
	t.Cleanup(api.CloseIdleConnections)
	all := func(what string) func() error {
		return func() error {
			for i := range rules {
				if err := api.do(http.MethodPost, fmt.Sprintf("/cameras/yard/rules/busy%d/%s", i, what), ""); err != nil {
					return err
				}
			}
			return nil
		}
	}
	sum := func(metrics map[string]float64, prefix string) (n float64) {
		for series, v := range metrics {
			if strings.HasPrefix(series, prefix) {
				n += v
			}
		}
		return n
	}
	const fired = `rvo_events_total{camera="yard",`
	var from time.Time
	var first float64
	b.playAll(t, "program", r, []faultRow{{
		name: "500 events in a second", then: "each is written, or counted as dropped", inject: all("enable"), repair: all("disable"),
		signs: []sign{{"`rvo_events_total`", func(l *glance) bool {
			n, took := sum(l.metrics, fired), l.at.Sub(from)
			enough := !from.IsZero() && took > 900*time.Millisecond && (n-first)/took.Seconds() >= 500
			if took > 2*time.Second {
				from, first = l.at, n
			}
			return enough
		}}},
		lasts: 3 * time.Second,
		heals: []sign{{"", func(l *glance) bool { // each event is written, or counted as dropped
			n := sum(l.metrics, fired)
			for _, sink := range []string{"stdout", "file"} {
				if l.metrics[`rvo_sink_written_total{sink="`+sink+`"}`]+l.metrics[`rvo_sink_drops_total{sink="`+sink+`"}`] != n {
					return false
				}
			}
			return true
		}}},
	}})
}
