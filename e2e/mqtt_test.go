package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// broker is a real broker, and the messages that a subscriber got from it.
type broker struct {
	t      testing.TB
	host   string
	port   string
	inside []string // words before a program that runs where the broker does
	cmd    *exec.Cmd
	path   string
	file   string
	got    *output // "topic payload" lines
}

// newBroker starts mosquitto in a network namespace (empty: this one) and a subscriber to all
// topics.
func newBroker(t testing.TB, namespace, host string) *broker {
	t.Helper()
	b := &broker{t: t, host: host, port: quietPort(t), path: "/usr/sbin/mosquitto", got: new(output)}
	if found, err := exec.LookPath("mosquitto"); err == nil {
		b.path = found
	}
	if _, err := os.Stat(b.path); err != nil {
		t.Skip("mosquitto is missing: apt install mosquitto mosquitto-clients")
	}
	tool(t, "mosquitto_sub", "mosquitto-clients")
	if namespace != "" {
		b.inside = []string{"ip", "netns", "exec", namespace}
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b.file = filepath.Join(dir, "mosquitto.conf")
	write(t, b.file, fmt.Sprintf("listener %s %s\nallow_anonymous true\npersistence true\npersistence_location %s/\nmax_queued_messages 0\nuser root\n", b.port, host, dir))
	b.start()
	t.Cleanup(b.stop)
	sub := b.command("mosquitto_sub", "-h", host, "-p", b.port, "-V", "mqttv5", "-i", "e2e", "-c", "-x", "3600", "-q", "1", "-t", "rvo-tui/+/events/#", "-F", "%t %p")
	sub.Stdout = b.got
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Process.Kill(); _ = sub.Wait() })
	wait(t, patience, "the subscriber", func() bool { b.hello(); return len(b.got.lines()) > 0 })
	return b
}

// command returns a command that runs in the broker's namespace.
func (b *broker) command(words ...string) *exec.Cmd {
	words = append(slices.Clone(b.inside), words...)
	return exec.Command(words[0], words[1:]...)
}

func (b *broker) start() {
	b.t.Helper()
	b.cmd = b.command(b.path, "-c", b.file)
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	wait(b.t, patience, "the broker", b.hello)
}

// hello reports whether the broker accepts a message.
func (b *broker) hello() bool {
	return b.command("mosquitto_pub", "-h", b.host, "-p", b.port, "-t", "rvo-tui/e2e/events/hello", "-m", "{}").Run() == nil
}

func (b *broker) stop() {
	_ = b.cmd.Process.Signal(syscall.SIGCONT) // it may have ended
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	_ = b.cmd.Wait()
}

// retained returns the retained messages of the broker.
func (b *broker) retained() map[string]string {
	b.t.Helper()
	out, _ := b.command("mosquitto_sub", "-h", b.host, "-p", b.port, "-t", "#", "-W", "1", "-F", "%t %p", "--retained-only").Output()
	kept := map[string]string{}
	for line := range strings.Lines(string(out)) {
		topic, payload, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		kept[topic] = payload
	}
	return kept
}

