package house

import (
	"go/ast"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// without lists what a package must not import, even indirectly, and why.
var without = []struct {
	dir  string
	refs []string
	why  string
}{
	{"runtime/engine", []string{"net", "log/slog", "os/exec", "runtime/cgo"}, "Step is pure: the same inputs give the same actions"},
	{"rules", []string{"net", "os/exec", "runtime/cgo"}, "conditions are plain computation"},
	{"capture", []string{"net", "os/exec", "runtime/cgo"}, "each way to take video in is a package of its own"},
	{"detectors", []string{"net", "os/exec", "runtime/cgo"}, "each way to compute elsewhere is a package of its own"},
	{"clips", []string{"net", "os/exec", "runtime/cgo"}, "evidence goes to a disk"},
}

func TestPurePackagesStayPure(t *testing.T) {
	for _, w := range without {
		cmd := exec.Command("go", "list", "-deps", "./"+w.dir)
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("list what %s imports: %v", w.dir, err)
		}
		deps := strings.Fields(string(out))
		for _, ref := range w.refs {
			if slices.Contains(deps, ref) {
				t.Errorf("%s reaches %s: %s (go list -deps ./%s)", w.dir, ref, w.why, w.dir)
			}
		}
	}
}

// threadless are the packages that must not start goroutines: they run in that of their caller.
var threadless = []string{"rules", "runtime/engine"}

func TestNoGoroutineStartsInPureCode(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || !slices.Contains(threadless, s.dir()) {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a goroutine starts in %s", s.fset.Position(n.Pos()), s.dir())
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Go" {
					t.Errorf("%s: a goroutine starts in %s", s.fset.Position(n.Pos()), s.dir())
				}
			}
			return true
		})
	}
}

// maxEntries limits the number of entries in the root of the module.
const maxEntries = 26

func TestTheRootIsNearlyEmpty(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var shown, programs []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || slices.Contains([]string{"bin", "evidence"}, name) || strings.HasSuffix(name, ".log") {
			continue // hidden, or in .gitignore
		}
		shown = append(shown, name)
		if strings.HasSuffix(name, ".go") {
			programs = append(programs, name)
		}
	}
	if len(shown) > maxEntries {
		t.Errorf("the root has %d entries, at most %d: %v", len(shown), maxEntries, shown)
	}
	if !slices.Equal(programs, []string{"main.go"}) {
		t.Errorf("the root has %v: of the program it has main.go alone", programs)
	}
}
