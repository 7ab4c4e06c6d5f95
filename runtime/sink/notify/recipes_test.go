package notify

import (
	"os"
	"regexp"
	"testing"
)

// Every recipe of docs/notify.md is an address that check takes.
func TestRecipes(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/notify.md")
	must(t, err)
	rows := regexp.MustCompile("(?m)^\\| ([A-Za-z. -]+) \\| `([a-z]+://[^`]+)`").FindAllStringSubmatch(string(guide), -1)
	if len(rows) < 20 {
		t.Fatalf("found %d recipes", len(rows))
	}
	for _, row := range rows {
		if bad := problems(config(row[2], nil)); bad != nil {
			t.Errorf("%s: %q", row[1], bad)
		}
	}
}
