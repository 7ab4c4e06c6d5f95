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

// pipePatience is how long a configuration that comes through a pipe may take.
const pipePatience = 10 * time.Second

// Loader loads configurations.
type Loader struct {
	// Default is the text of the built-in configuration.
	Default []byte
	// Kinds are the available kinds of detector.
	Kinds detectors.Kinds
	// Secrets collects the values of ${NAME}. Nil: they are not collected.
	Secrets *Secrets
	// Getenv looks up an environment variable. Nil: os.LookupEnv.
	Getenv func(name string) (string, bool)
	// CameraMenu allows a configuration without a camera: one can be chosen on the
	// dashboard.
	CameraMenu bool
	// Quarantine leaves out a camera, detector, rule or output whose own table is wrong, and
	// says so in Config.Quarantined, as long as nothing else needs it. Otherwise any problem
	// is an error.
	Quarantine bool
}

// Load returns the configuration: the defaults, overridden by the file (that of the
// flags, else $RVO_CONFIG, else ./rvo.toml, else the built-in one), overridden by the
// flags. Its error is an *Error with every problem.
//
// With --find, the file is one that is written for that.
func (l Loader) Load(flags cli.Flags) (Config, error) {
	if flags.Find != "" {
		return l.find(flags)
	}
	file, text, err := l.Find(flags.Config)
	if err != nil {
		return Config{}, &Error{File: file, Problems: []Problem{{File: file, Text: err.Error()}}}
	}
	return l.Compose(file, text, flags)
}

// find returns the configuration of --find.
func (l Loader) find(flags cli.Flags) (Config, error) {
	problem := ""
	switch {
	case !starter.Known(flags.Find):
		problem = fmt.Sprintf("%q is not known; choose %s", flags.Find, starter.Names())
	case flags.CameraURI == "" && flags.CameraDevice == nil:
		problem = "say where, with --camera-uri or --camera-device"
	case flags.Watch:
		problem = "takes the place of a configuration; leave --watch out"
	}
	if problem != "" {
		return Config{}, &Error{File: "command line", Problems: []Problem{{Flag: "--find", Text: problem}}}
	}
	text := starter.Text(starter.Answers{Source: "synthetic:street", Find: flags.Find}) // of which the camera is replaced
	return l.Compose("--find "+flags.Find, []byte(text), flags)
}

// Compose returns the configuration of a file's text: the defaults, overridden by the
// text, overridden by the flags. Its error is an *Error with every problem.
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

// builder returns a builder for a file's text without some of its tables. A violation of
// TOML's grammar is an *Error.
func (l Loader) builder(file string, text []byte, without ...string) (*builder, error) {
	doc, err := tomldoc.Parse(text)
	if bad := new(tomldoc.SyntaxError); errors.As(err, &bad) {
		if ext := filepath.Ext(file); ext == ".yaml" || ext == ".yml" {
			return nil, &Error{File: file, Problems: []Problem{{File: file, Text: fmt.Sprintf("this is no TOML; rvo-tui migrate %s writes the YAML of an rvo as such", file)}}}
		}
		return nil, &Error{File: file, Problems: []Problem{{File: file, Line: bad.Line, Column: bad.Column, Text: bad.Text}}}
	}
	return &builder{
		cfg: Default(), file: file, doc: doc, kinds: l.Kinds, secrets: l.Secrets, menu: l.CameraMenu,
		broken: map[string]bool{}, flags: map[string]string{}, inTable: map[int]string{}, without: without,
	}, err
}

// Screen returns the [ui] section and ignores the rest of the file.
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

// Find returns the file to load, as the user named it, and its text.
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

// readConfig returns a file's text. Its errors leave out the file's name, which the
// caller adds.
func readConfig(file string) ([]byte, error) {
	// A shell's <(command) is a pipe, which is allowed here. Neither one without a writer
	// nor one whose writer is silent may hang the start.
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return readText(f, err, pipePatience)
}

// readText reads a file, or what comes through a pipe within a time, and closes it. Err
// is that of opening it.
func readText(f *os.File, err error, patience time.Duration) ([]byte, error) {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("read configuration: there is no such file; check the path, or leave it out for the built-in one")
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
	_ = f.SetReadDeadline(time.Now().Add(patience)) // a regular file has none
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("read configuration: this is a pipe, and its writer has not ended within %v; name a file", patience)
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	case len(text) > maxConfig:
		return nil, errors.New("read configuration: it is larger than 1 MiB; is it the right file?")
	case !utf8.Valid(text):
		return nil, errors.New("read configuration: it is not UTF-8 text; save it as such")
	}
	return bytes.TrimPrefix(text, []byte(byteOrderMark)), nil
}

// byteOrderMark is what some editors put before UTF-8 text. It is no part of the text.
const byteOrderMark = "\ufeff"

// Replace replaces the text of a file that Find has read, as fileio.Replace does. A
// byte-order mark before the text stays.
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

// builder composes one configuration and collects its problems. Cameras, detectors
// and rules have their origins at the same indexes.
type builder struct {
	cfg     Config
	file    string
	doc     *tomldoc.Document
	kinds   detectors.Kinds
	secrets *Secrets
	menu    bool

	cameras, detectors, zones, lines, rules, outputs []origin

	flags map[string]string // which flag set "log.level"

	signals    [][]string     // that a detector provides, by detector
	needs      [][]expression // by detector
	conditions [][]expression // by rule

	broken   map[string]bool // paths whose value could not be used
	problems []Problem
	alone    bool           // problems that are found now are within their tables
	inTable  map[int]string // by index of such a problem: as of ownTable
	without  []string       // tables that are left out: likewise
}

// origin is where a camera, detector or rule was configured.
type origin struct {
	path string // in the file: "camera[0]"
	flag string // or the flag that made it
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

// of adds a problem with a key of a camera, detector or rule, or with all of it if
// the key is empty. A key such as "points[2]" is an entry of a list. A broken key is not
// reported again.
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

// expand replaces ${NAME} in every text of the tree.
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

// tableAt returns the table at a path such as "camera[0]"; nil: there is none.
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
