// Package house holds the tests of what no package can hold by itself: who imports
// whom, what a file may look like, and that the documents lead somewhere.
package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// imports says what the packages of each directory, and of those below it that
// are not named themselves, may import of this module. Imports follow the data: a
// frame is captured, a detector looks at it, a rule judges, evidence is kept, the
// runtime moves all of it, and the screens show it.
var imports = map[string][]string{
	".":               {"internal/app"},
	"internal/app":    {"capture", "capture/mjpeg", "capture/opencv", "capture/synthetic", "clips", "detectors", "detectors/opencv", "detectors/remote", "detectors/remote/child", "internal/cli", "internal/config", "rules", "runtime", "runtime/control", "runtime/engine", "ui", "ui/web", "bench"},
	"internal/config": {"capture", "capture/synthetic", "clips", "detectors", "internal/cli", "rules", "runtime", "runtime/control", "ui"},
	"internal/cli":    {"detectors"},
	"internal/house":  {},
	"internal/text":   {},

	"capture":           {},
	"capture/login":     {},
	"capture/mjpeg":     {"capture", "capture/login"},
	"capture/opencv":    {"capture"},
	"capture/synthetic": {"capture"},
	"detectors":         {"capture"},
	"detectors/opencv":  {"capture", "detectors"},
	"detectors/remote":  {"capture", "detectors", "proto"},

	"detectors/remote/child": {"capture", "detectors", "detectors/remote", "proto"},

	"rules":           {"capture", "detectors"},
	"clips":           {"capture", "detectors", "rules"},
	"runtime":         {"capture", "clips", "detectors", "rules", "runtime/engine"},
	"runtime/control": {"capture", "clips", "detectors", "detectors/remote", "proto", "rules", "runtime", "runtime/engine"},
	"runtime/engine":  {"detectors", "rules"},
	"runtime/testkit": {"capture", "capture/synthetic", "clips", "detectors", "rules", "runtime", "runtime/engine"},
	"ui":              {"capture", "capture/synthetic", "clips", "detectors", "rules", "runtime", "runtime/control", "runtime/engine"},
	"ui/web":          {"capture", "clips", "detectors", "rules", "runtime", "ui"},
	"bench":           {"capture", "capture/synthetic", "clips", "detectors", "detectors/remote", "proto", "rules", "runtime", "runtime/engine", "runtime/testkit", "ui"},
	"bench/plot":      {},
	"proto":           {},
	"e2e":             {},
	"examples":        {"proto"},
}

// leaves import nothing of this module, and everybody may import them.
var leaves = []string{"internal/text"}

// forTests is what tests may import besides: what makes pictures, and what they
// test each other with.
var forTests = []string{"capture", "capture/login/logintest", "capture/synthetic", "capture/opencv", "detectors", "detectors/opencv", "detectors/remote", "detectors/remote/child", "proto", "runtime/testkit"}

// onlyStd is who imports nothing from outside the standard library, and the
// modules that they may import for all that.
var onlyStd = map[string][]string{
	"capture":          {},
	"capture/login":    {"github.com/icholy/digest"},
	"capture/opencv":   {"golang.org/x/sys"},
	"detectors":        {},
	"detectors/opencv": {},
	"internal/text":    {},
	"detectors/remote": {"google.golang.org/grpc", "google.golang.org/protobuf", "golang.org/x/sys"},
	"rules":            {},
	"clips":            {"golang.org/x/image", "golang.org/x/sys"},
	"proto":            {"google.golang.org/grpc", "google.golang.org/protobuf"},
}

// onlyFor says who alone may import something, and why.
var onlyFor = []struct {
	path string
	dirs []string
	why  string
}{
	{"C", []string{"capture/opencv", "detectors/opencv"}, "everything else builds without cgo"},
	{"gocv.io/x/gocv", []string{"capture/opencv", "detectors/opencv", "examples"}, "everything else builds without OpenCV"},
	{"charm.land", []string{"ui"}, "nothing but the dashboard knows a terminal"},
	{"gonum.org/v1/plot", []string{"bench/plot"}, "it would make the program 8 MB larger"},
	{"google.golang.org/grpc", []string{"detectors/remote", "proto", "examples", "bench", "runtime"}, "the live path knows no network"},
	{"github.com/alecthomas/kong", []string{"internal/cli"}, "the command line belongs to the program"},
	{"github.com/pelletier/go-toml", []string{"internal/config"}, "the file format belongs to the program"},
}

// sleepers are the tests that wait in real time, and for what. Elsewhere time in
// tests is that of a synctest bubble.
var sleepers = map[string]string{
	"clips/crash_test.go":            "kills processes that write to a real disk",
	"capture/opencv/helpers_test.go": "asks a real server until it answers",
}

// vague names say nothing about what a package holds.
var vague = []string{"common", "helper", "helpers", "misc", "models", "types", "util", "utils"}

// maxLines is what a file of one subject stays below.
const maxLines = 500

// source is a Go file of the module.
type source struct {
	name string // with slashes, from the root of the module
	text []byte
	ast  *ast.File
	fset *token.FileSet
}

