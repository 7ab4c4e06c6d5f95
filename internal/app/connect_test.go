package app

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"rvo-tui/internal/cli"
	"rvo-tui/ui"
)

func TestConnectNeedsATerminal(t *testing.T) {
	flags, err := cli.Parse([]string{"connect"}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if ui.IsTerminal() {
		t.Skip("this test runs on a terminal")
	}
	if err := connect(context.Background(), testLoader(), flags); err == nil || !strings.Contains(err.Error(), "use rvo-tui ctl in scripts") {
		t.Errorf("got %v", err)
	}
}
