package metrics

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// panel is the part of a Grafana panel that is checked.
type panel struct {
	ID      int    `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ H, W, X, Y int }
	Targets []struct {
		Expr  string `json:"expr"`
		RefID string `json:"refId"`
	} `json:"targets"`
	Panels []panel `json:"panels"`
}

type dashboard struct {
	Title         string  `json:"title"`
	UID           string  `json:"uid"`
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []panel `json:"panels"`
	Templating    struct {
		List []struct {
			Name       string `json:"name"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct {
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("../../examples/grafana/rvo-tui.json")
	must(t, err)
	var d dashboard
	must(t, json.Unmarshal(text, &d))
	return d
}

// exprs returns all queries of a dashboard.
func (d dashboard) exprs() (list []string) {
	for _, p := range d.Panels {
		for _, tt := range p.Targets {
			list = append(list, tt.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		list = append(list, a.Expr)
	}
	return list
}

// usesMetrics fails the test for every rvo_* in a text that no scrape has.
func usesMetrics(t *testing.T, what, text string) (found int) {
	t.Helper()
	known := described()
	for _, name := range regexp.MustCompile(`\brvo_[a-z0-9_]+`).FindAllString(text, -1) {
		found++
		bare := name
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			bare = strings.TrimSuffix(bare, end)
		}
		if !slices.Contains(known, name) && !slices.Contains(known, bare) {
			t.Errorf("%s asks for %s, which does not exist", what, name)
		}
	}
	return found
}

// Grafana can lay out the dashboard, and its metrics exist.
func TestGrafanaDashboard(t *testing.T) {
	d := readDashboard(t)
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 30 || len(d.Panels) < 20 {
		t.Fatalf("title %q, uid %q, schema %d, %d panels", d.Title, d.UID, d.SchemaVersion, len(d.Panels))
	}
	known := regexp.MustCompile(`^(row|stat|timeseries|state-timeline)$`)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" || !known.MatchString(p.Type) {
			t.Errorf("panel %q: id %d, type %q", p.Title, p.ID, p.Type)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("panel %q lies at %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("panels %q and %q lie on each other", other, p.Title)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if refs[q.RefID] || q.RefID == "" {
				t.Errorf("panel %q: two queries %q", p.Title, q.RefID)
			}
			refs[q.RefID] = true
			if !regexp.MustCompile(`\b(rvo|go|process)_|\bup\{`).MatchString(q.Expr) {
				t.Errorf("panel %q asks %q", p.Title, q.Expr)
			}
			usesMetrics(t, "panel "+p.Title, q.Expr)
		}
		if len(refs) == 0 {
			t.Errorf("panel %q asks nothing", p.Title)
		}
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		usesMetrics(t, "variable "+v.Name, v.Definition)
	}
	for _, e := range d.exprs() {
		for _, v := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(e, -1) {
			if v[1] != "__rate_interval" && !slices.Contains(variables, v[1]) {
				t.Errorf("%s: there is no variable %s", e, v[1])
			}
		}
	}
}

func TestAlertsAskForWhatThereIs(t *testing.T) {
	for _, file := range []string{"rvo-tui.rules.yml", "rvo-tui.rules.test.yml"} {
		text, err := os.ReadFile(filepath.Join("../../examples/prometheus", file))
		must(t, err)
		if n := usesMetrics(t, file, string(text)); n < 15 {
			t.Errorf("%s has only %d metrics", file, n)
		}
	}
}

// promtool runs Prometheus's own check and returns its output.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing: apt install prometheus")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = "../../examples/prometheus"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestAlertsWork(t *testing.T) {
	promtool(t, "check", "config", "prometheus.yml")
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", "rvo-tui.rules.yml")
	promtool(t, "test", "rules", "rvo-tui.rules.test.yml")
}

// Prometheus can parse every query of the dashboard. The test writes them as rules.
func TestGrafanaQueriesParse(t *testing.T) {
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	filled := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*", "$camera", ".*", "$detector", ".*")
	for i, e := range readDashboard(t).exprs() {
		rules = append(rules, rule{"query:" + strings.Repeat("x", i+1), filled.Replace(e)})
	}
	// JSON is valid YAML.
	text, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	must(t, err)
	file := filepath.Join(t.TempDir(), "queries.yml")
	must(t, os.WriteFile(file, text, 0o600))
	promtool(t, "check", "rules", file)
}
