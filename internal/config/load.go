package config

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/option"
	"rvo-tui/internal/starter"
	"rvo-tui/internal/text"
	"rvo-tui/internal/tomldoc"
	"rvo-tui/rules"
	"rvo-tui/runtime/sink/notify"
	"rvo-tui/ui"
)

// BuiltIn is Config.File for the built-in configuration.
const BuiltIn = "rvo.toml (built in)"

// LocalFile is the default file.
const LocalFile = "rvo.toml"

// maxConfig is the maximum size of a configuration file, in bytes.
const maxConfig = 1 << 20

// pipePatience is how long reading a configuration from a pipe may take.
const pipePatience = 10 * time.Second

// Loader loads configurations.
type Loader struct {
	// Default is the text of the built-in configuration.
	Default []byte
	// Kinds are the available kinds of detector.
	Kinds detectors.Kinds
	// Secrets receives the values of ${NAME}. Nil: they are not collected.
	Secrets *Secrets
	// Getenv looks up an environment variable. Nil: os.LookupEnv.
	Getenv func(name string) (string, bool)
	// CameraMenu allows a configuration without a camera, since the user can add one on the
	// dashboard.
	CameraMenu bool
	// Quarantine leaves out a camera, detector, rule or output whose own table has errors, if
	// nothing else needs it, and lists it in Config.Quarantined. Without it, any problem fails
	// the load.
	Quarantine bool
}

// Load returns the configuration: the defaults, overridden by the file (from the flags, else
// $RVO_CONFIG, else ./rvo.toml, else the built-in one), overridden by the flags. Its error is an
// *Error with every problem.
//
// With --find, a generated text takes the place of the file.
func (l Loader) Load(flags cli.Flags) (Config, error) {
	if flags.Find != "" {
		return l.find(flags)
	}
	file, text, err := l.Find(flags.Config)
	if err != nil {
		return Config{}, &Error{File: file, Problems: []Problem{{File: file, Text: err.Error()}}}
	}
	cfg, err := l.Compose(file, text, flags)
	if info, e := os.Stat(file); e == nil {
		cfg.Once = !info.Mode().IsRegular()
	}
	return cfg, err
}

// find returns the configuration for --find.
func (l Loader) find(flags cli.Flags) (Config, error) {
	problem := ""
	switch {
	case !starter.Known(flags.Find):
		problem = fmt.Sprintf("%q is not known; choose %s", flags.Find, starter.Names())
	case flags.CameraURI == "" && flags.CameraDevice == nil:
		problem = "needs --camera-uri or --camera-device"
	case flags.Watch:
		problem = "replaces the configuration file; leave --watch out"
	}
	if problem != "" {
		return Config{}, &Error{File: "command line", Problems: []Problem{{Flag: "--find", Text: problem}}}
	}
	text := starter.Text(starter.Answers{Source: "synthetic:street", Find: flags.Find}) // Compose replaces this camera
	return l.Compose("--find "+flags.Find, []byte(text), flags)
}

// Compose is Load for a given text instead of a file; file is its name in messages.
func (l Loader) Compose(file string, text []byte, flags cli.Flags) (Config, error) {
	if l.Getenv == nil {
		l.Getenv = os.LookupEnv
	}
	if l.Secrets == nil {
		l.Secrets = new(Secrets)
	}
	b, err := l.builder(file, text)
	if err != nil {
		return Config{}, err
	}
	v := vault{l.Getenv, l.Secrets}
	b.build(v, flags)
	if len(b.problems) > 0 {
		bad := &Error{File: file, Problems: sortProblems(slices.Clone(b.problems))}
		tables, list := b.quarantine()
		if !l.Quarantine || tables == nil {
			return Config{}, bad
		}
		if b, err = l.builder(file, text, tables...); err != nil {
			return Config{}, err
		}
		if b.build(v, flags); len(b.problems) > 0 {
			return Config{}, bad
		}
		b.cfg.Quarantined = list
	}
	b.warn()
	b.cfg.File, b.cfg.Sum, b.cfg.Warnings = file, sha256.Sum256(text), sortProblems(b.problems)
	return b.cfg, nil
}

