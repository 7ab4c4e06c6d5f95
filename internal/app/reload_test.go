package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// The current file is the one that is reloaded, and if it is missing nothing changes.
func TestReloadKeepsToItsFile(t *testing.T) {
	loader := testLoader()
	t.Chdir(t.TempDir())
	const text = "[[camera]]\nname = \"door\"\nsource = \"synthetic:street\"\n"
	if err := os.WriteFile("rvo.toml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loader.Load(cli.Flags{})
	if err != nil || cfg.File != "rvo.toml" || cfg.Sum != sha256.Sum256([]byte(text)) {
		t.Fatalf("read %q with sum %x, %v", cfg.File, cfg.Sum, err)
	}
	if err := os.Remove("rvo.toml"); err != nil {
		t.Fatal(err)
	}
	counts := runtime.NewReloads(time.Now())
	again := &reloader{loader: loader, counts: counts, log: slog.New(slog.DiscardHandler), cfg: cfg}
	var bad *config.Error
	if err := again.reload(t.Context()); !errors.As(err, &bad) {
		t.Errorf("a file that has gone: %v, want a *config.Error", err)
	}
	v := counts.View()
	if v.Last != runtime.ReloadInvalid || !strings.Contains(v.Reason, "no such file") || v.Results[2] != (engine.Count{Reason: runtime.ReloadInvalid, N: 1}) {
		t.Errorf("counted %+v", v)
	}
}

// A file that is edited by hand shows as changed until it is read again, with and without watch.
func TestChangedFileShows(t *testing.T) {
	loader := testLoader()
	t.Chdir(t.TempDir())
	const text = "[[camera]]\nname = \"door\"\nsource = \"synthetic:street\"\n"
	put := func(text string) {
		if err := os.WriteFile("rvo.toml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(text)
	cfg, err := loader.Load(cli.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		counts := runtime.NewReloads(time.Now())
		again := &reloader{loader: loader, counts: counts, log: slog.New(slog.DiscardHandler), cfg: cfg}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			again.watch(ctx, false)
		}()
		for _, step := range []struct {
			text string
			want bool
		}{{text, false}, {text + "# by hand\n", true}, {text, false}} {
			put(step.text)
			time.Sleep(3 * time.Second)
			if got := counts.View().Changed; got != step.want {
				t.Errorf("%q: changed %v, want %v", step.text, got, step.want)
			}
		}
		stop()
		<-done
	})
}
