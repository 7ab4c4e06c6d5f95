package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// prometheusAt matches the address in Prometheus's log.
var prometheusAt = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// ask sends a request to the API of a Prometheus, and decodes the data of the response.
func ask(address, path string, into any) error {
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Get("http://" + address + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	answer := struct {
		Status string `json:"status"`
		Error  string `json:"error"`
		Data   any    `json:"data"`
	}{Data: into}
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", answer.Status, answer.Error)
	}
	return nil
}

// A real Prometheus with the example rules scrapes the program, has the metrics of the
// dashboards, and notices when the program ends.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	prometheus := tool(t, "prometheus", "prometheus")
	p := start(t, setup{config: street, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(patience, "frames", func() bool { return p.metrics()[`rvo_camera_frames_total{camera="street"}`] > 0 })
	target := served.FindStringSubmatch(p.stderr.String())[1]

	dir := t.TempDir()
	config := read(t, "../examples/prometheus/prometheus.yml")
	for from, to := range map[string]string{"127.0.0.1:9090\"]": target + "\"]", "scrape_interval: 15s": "scrape_interval: 500ms", "evaluation_interval: 15s": "evaluation_interval: 500ms"} {
		if !strings.Contains(config, from) {
			t.Fatalf("examples/prometheus/prometheus.yml lacks %q", from)
		}
		config = strings.Replace(config, from, to, 1)
	}
	write(t, filepath.Join(dir, "prometheus.yml"), config)
	write(t, filepath.Join(dir, "rvo-tui.rules.yml"), read(t, "../examples/prometheus/rvo-tui.rules.yml"))
	server := start(t, setup{bin: prometheus, dir: dir, args: []string{
		"--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0",
	}})
	server.until(patience, "its address", func() bool { return prometheusAt.MatchString(server.stderr.String()) })
	at := prometheusAt.FindStringSubmatch(server.stderr.String())[1]
	value := func(query string) (float64, bool) {
		var data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		}
		if ask(at, "/api/v1/query?query="+url.QueryEscape(query), &data) != nil || len(data.Result) != 1 {
			return 0, false
		}
		text, _ := data.Result[0].Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		return v, err == nil
	}
	server.until(patience, "that the target is up", func() bool { v, ok := value(`up{job="rvo-tui"}`); return ok && v == 1 })
	for _, query := range []string{
		`rvo_camera_state{camera="street", state="live"} == 1`,
		`sum(rate(rvo_camera_frames_total{camera="street"}[5s])) > 0`,
		`histogram_quantile(0.99, sum by (le) (rate(rvo_frame_staleness_seconds_bucket[5s]))) >= 0`,
		`sum(rvo_events_total) > 0`,
		`rvo_reload_last_successful == 1`,
		// Prometheus counts as many series as the page itself, without go_* and process_*.
		`count({__name__=~"rvo_.*", job="rvo-tui"}) == on () rvo_metrics_series`,
	} {
		server.until(patience, query, func() bool { _, ok := value(query); return ok })
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Name, Health, LastError string
			} `json:"rules"`
		} `json:"groups"`
	}
	server.until(patience, "that all rules have been worked out", func() bool {
		if ask(at, "/api/v1/rules", &rules) != nil || len(rules.Groups) == 0 {
			return false
		}
		for _, r := range rules.Groups[0].Rules {
			if r.Health != "ok" {
				return false
			}
		}
		return len(rules.Groups[0].Rules) > 10
	})
	p.stop()
	server.until(patience, "that the target is down", func() bool { v, ok := value(`up{job="rvo-tui"}`); return ok && v == 0 })
	server.until(patience, "an alert that waits", func() bool {
		var data struct {
			Alerts []struct {
				Labels map[string]string `json:"labels"`
			} `json:"alerts"`
		}
		if ask(at, "/api/v1/alerts", &data) != nil {
			return false
		}
		for _, a := range data.Alerts {
			if a.Labels["alertname"] == "RvoDown" {
				return true
			}
		}
		return false
	})
	server.signal(syscall.SIGTERM)
	server.status(patience)
}
