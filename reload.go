package main

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"sync"

	"rvo-tui/runtime"
)

// reloader reads the configuration of a run again and puts its cameras,
// detectors and rules in place while the run goes on. It is safe for concurrent
// use.
type reloader struct {
	loader Loader
	flags  Flags
	rt     *runtime.Runtime
	log    *slog.Logger

	mu  sync.Mutex // held for a whole reload: one at a time
	cfg Config     // in place
}

// reload puts in place what the configuration says now. One that is not valid
// changes nothing; its *ConfigError says why.
func (r *reloader) reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := r.loader.Load(r.flags)
	if err != nil {
		return err
	}
	err = r.rt.Do(ctx, runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
		Cameras: next.Camera, Detectors: next.Detector, Rules: next.Rule,
	}})
	if late := startOnly(r.cfg, next); len(late) > 0 {
		r.log.Warn("these sections have changed and count from the next start on", "sections", strings.Join(late, " "))
	}
	r.cfg.Camera, r.cfg.Detector, r.cfg.Rule = next.Camera, next.Detector, next.Rule
	if err == nil {
		r.log.Info("configuration read again", "config", next.File, "cameras", len(next.Camera), "detectors", len(next.Detector), "rules", len(next.Rule))
	}
	return err
}

// startOnly names the sections in which two configurations differ and that a
// running program does not change.
func startOnly(a, b Config) (names []string) {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i, f := range reflect.VisibleFields(va.Type()) {
		if f.Type.Kind() == reflect.Struct && !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			names = append(names, "["+keyOf(f)+"]")
		}
	}
	return names
}