// builder returns a builder for a file's text that leaves out some of its tables. A TOML syntax
// error is an *Error.
func (l Loader) builder(file string, text []byte, without ...string) (*builder, error) {
	doc, err := tomldoc.Parse(text)
	if bad := new(tomldoc.SyntaxError); errors.As(err, &bad) {
		if ext := filepath.Ext(file); ext == ".yaml" || ext == ".yml" {
			return nil, &Error{File: file, Problems: []Problem{{File: file, Text: fmt.Sprintf("this is not TOML; if it is a YAML file of rvo, convert it with rvo-tui migrate %s", file)}}}
		}
		return nil, &Error{File: file, Problems: []Problem{{File: file, Line: bad.Line, Column: bad.Column, Text: bad.Text}}}
	}
	return &builder{
		cfg: Default(), file: file, doc: doc, kinds: l.Kinds, secrets: l.Secrets, menu: l.CameraMenu,
		broken: map[string]bool{}, flags: map[string]string{}, inTable: map[int]string{}, without: without,
	}, err
}

// Screen returns the [ui] section. It ignores problems in the rest of the file.
func (l Loader) Screen(flags cli.Flags) (ui.Config, error) {
	if l.Getenv == nil {
		l.Getenv = os.LookupEnv
	}
	file, text, err := l.Find(flags.Config)
	if err != nil {
		return ui.Config{}, &Error{File: file, Problems: []Problem{{File: file, Text: err.Error()}}}
	}
	b, err := l.builder(file, text)
	if err != nil {
		return ui.Config{}, err
	}
	d := &decoder{doc: b.doc, broken: b.broken, report: b.at}
	d.section("ui", &b.cfg.UI)
	b.theme()
	b.cfg.UI.Validate(func(key, problem string) { b.of(origin{path: "ui"}, "ui", key, problem) })
	if len(b.problems) > 0 {
		return ui.Config{}, &Error{File: file, Problems: sortProblems(b.problems)}
	}
	b.cfg.UI.ASCII = b.cfg.UI.ASCII || flags.ASCII
	return b.cfg.UI, nil
}

// Find reads the file to load. It returns the file's path as the user gave it, and its text.
func (l Loader) Find(file string) (string, []byte, error) {
	if l.Getenv == nil {
		l.Getenv = os.LookupEnv
	}
	if file == "" {
		file, _ = l.Getenv("RVO_CONFIG")
	}
	if file == "" {
		file = LocalFile
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			return BuiltIn, l.Default, nil
		}
	}
	text, err := readConfig(file)
	return file, text, err
}

// readConfig returns a file's text. Its errors do not include the path, which the caller adds.
func readConfig(file string) ([]byte, error) {
	// Pipes, such as a shell's <(command), are allowed. A pipe without a writer, or with a silent
	// one, must not block the start.
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return readText(f, err, pipePatience)
}

// readText reads and closes a file. If it is a pipe, its writer must end within patience. Err is
// the error of opening it.
func readText(f *os.File, err error, patience time.Duration) ([]byte, error) {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("read configuration: there is no such file; check the path")
	case errors.Is(err, fileio.ErrIrregular):
		return nil, fmt.Errorf("read configuration: %w; name a file", fileio.ErrIrregular)
	case errors.As(err, &path):
		return nil, fmt.Errorf("read configuration: %w; make it readable for this user", path.Err)
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	case info.IsDir():
		return nil, errors.New("read configuration: this is a directory; name the file in it")
	}
	_ = f.SetReadDeadline(time.Now().Add(patience)) // fails for regular files, which need none
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("read configuration: this is a pipe, and its writer has not ended within %v; name a file", patience)
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	case len(text) > maxConfig:
		return nil, errors.New("read configuration: it is larger than 1 MiB; is it the right file?")
	case !utf8.Valid(text):
		return nil, errors.New("read configuration: it is not UTF-8 text; save it as UTF-8")
	}
	return bytes.TrimPrefix(text, []byte(byteOrderMark)), nil
}

