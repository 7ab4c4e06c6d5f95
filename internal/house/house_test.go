// Package house tests what no package can test by itself: imports between packages, sizes of
// files, and links in documents.
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

// directions lists what the packages in each directory, and those below without a line of their
// own, may import from this module besides leaves. Imports follow the data: a frame is captured,
// a detector processes it, a rule evaluates, evidence is kept, the runtime drives all of it, and
// the dashboards show it.
const directions = `
.: internal/app
internal/app: *
internal/cli: capture clips detectors rules runtime
internal/config: capture capture/synthetic clips detectors internal/cli internal/listen internal/logging internal/starter internal/tomldoc rules runtime runtime/api runtime/api/client runtime/metrics runtime/sink runtime/sink/mqtt runtime/sink/notify runtime/sink/outbox ui ui/web
internal/complete: detectors internal/cli internal/config runtime/api/client
internal/starter:
internal/house:
internal/migrate: internal/cli internal/config rules
internal/modelcheck:
internal/stdio: internal/text
internal/text:
internal/tomldoc:
internal/option: internal/text
internal/asuser:
internal/backoff:
internal/fileio:
internal/fileio/pem:
internal/ring:
internal/listen: internal/fileio/pem
internal/logging: internal/text

capture:
capture/device: capture
capture/libav: capture capture/login capture/tlsverify
capture/login:
capture/mjpeg: capture capture/login capture/tlsverify
capture/rtsp: capture capture/login capture/tlsverify
capture/synthetic: capture
capture/tlsverify: capture
detectors: capture detectors/zone
detectors/onnx: capture detectors detectors/onnx/heads detectors/onnx/network
detectors/onnx/heads: detectors
detectors/onnx/network: capture detectors detectors/onnx/heads
detectors/opencv: capture detectors
detectors/remote: capture detectors internal/fileio/pem proto
detectors/remote/child: capture detectors detectors/remote proto
detectors/remote/oip: capture detectors detectors/onnx/heads detectors/onnx/network detectors/remote proto
detectors/track: capture detectors detectors/zone
detectors/zone:
rules: capture detectors detectors/track detectors/zone
clips: capture detectors rules

docs:

runtime: capture clips detectors detectors/zone internal/logging rules runtime/engine runtime/live
runtime/engine: detectors detectors/track detectors/zone rules
runtime/live: capture detectors runtime/engine
runtime/sink: rules runtime
runtime/sink/mqtt: capture clips detectors internal/fileio/pem internal/listen rules runtime runtime/engine runtime/sink/outbox
runtime/sink/notify: detectors detectors/remote/child internal/fileio/pem rules runtime/sink/outbox
runtime/sink/outbox: clips rules runtime runtime/engine
runtime/metrics: capture clips internal/listen internal/logging rules runtime runtime/engine
runtime/api: capture clips docs detectors detectors/remote internal/cli internal/listen internal/logging rules runtime runtime/engine runtime/live
runtime/api/client: capture clips detectors internal/cli internal/fileio/pem internal/listen internal/logging rules runtime runtime/api runtime/engine runtime/live
runtime/testkit: capture capture/synthetic clips detectors rules runtime runtime/engine runtime/sink

ui: capture capture/synthetic clips detectors detectors/zone internal/cli internal/logging rules runtime runtime/engine runtime/sink ui/draw ui/film ui/pane ui/query ui/remote ui/state ui/tty
ui/draw: detectors detectors/zone rules runtime
ui/remote: clips detectors internal/logging rules runtime runtime/api runtime/api/client
ui/film: capture clips runtime
ui/query: internal/logging rules runtime
ui/state:
ui/tty:
ui/pane: capture clips detectors detectors/zone internal/logging rules runtime runtime/engine ui/draw
ui/web:
bench: bench/compare bench/wait bench/workload capture capture/synthetic clips detectors runtime runtime/engine rules
bench/compare:
bench/wait:
bench/workload: bench/wait capture clips detectors detectors/remote internal/listen internal/logging proto rules runtime runtime/api runtime/api/client runtime/metrics runtime/sink ui
bench/plot:
bench/track: detectors detectors/track
proto:
e2e: sdk/go
examples: proto sdk/go
sdk/gen: docs
sdk/go: proto
`

// leaves may be imported by every package but another leaf. They are what three or more packages
// share.
var leaves = []string{"internal/text", "internal/option", "internal/backoff", "internal/fileio", "internal/ring"}

// forTests is what tests may import in addition: sources of frames, and test helpers.
var forTests = []string{"capture", "capture/libav", "capture/login/logintest", "capture/synthetic", "detectors", "detectors/onnx", "detectors/opencv", "detectors/remote", "detectors/remote/child", "detectors/remote/oip", "internal/modelcheck", "proto", "runtime/testkit"}

