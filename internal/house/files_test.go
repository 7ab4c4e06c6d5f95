package house

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sleepers are the test files that may call time.Sleep outside a synctest bubble, and why.
var sleepers = map[string]string{
	"e2e/screen_cost_test.go":      "what is measured for a while, on request",
	"e2e/web_cost_test.go":         "what is measured for a while, on request",
	"e2e/screenshot_test.go":       "the screen to be drawn whole, and an escape that is no sequence, on request",
	"e2e/pty_test.go":              "plays a slow line between a terminal and the program",
	"clips/begin_test.go":          "sleeps within inBubble",
	"clips/crash_test.go":          "kills processes that write to a real disk",
	"clips/packet_fixture_test.go": "plays cameras within the bubbles of others",
	"clips/times_test.go":          "sleeps within inBubble",
	"capture/libav/stream_test.go": "asks a real server until it answers",

	"e2e/mqtt_hostile_test.go":          "measures a program for a given time",
	"runtime/sink/mqtt/mirror_test.go":  "waits until a real broker counts as gone, and for what must not come",
	"runtime/sink/mqtt/hostile_test.go": "plays a broker that hangs",
}

// vague names say nothing about the contents of a package.
var vague = []string{"common", "helper", "helpers", "misc", "models", "types", "util", "utils"}

// maxDoc is the maximum number of lines of a package comment. Those of commands describe their
// usage, and may be longer.
const maxDoc = 5

// maxFiles is the maximum number of non-test files in a folder; more should be two folders.
const maxFiles = 20

// larger are the folders that have more, and why.
var larger = map[string]string{
	"capture": "a camera, its frames and its packets share what nobody else may touch: references, clocks and pools",
	"clips":   "a clip is one thing from the ring to the disk: what remembers, writes, finishes and deletes it shares its names",
}

// maxLines is the maximum length of a file with one subject.
const maxLines = 500

func TestPackagesHaveNamesThatSaySomething(t *testing.T) {
	for _, s := range sources(t) {
		if name := s.ast.Name.Name; slices.Contains(vague, name) {
			t.Errorf("%s: package %s: types live where they are born, and no package is named one of %v", s.name, name, vague)
		}
	}
}

// A new reader of a package starts with its comment.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	said := map[string]int{}
	for _, s := range sources(t) {
		if _, ok := said[s.dir()]; !ok {
			said[s.dir()] = 0
		}
		switch doc := s.ast.Doc; {
		case ast.IsGenerated(s.ast):
			said[s.dir()] = 1 // the .proto file has it
		case doc != nil:
			said[s.dir()] += len(doc.List)
			if s.ast.Name.Name != "main" && said[s.dir()] > maxDoc {
				t.Errorf("%s: the package comment has %d lines, more than %d", s.name, said[s.dir()], maxDoc)
			}
		}
	}
	for dir, lines := range said {
		if lines == 0 {
			t.Errorf("%s: the package has no comment that says what it is", dir)
		}
	}
}

func TestNothingRunsByItself(t *testing.T) {
	for _, s := range sources(t) {
		if ast.IsGenerated(s.ast) {
			continue
		}
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: an init function: main wires the program, nothing registers itself", s.fset.Position(f.Pos()))
			}
		}
	}
}

// A test that sleeps is slow, or fails on a busy machine; in a bubble it does neither.
func TestTestsDoNotSleep(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test() || slices.Contains(s.imports(), "testing/synctest") || sleepers[s.name] != "" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && call.Sel.Name == "Sleep" {
				if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" {
					t.Errorf("%s: time.Sleep in real time: test it in a synctest bubble, or say in files_test.go what it waits for", s.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
	for name := range sleepers {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("files_test.go allows %s to sleep: %v", name, err)
		}
	}
}

func TestFilesHaveOneSubject(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.lines(); n > maxLines && !ast.IsGenerated(s.ast) {
			t.Errorf("%s has %d lines: a file has one subject, and at most %d", s.name, n, maxLines)
		}
	}
}

func TestFoldersAreAHandfulOfSubjects(t *testing.T) {
	files := map[string]int{}
	for _, s := range sources(t) {
		if !s.test() && !ast.IsGenerated(s.ast) {
			files[s.dir()]++
		}
	}
	for dir, n := range files {
		if n > maxFiles && larger[dir] == "" {
			t.Errorf("%s has %d files, at most %d: split it, or say in files_test.go why not", dir, n, maxFiles)
		}
	}
	for dir := range larger {
		if files[dir] <= maxFiles {
			t.Errorf("files_test.go allows %s more than %d files, but it has %d", dir, maxFiles, files[dir])
		}
	}
}
