package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostileBrokers are servers that accept an MQTT 5 connection and then misbehave.
var hostileBrokers = map[string]func(net.Conn){
	"silent": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
	"garbage": func(c net.Conn) {
		for line := []byte(strings.Repeat("\x00\xff\x30\x7f garbage", 300)); ; {
			if _, err := c.Write(line); err != nil {
				return
			}
		}
	},
	"flood": func(c net.Conn) {
		for messages := []byte(strings.Repeat("\x30\x15\x00\x0brvo-tui/set\x00disable", 300)); ; {
			if _, err := c.Write(messages); err != nil {
				return
			}
		}
	},
}

// hostile starts one of them.
func hostile(t testing.TB, behave func(net.Conn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 512)); err != nil {
					return
				}
				if _, err := c.Write([]byte("\x20\x03\x00\x00\x00")); err == nil {
					behave(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return ln.Addr().String()
}

// livePath is the cost of a run for the live path.
type livePath struct {
	tick    float64 // microseconds, mean of a step
	dropped float64 // share of frames
	cpu     float64 // milliseconds of the processor, a second
}

// watch runs the program for a while.
func watch(t testing.TB, mqtt string, lasts time.Duration) livePath {
	t.Helper()
	p := start(t, setup{args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}, config: strings.ReplaceAll(busyCamera, "[metrics]\nlisten = \"\"\n", "") +
		strings.ReplaceAll(busyRules(1, true), `"1ms"`, `"1s"`) + mqtt})
	p.until(patience, "a live camera", func() bool { return p.state("street", "live") })
	cpu := func() float64 {
		text := read(t, fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		user, _ := strconv.ParseFloat(f[11], 64)
		system, _ := strconv.ParseFloat(f[12], 64)
		return (user + system) * 10 // of hundredths of a second
	}
	before, spent, began := p.metrics(), cpu(), time.Now()
	time.Sleep(lasts)
	after := p.metrics()
	delta := func(series string) float64 { return after[series] - before[series] }
	drops := 0.
	for series := range after {
		if strings.HasPrefix(series, `rvo_frame_drops_total{camera="street"`) {
			drops += delta(series)
		}
	}
	v := livePath{
		tick:    delta(`rvo_tick_duration_seconds_sum{camera="street"}`) / delta(`rvo_tick_duration_seconds_count{camera="street"}`) * 1e6,
		dropped: drops / (drops + delta(`rvo_frames_seen_total{camera="street"}`)),
		cpu:     (cpu() - spent) / time.Since(began).Seconds(),
	}
	p.stop()
	return v
}

// The cost of a hostile broker for the live path: nine pairs of runs, without and with one,
// compared with the difference of two runs without. RVO_MQTT_PAIRS=5s runs it, with that much
// time for each run.
func TestMQTTHostileCost(t *testing.T) {
	lasts, err := time.ParseDuration(os.Getenv("RVO_MQTT_PAIRS"))
	if err != nil {
		t.Skip("RVO_MQTT_PAIRS is no time: make mqtt-test")
	}
	const pairs = 9
	for name, behave := range hostileBrokers {
		config := fmt.Sprintf("[mqtt]\nserver = \"mqtt://%s\"\ncommands = [\"all\"]\nkeep_alive = \"2s\"\n", hostile(t, behave))
		var same, differ [3][]float64
		var last livePath
		for i := range pairs {
			a, b := watch(t, "", lasts), watch(t, config, lasts)
			for k, v := range [3][2]float64{{a.tick, b.tick}, {a.dropped, b.dropped}, {a.cpu, b.cpu}} {
				differ[k] = append(differ[k], v[1]-v[0])
			}
			if i > 0 {
				for k, v := range [3][2]float64{{last.tick, a.tick}, {last.dropped, a.dropped}, {last.cpu, a.cpu}} {
					same[k] = append(same[k], max(v[1]-v[0], v[0]-v[1]))
				}
			}
			last = a
		}
		for k, what := range []string{"a step takes µs", "share of frames dropped", "processor ms a second"} {
			slices.Sort(differ[k])
			slices.Sort(same[k])
			median, spread := differ[k][pairs/2], same[k][len(same[k])-1]
			t.Logf("%s: %s: median of the differences %+.4f, of two runs without a broker at most %.4f", name, what, median, spread)
			if k < 2 && median > spread {
				t.Errorf("%s costs the live path something: %s: %+.4f", name, what, median)
			}
		}
	}
}