// onlyStd are the packages that import nothing outside the standard library, with their
// exceptions.
var onlyStd = map[string][]string{
	"capture":           {},
	"capture/device":    {"github.com/blackjack/webcam", "golang.org/x/sys"},
	"capture/libav":     {"golang.org/x/sys"},
	"capture/login":     {"github.com/icholy/digest"},
	"capture/rtsp":      {"github.com/icholy/digest", "github.com/pion"},
	"capture/synthetic": {},
	"detectors":         {},
	"detectors/onnx":    {"github.com/yalue/onnxruntime_go", "golang.org/x/sys"},
	"detectors/opencv":  {"gocv.io/x/gocv"},
	"detectors/remote":  {"google.golang.org/grpc", "google.golang.org/protobuf", "golang.org/x/sys"},
	"rules":             {},
	"clips":             {"golang.org/x/image", "golang.org/x/sys"},
	"proto":             {"google.golang.org/grpc", "google.golang.org/protobuf"},
	"runtime/engine":    {},
	"internal/text":     {},
}

// onlyFor restricts who may import something, and says why.
var onlyFor = []struct {
	path string
	dirs []string
	why  string
}{
	{"C", []string{"capture/libav", "detectors/onnx", "detectors/opencv", "examples/services/faces"}, "everything else builds without cgo"},
	{"gocv.io/x/gocv", []string{"detectors/opencv", "examples"}, "everything else builds without OpenCV"},
	{"charm.land", []string{"ui"}, "nothing but the dashboard knows a terminal"},
	{"gonum.org/v1/plot", []string{"bench/plot"}, "it would make the program 8 MB larger"},
	{"google.golang.org/grpc", []string{"detectors/remote", "proto", "sdk/go", "examples", "bench", "runtime"}, "the live path knows no network"},
	{"github.com/eclipse/paho.golang", []string{"runtime/sink/mqtt"}, "it opens connections"},
	{"go.etcd.io/bbolt", []string{"runtime/sink/outbox"}, "the outbox is the only database"},
	{"github.com/nicholas-fedor/shoutrrr", []string{"runtime/sink/notify"}, "its services open connections"},
	{"github.com/chromedp", []string{"e2e"}, "it drives a browser, for tests"},
	{"github.com/alecthomas/kong", []string{"internal/cli"}, "the command line belongs to the program"},
	{"github.com/alecthomas/mango-kong", []string{"internal/cli"}, "the manual page is the command line"},
	{"go.yaml.in/yaml", []string{"internal/migrate"}, "configurations are TOML"},
	{"github.com/pelletier/go-toml", []string{"internal/config", "internal/option", "internal/tomldoc"}, "the file format belongs to the program"},
}

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

// sources reads every Go file of the module, including those of other systems and without cgo.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		base := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || slices.Contains([]string{"bin", "evidence", "node_modules", "testdata", "tools"}, base)):
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

// under reports whether a path is one of the roots, or below one.
func under(name string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return name == root || strings.HasPrefix(name, root+"/")
	})
}

// nearest returns the longest key that is the directory or a parent of it.
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

// imports parses directions: what each directory may import.
func imports() map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(directions) {
		if home, list, found := strings.Cut(line, ":"); found {
			all[home] = strings.Fields(list)
			if !slices.Contains(leaves, home) {
				all[home] = append(all[home], leaves...)
			}
		}
	}
	return all
}

func TestImportsFollowTheData(t *testing.T) {
	imports := imports()
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
				t.Errorf("%s imports package main", s.name)
			case strings.HasPrefix(imported, module+"/"):
				if to := strings.TrimPrefix(imported, module+"/"); !fits(to, dir, allowed) {
					t.Errorf("%s imports %s: imports follow the data, and %s may import of the module only %v", s.name, to, home, imports[home])
				}
			}
		}
	}
}

// fits reports whether one directory may import another: itself (an external test), or what is
// allowed. Generated code counts as its root.
func fits(to, dir string, allowed []string) bool {
	return to == dir || slices.Contains(allowed, "*") || slices.Contains(allowed, to) || slices.Contains(allowed, "proto") && under(to, "proto")
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
					t.Errorf("%s imports %s, which only %v may: %s", s.name, imported, rule.dirs, rule.why)
				}
			}
		}
	}
}

// allowedIn reports whether a file is in one of the directories, or below one.
func allowedIn(s source, dirs []string) bool {
	dir := s.dir()
	return slices.Contains(dirs, dir) || under(dir, slices.DeleteFunc(slices.Clone(dirs), func(d string) bool { return d == "." })...)
}