// byteOrderMark is added before UTF-8 text by some editors. It is not part of the text.
const byteOrderMark = "\ufeff"

// Replace replaces the text of a configuration file, as fileio.Replace does. It keeps a byte-order
// mark.
func Replace(path string, text []byte, ready func() error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	start := make([]byte, len(byteOrderMark))
	if _, err := io.ReadFull(file, start); err == nil && string(start) == byteOrderMark {
		text = append([]byte(byteOrderMark), text...)
	}
	return fileio.Replace(path, text, ready)
}

// builder builds one configuration and collects its problems. Slices such as cameras and detectors
// are parallel to those in the configuration.
type builder struct {
	cfg     Config
	file    string
	doc     *tomldoc.Document
	kinds   detectors.Kinds
	secrets *Secrets
	menu    bool

	cameras, detectors, zones, lines, rules, outputs []origin

	flags map[string]string // flag that set a path such as "log.level"

	signals    [][]string     // provided signals, by detector
	needs      [][]expression // needs, by detector
	conditions [][]expression // conditions, by rule

	broken   map[string]bool // paths of invalid values
	problems []Problem
	alone    bool           // the current check looks at each table alone
	inTable  map[int]string // table of each problem found while alone is set, by index
	without  []string       // tables to leave out, such as "rule[1]"
}

// origin is where a camera, detector or rule comes from: a path or a flag.
type origin struct {
	path string // in the file, such as "camera[0]"
	flag string // flag that defined it; empty: the file
}

func (b *builder) build(v vault, flags cli.Flags) {
	b.alone = true
	b.expand(v, "", b.doc.Tree)
	b.decode()
	b.alone = false
	b.checkCameraLists()
	b.checkProviders()
	b.apply(v, flags)
	b.theme()
	b.alone = true
	b.parse()
	b.validate()
	b.alone = false
	b.checkNames()
	b.checkPlaces()
	b.checkClips()
	b.checkOutputs()
	b.checkProviders()
	b.checkSignals()
}

// at adds a problem at a path of the file.
func (b *builder) at(path, where, key, text string) {
	if table := ownTable(path); b.alone && table != "" && where != "" {
		b.inTable[len(b.problems)] = table
	}
	p := Problem{File: b.file, Where: b.secrets.Redact(where), Key: key, Text: b.secrets.Redact(text)}
	if m, ok := b.doc.Marks[path]; ok && path != "" {
		offset := m.Value
		if key == "" {
			offset = m.Key
		}
		p.Line, p.Column = b.doc.Position(offset)
	}
	b.problems = append(b.problems, p)
}

// of adds a problem with a key of a camera, detector or rule, or with the whole table if key is
// empty. A key such as "points[2]" is an entry of a list. Further problems with an invalid value
// are not reported.
func (b *builder) of(o origin, where, key, text string) {
	entry := key
	key, _, _ = strings.Cut(key, "[")
	if o.flag != "" {
		b.problems = append(b.problems, Problem{Flag: o.flag, Where: b.secrets.Redact(where), Key: key, Text: b.secrets.Redact(text)})
		return
	}
	path := o.path
	if key != "" {
		path += "." + key
	}
	if b.broken[path] {
		return
	}
	switch {
	case entry != key && b.has(o.path+"."+entry):
		path = o.path + "." + entry
	case !b.has(path):
		path = o.path
	}
	b.at(path, where, key, text)
}

// has reports whether a path is written in the file.
func (b *builder) has(path string) bool {
	_, ok := b.doc.Marks[path]
	return ok
}

