package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestLateLogFollowsTheDefault(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	log := slog.New(lateLog{}).With("part", "remote").WithGroup("g")
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	log.Info("hello", "n", 1)
	if line := out.String(); !strings.Contains(line, "level=INFO msg=hello part=remote g.n=1") {
		t.Errorf("logged %q", line)
	}
}
