package house

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// opens are the functions that open a path and may block: a FIFO without a writer, or a device,
// may never answer.
var opens = []string{"os.Open", "os.OpenFile", "os.ReadFile", "tls.LoadX509KeyPair"}

// openers are the non-test files that may call them, and why.
var openers = map[string]string{
	"internal/fileio/open.go":            "is where regular files are opened",
	"internal/fileio/replace.go":         "opens a directory, to sync it",
	"internal/config/load.go":            "reads a configuration through a shell's pipe, too, for a bounded time",
	"internal/app/init.go":               "makes a new file (O_EXCL)",
	"internal/migrate/file.go":           "makes a new file (O_EXCL)",
	"internal/stdio/stderr.go":           "opens /dev/null",
	"internal/stdio/stdout.go":           "opens /dev/null",
	"clips/avi.go":                       "makes a new file (O_EXCL)",
	"ui/act.go":                          "makes a new file (O_EXCL)",
	"ui/run.go":                          "opens /dev/null",
	"ui/tty/job.go":                      "opens /proc and the terminal",
	"runtime/api/peer.go":                "reads /proc",
	"detectors/remote/child/detector.go": "reads /proc",
}

func TestFilesAreOpenedWithoutWaiting(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.name, "_test.go") || under(s.name, "bench", "e2e", "examples", "runtime/testkit", "scripts", "sdk") {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			f, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := f.X.(*ast.Ident)
			if !ok || !slices.Contains(opens, pkg.Name+"."+f.Sel.Name) {
				return true
			}
			if used[s.name] = true; openers[s.name] == "" {
				t.Errorf("%s calls %s.%s: use fileio.Open or fileio.Read, which take regular files alone and never wait", s.name, pkg.Name, f.Sel.Name)
			}
			return true
		})
	}
	for name := range openers {
		if !used[name] {
			t.Errorf("%s opens nothing any more: take it out of openers", name)
		}
	}
}