// events returns the IDs of the events that arrived, in order.
func (b *broker) events() (ids []string) {
	for _, line := range b.got.lines() {
		var e struct {
			ID string `json:"event_id"`
		}
		_, payload, _ := strings.Cut(line, " ")
		if err := json.Unmarshal([]byte(payload), &e); err != nil {
			b.t.Fatalf("line %q: %v", line, err)
		}
		if e.ID != "" {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// arrived compares what arrived with the event log: everything, in order, and duplicates only
// with the same ID.
func (b *broker) arrived(logged []string) {
	b.t.Helper()
	ids := b.events()
	first := map[string]int{}
	for i, id := range ids {
		if _, known := first[id]; !known {
			first[id] = i
		}
	}
	place := -1
	for _, id := range logged {
		at, ok := first[id]
		switch {
		case !ok:
			b.t.Errorf("event %s of the event log never arrived", id)
			continue
		case at < place:
			b.t.Errorf("event %s arrived before the one ahead of it", id)
		}
		place = at
	}
	b.t.Logf("%d events in the log, all arrived in order; %d messages twice with the same ID", len(logged), len(ids)-len(first))
}

// busyMQTT is a program with many events from a camera with a given name.
func busyMQTT(camera, server string, rules int, enabled bool) string {
	calm := strings.ReplaceAll(busyRules(rules, enabled), `"1ms"`, `"40ms"`) // a slow machine must keep up
	return strings.ReplaceAll(busyCamera, "street", camera) + calm + fmt.Sprintf(`
[events]
log = "events.jsonl"
[mqtt]
server = %q
keep_alive = "2s"
discovery = "homeassistant"
`, server)
}

// Every event of the event log arrives, in order, even if the broker is stopped and restarted and
// the program is killed repeatedly. States are right after each connection, and nothing of an old
// camera stays. RVO_OUTBOX=all runs it at full length.
func TestMQTTLosesNothing(t *testing.T) {
	kills, least, rules := 3, 120, 2
	if os.Getenv("RVO_OUTBOX") == "all" {
		kills, least, rules = 10, 1000, 5
	}
	const host = "127.0.0.1"
	b := newBroker(t, "", host)
	server := "mqtt://" + host + ":" + b.port
	dir := t.TempDir()
	log := filepath.Join(dir, "events.jsonl")
	for i := range kills {
		before := len(loggedEvents(t, log))
		p := start(t, setup{dir: dir, config: busyMQTT("street", server, rules, true), args: []string{"--no-ui"}})
		grown := func(share int) func() bool {
			return func() bool { return len(loggedEvents(t, log)) >= before+share*least/kills/3+1 }
		}
		p.until(patience, "the first events", grown(1))
		switch i % 3 {
		case 0:
			b.stop()
			p.until(patience, "events without a broker", grown(2))
			b.start()
		case 1:
			_ = b.cmd.Process.Signal(syscall.SIGSTOP)
			p.until(patience, "events while the broker hangs", grown(2))
			_ = b.cmd.Process.Signal(syscall.SIGCONT)
		}
		p.until(2*patience, "states after the connection", func() bool {
			kept := b.retained()
			return kept["rvo-tui/availability"] == "online" && kept["rvo-tui/street/availability"] == "online" && strings.Contains(kept["rvo-tui/street/signals/one/state"], `"known":true`)
		})
		p.until(patience, "more events", grown(3))
		p.signal(syscall.SIGKILL)
		<-p.done
		wait(t, patience, "the will message", func() bool { return b.retained()["rvo-tui/availability"] == "offline" })
		t.Logf("round %d: %d events logged, %d messages", i, len(loggedEvents(t, log)), len(b.events()))
	}
	logged := loggedEvents(t, log)
	if len(logged) < least {
		t.Fatalf("only %d events were logged", len(logged))
	}
	p := start(t, setup{dir: dir, config: busyMQTT("lane", server, rules, false), args: []string{"--no-ui"}})
	p.until(2*patience, "the last event", func() bool { return slices.Contains(b.events(), logged[len(logged)-1]) })
	p.until(patience, "the removal of what the old camera left", func() bool {
		kept := b.retained()
		for topic, payload := range kept {
			if strings.HasPrefix(topic, "rvo-tui/street/") || strings.Contains(payload, `"name":"street"`) {
				return false
			}
		}
		return kept["rvo-tui/lane/availability"] == "online"
	})
	p.stop()
	if kept := b.retained(); kept["rvo-tui/availability"] != "offline" {
		t.Errorf("after the end: %v", kept["rvo-tui/availability"])
	}
	b.arrived(logged)
}

// hosts are two namespaces with a cable between them.
type hosts struct {
	here, there string // namespaces
	address     string // of there
}

func newHosts(t testing.TB) hosts {
	t.Helper()
	tool(t, "ip", "iproute2")
	id := os.Getpid() % 10_000
	n := hosts{fmt.Sprintf("rvoa%d", id), fmt.Sprintf("rvob%d", id), "10.213.7.2"}
	ip := func(words string) error { return exec.Command("ip", strings.Fields(words)...).Run() }
	for _, namespace := range []string{n.here, n.there} {
		if err := ip("netns add " + namespace); err != nil {
			t.Skipf("no network namespaces here: %v", err)
		}
		t.Cleanup(func() { _ = ip("netns delete " + namespace) })
	}
	for _, words := range []string{
		fmt.Sprintf("link add cable netns %s type veth peer name cable netns %s", n.here, n.there),
		"-n " + n.here + " addr add 10.213.7.1/30 dev cable", "-n " + n.there + " addr add 10.213.7.2/30 dev cable",
		"-n " + n.here + " link set cable up", "-n " + n.there + " link set cable up",
		"-n " + n.here + " link set lo up", "-n " + n.there + " link set lo up",
	} {
		if err := ip(words); err != nil {
			t.Skipf("no network namespaces here: ip %s: %v", words, err)
		}
	}
	return n
}

// cable pulls the cable out, or plugs it in.
func (n hosts) cable(t testing.TB, state string) {
	t.Helper()
	if out, err := exec.Command("ip", "-n", n.there, "link", "set", "cable", state).CombinedOutput(); err != nil {
		t.Fatalf("cable %s: %v: %s", state, err, out)
	}
}

// Nothing is lost while the network is down, the program reports it, and states are right
// afterwards.
func TestMQTTWithoutNetwork(t *testing.T) {
	n := newHosts(t)
	b := newBroker(t, n.there, n.address)
	dir := t.TempDir()
	log := filepath.Join(dir, "events.jsonl")
	p := start(t, setup{
		bin: "ip", dir: dir, config: busyMQTT("street", "mqtt://"+n.address+":"+b.port, 2, true),
		args: []string{"netns", "exec", n.here, binary, "--no-ui"},
	})
	for range 2 {
		p.until(patience, "events", func() bool { return len(b.events()) > 0 && slices.Contains(b.events(), loggedEvents(t, log)[0]) })
		p.until(patience, "the state", func() bool { return b.retained()["rvo-tui/availability"] == "online" })
		n.cable(t, "down")
		before := len(loggedEvents(t, log))
		p.until(patience, "the will message", func() bool { return b.retained()["rvo-tui/availability"] == "offline" })
		p.until(patience, "events without a network", func() bool { return len(loggedEvents(t, log)) > before+50 })
		n.cable(t, "up")
		p.until(2*patience, "the state again", func() bool { return b.retained()["rvo-tui/availability"] == "online" })
	}
	logs := p.stderr.String()
	if !strings.Contains(logs, "an event could not be delivered") {
		t.Error("the log does not say that events are not delivered")
	}
	p.until(2*patience, "the last event", func() bool {
		logged := loggedEvents(t, log)
		return slices.Contains(b.events(), logged[len(logged)-1])
	})
	p.stop()
	logged := loggedEvents(t, log)
	wait(t, patience, "the events of the end", func() bool { return slices.Contains(b.events(), logged[len(logged)-1]) })
	b.arrived(logged)
}
