package notify

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rvo-tui/runtime/sink/outbox"
)

// Check accepts the address of every example in docs/notify.md, and agrees with the page on which
// services support pictures and clips.
func TestRecipes(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/notify.md")
	must(t, err)
	rows := regexp.MustCompile("(?m)^\\| ([A-Za-z. -]+) \\| `([a-z]+://[^`]+)`").FindAllStringSubmatch(string(guide), -1)
	if len(rows) < 20 {
		t.Fatalf("found %d recipes", len(rows))
	}
	carry := regexp.MustCompile(`(?m)^\| ([A-Za-z, ]+) \| yes \| yes \|$`).FindStringSubmatch(string(guide))
	if carry == nil {
		t.Fatal("found no services that carry pictures")
	}
	for _, row := range rows {
		if bad := problems(config(row[2], nil)); bad != nil {
			t.Errorf("%s: %q", row[1], bad)
		}
		for _, attach := range []string{outbox.AttachThumb, outbox.AttachClip} {
			bad := problems(config(row[2], func(c *Config) { c.Attach = attach }))
			if want := slices.Contains(strings.Split(carry[1], ", "), row[1]); want != (bad == nil) {
				t.Errorf("%s carries a %s: the page says %v, check %q", row[1], attach, want, bad)
			}
		}
	}
}