// expand replaces ${NAME} in every string of a tree.
func (b *builder) expand(v vault, path string, value any) any {
	if slices.Contains(b.without, path) {
		return value
	}
	switch x := value.(type) {
	case string:
		text, err := v.expand(x)
		if err != nil {
			section, key := splitPath(path)
			b.broken[path] = true
			b.at(path, b.whereOf(section), key, err.Error())
			return nil
		}
		return text
	case []any:
		list := x[:0]
		for i, item := range x {
			if item = b.expand(v, tomldoc.IndexPath(path, i), item); item == nil {
				b.broken[path] = true
				return nil
			}
			list = append(list, item)
		}
		return list
	case map[string]any:
		for key, item := range x {
			if item = b.expand(v, tomldoc.JoinPath(path, key), item); item == nil {
				delete(x, key)
				continue
			}
			x[key] = item
		}
	}
	return value
}

// whereOf returns the label of the table at a path.
func (b *builder) whereOf(path string) string {
	what, rest, _ := strings.Cut(path, "[")
	table := b.tableAt(path)
	if table == nil {
		return path
	}
	name, _ := table["name"].(string)
	if event, ok := table["event"].(string); ok {
		name = event
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(rest, "]")) // as in tableAt
	return label(what, name, n)
}

// tableAt returns the table at a path such as "camera[0]"; nil if there is none.
func (b *builder) tableAt(path string) map[string]any {
	what, rest, _ := strings.Cut(path, "[")
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	list, _ := b.doc.Tree[what].([]any)
	if err != nil || n >= len(list) {
		return nil
	}
	table, _ := list[n].(map[string]any)
	return table
}

// splitPath splits a path such as "rule[1].all[0]" into its table and key.
func splitPath(path string) (table, key string) {
	table, key, found := strings.Cut(path, ".")
	if !found {
		return "", path
	}
	key, _, _ = strings.Cut(key, "[")
	return table, key
}

func (b *builder) decode() {
	d := &decoder{doc: b.doc, broken: b.broken, report: b.at, without: b.without}
	sections := option.Keys(option.List(Config{}))
	for _, name := range d.inOrder("", b.doc.Tree) {
		if !slices.Contains(sections, name) {
			b.at(tomldoc.JoinPath("", name), "", "", text.Unknown("section or key", name, sections))
		}
	}
	elements(d, "camera", capture.DefaultConfig, cameraLabel, plain[capture.Config](d), func(c capture.Config, path string) {
		b.cfg.Camera, b.cameras = append(b.cfg.Camera, c), append(b.cameras, origin{path: path})
	})
	elements(d, "detector", detectors.DefaultConfig, detectorLabel, d.detector(b.kinds), func(c detectors.Config, path string) {
		b.cfg.Detector, b.detectors = append(b.cfg.Detector, c), append(b.detectors, origin{path: path})
		b.signals = append(b.signals, b.provides(c))
		b.checkZeros(c, path, detectorLabel(c, len(b.detectors)-1))
	})
	elements(d, "zone", detectors.DefaultZone, zoneLabel, plain[detectors.Zone](d), func(z detectors.Zone, path string) {
		b.cfg.Zone, b.zones = append(b.cfg.Zone, z), append(b.zones, origin{path: path})
	})
	elements(d, "line", detectors.DefaultLine, lineLabel, plain[detectors.Line](d), func(l detectors.Line, path string) {
		b.cfg.Line, b.lines = append(b.cfg.Line, l), append(b.lines, origin{path: path})
	})
	elements(d, "rule", rules.DefaultConfig, ruleLabel, plain[rules.Config](d), func(c rules.Config, path string) {
		b.cfg.Rule, b.rules = append(b.cfg.Rule, c), append(b.rules, origin{path: path})
	})
	elements(d, "notify", notify.DefaultConfig, outputLabel, plain[notify.Config](d), func(c notify.Config, path string) {
		b.cfg.Notify, b.outputs = append(b.cfg.Notify, c), append(b.outputs, origin{path: path})
	})
	for name, section := range b.cfg.sections() {
		d.section(name, section)
	}
	b.secrets.Add(b.cfg.MQTT.Password)
	for i := range b.cfg.Notify {
		b.secrets.Add(b.cfg.Notify[i].Secret)
	}
	b.secrets.Add(b.cfg.Control.Token)
	b.secrets.Add(b.cfg.Control.ReadToken)
}