func (s source) dir() string { return path.Dir(s.name) }
func (s source) test() bool  { return strings.HasSuffix(s.name, "_test.go") }
func (s source) lines() int  { return bytes.Count(s.text, []byte("\n")) }

// imports returns the import paths of the file.
func (s source) imports() []string {
	var paths []string
	for _, i := range s.ast.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}

// sources reads every Go file of the module, those of other systems and without
// cgo included.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		base := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || slices.Contains([]string{"bin", "evidence", "testdata", "tools"}, base)):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(base, ".go"):
			return nil
		}
		s := source{name: name, fset: token.NewFileSet()}
		if s.text, err = os.ReadFile(filepath.Join(root, name)); err != nil {
			return err
		}
		if s.ast, err = parser.ParseFile(s.fset, s.name, s.text, parser.ParseComments); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// under reports whether a path is one of the roots or below it.
func under(name string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return name == root || strings.HasPrefix(name, root+"/")
	})
}

// nearest returns the longest key that is the directory or above it.
func nearest[V any](m map[string]V, dir string) (key string, found bool) {
	for k := range maps.Keys(m) {
		if (k == dir || strings.HasPrefix(dir, k+"/")) && (!found || len(k) > len(key)) {
			key, found = k, true
		}
	}
	return key, found
}

const module = "rvo-tui"

// root is the directory of the module.
const root = "../.."

func TestImportsFollowTheData(t *testing.T) {
	for _, s := range sources(t) {
		dir := s.dir()
		home, ok := nearest(imports, dir)
		if !ok {
			t.Errorf("%s: the house has no place for the directory %s: say in house_test.go what it may import", s.name, dir)
			continue
		}
		allowed := imports[home]
		if s.test() && home != "e2e" { // which sees the program from outside alone
			allowed = append(slices.Clone(allowed), forTests...)
		}
		for _, imported := range s.imports() {
			switch {
			case imported == module:
				t.Errorf("%s imports package main: nobody imports the program", s.name)
			case strings.HasPrefix(imported, module+"/"):
				if to := strings.TrimPrefix(imported, module+"/"); !fits(to, dir, allowed) {
					t.Errorf("%s imports %s: imports follow the data, and %s may import of the module only %v", s.name, to, home, imports[home])
				}
			}
		}
	}
}

// fits reports whether one directory may import another: itself (a test of the
// package from outside), or what is allowed. Generated code counts as its root.
func fits(to, dir string, allowed []string) bool {
	return to == dir || slices.Contains(allowed, to) || slices.Contains(leaves, to) || slices.Contains(allowed, "proto") && under(to, "proto")
}

func TestModulesStayWhereTheyBelong(t *testing.T) {
	for _, s := range sources(t) {
		std, bound := nearest(onlyStd, s.dir())
		for _, imported := range s.imports() {
			first, _, _ := strings.Cut(imported, "/")
			if bound && !s.test() && strings.Contains(first, ".") && !under(imported, onlyStd[std]...) {
				t.Errorf("%s imports %s: beyond the standard library %s imports only %v", s.name, imported, std, onlyStd[std])
			}
			for _, rule := range onlyFor {
				if under(imported, rule.path) && !allowedIn(s, rule.dirs) {
					t.Errorf("%s imports %s, which is for %v alone: %s", s.name, imported, rule.dirs, rule.why)
				}
			}
		}
	}
}

// allowedIn reports whether a file lies in one of the directories, or below it.
func allowedIn(s source, dirs []string) bool {
	dir := s.dir()
	return slices.Contains(dirs, dir) || under(dir, slices.DeleteFunc(slices.Clone(dirs), func(d string) bool { return d == "." })...)
}

func TestPackagesHaveNamesThatSaySomething(t *testing.T) {
	for _, s := range sources(t) {
		if name := s.ast.Name.Name; slices.Contains(vague, name) {
			t.Errorf("%s: package %s: types live where they are born, and no package is named one of %v", s.name, name, vague)
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

// A test that sleeps is slow, or fails on a busy machine; in a bubble it is
// neither. Helpers of bubbles may live in another file of the package.
func TestTestsDoNotSleep(t *testing.T) {
	all := sources(t)
	bubbles := map[string]bool{}
	for _, s := range all {
		if s.test() && slices.Contains(s.imports(), "testing/synctest") {
			bubbles[s.dir()] = true
		}
	}
	for _, s := range all {
		if !s.test() || bubbles[s.dir()] || sleepers[s.name] != "" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && call.Sel.Name == "Sleep" {
				if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" {
					t.Errorf("%s: time.Sleep in real time: test it in a synctest bubble, or say in house_test.go what it waits for", s.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

func TestFilesHaveOneSubject(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.lines(); n > maxLines && !ast.IsGenerated(s.ast) {
			t.Errorf("%s has %d lines: a file has one subject, and at most %d", s.name, n, maxLines)
		}
	}
	for name := range sleepers {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("house_test.go lets %s sleep: %v", name, err)
		}
	}
}
