// Package onnx runs neural networks in ONNX files with ONNX Runtime. The library is
// opened with the first model. Without it, the kind can still be configured, and New
// returns an error that says what to do.
package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"rvo-tui/internal/text"
)

// libraryName is the file name of the library.
const libraryName = "libonnxruntime.so"

// Runtime is ONNX Runtime in this process, with its open models. It is safe for
// concurrent use.
type Runtime struct {
	mu      sync.Mutex // guards the fields below
	library string
	threads int
	models  map[string]*shared
}

// NewRuntime returns a runtime that has not opened the library yet.
func NewRuntime() *Runtime { return &Runtime{threads: 1, models: make(map[string]*shared)} }

// Tune sets the path of the library (empty: search for it) and the maximum number of
// threads per model (0: no limit), for models opened from now on.
func (r *Runtime) Tune(library string, threads int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.library, r.threads = library, threads
}

func (r *Runtime) tuned() (library string, threads int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.library, r.threads
}

// Version opens the library and returns its version. If the library is missing, the
// error says what to do.
func (r *Runtime) Version() (string, error) {
	library, _ := r.tuned()
	return openLibrary(library)
}

// candidates returns possible paths of the library, best first. Names without a
// directory use the system's search path.
func candidates(configured string) []string {
	if configured != "" {
		return []string{configured}
	}
	list := []string{libraryName + ".1", libraryName}
	for _, dir := range []string{"/usr/local/lib", "/opt/onnxruntime/lib"} {
		list = append(list, filepath.Join(dir, libraryName))
	}
	if program, err := os.Executable(); err == nil {
		dir := filepath.Dir(program)
		installed := filepath.Join(filepath.Dir(dir), "lib", "rvo-tui", libraryName)
		list = append([]string{filepath.Join(dir, libraryName), installed}, list...)
	}
	return list
}

// errMissing says what to do if no library was found.
func errMissing(configured string, err error) error {
	if configured != "" {
		return fmt.Errorf("open ONNX Runtime %q: %w: correct onnxruntime in [runtime], or leave it out", text.Clean(configured), err)
	}
	return fmt.Errorf("ONNX Runtime is missing: run make build, which puts %s next to the program, or set onnxruntime in [runtime] to its path", libraryName)
}
