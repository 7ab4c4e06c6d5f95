package clips

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Wherever the process is killed or the power is cut, clips are whole or absent, the next start
// completes or removes the rest, and what was saved stays.
func TestKilledAnywhere(t *testing.T) {
	for name := range savingMuxers() {
		t.Run(name, func(t *testing.T) {
			m := &machine{
				t: t, dir: filepath.Join(memoryDir(t), "evidence"), work: memoryDir(t), muxer: savingMuxers()[name],
				synced: map[uint64][]byte{}, listed: map[uint64]map[string]uint64{}, known: map[uint64]bool{}, seen: map[[32]byte]bool{},
			}
			var err error
			if m.told, err = os.Create(filepath.Join(m.work, "told")); err != nil {
				t.Fatal(err)
			}
			defer m.told.Close()
			trace(t, m.dir, m.told, []string{savingEnv + "=" + m.dir, savingMuxer + "=" + name}, m.visit)
			if len(m.seen) < 50 || m.promised != 2 {
				t.Errorf("only %d states and %d saved clips were seen", len(m.seen), m.promised)
			}
			t.Logf("%d calls, %d states", m.calls, len(m.seen))
		})
	}
}

// memoryDir returns a new directory, in memory if there is one: thousands of files are synced.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "clips")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// machine is a machine that loses what was not synced. It is meant for file systems that keep the
// order of changes to names: a rename may survive although the data written before does not.
type machine struct {
	t         *testing.T
	dir, work string
	muxer     Muxer
	told      *os.File

	synced   map[uint64][]byte            // contents of files, by inode
	listed   map[uint64]map[string]uint64 // names in directories when they were last synced
	known    map[uint64]bool              // inodes at the last look
	seen     map[[32]byte]bool            // states checked
	calls    int
	promised int
}

// item is a file or a directory.
type item struct {
	path string // relative
	dir  bool
	ino  uint64
	data []byte
}

// visit checks everything that may be on the disk if the process ends here.
func (m *machine) visit(c fileCall) {
	m.calls++
	items := m.look()
	text, err := os.ReadFile(m.told.Name())
	if err != nil {
		m.t.Fatal(err)
	}
	var keep, save []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == gone {
			m.promised, keep, save = max(m.promised, len(save)), nil, nil
		} else if id, ok := strings.CutPrefix(line, saved); ok {
			save = append(save, id)
		} else {
			keep = append(keep, strings.TrimPrefix(line, kept))
		}
	}
	m.try("is killed", items, slices.Concat(keep, save))
	m.try("loses what was not synced", m.cut(items, false), save)
	m.try("loses what was not synced but its size", m.cut(items, true), save)
	m.durable(items, save)
	if m.t.Failed() {
		m.t.Fatal("before ", c)
	}
	if !c.sync() {
		return
	}
	for _, it := range items {
		if filepath.Join(m.dir, it.path) != c.path {
			continue
		}
		if it.dir {
			m.listed[it.ino] = names(items, it.path)
		} else {
			m.synced[it.ino] = it.data
		}
	}
}

// look returns what is on the disk. Inodes are used again, so it forgets those that are new.
func (m *machine) look() (items []item) {
	now := map[uint64]bool{}
	err := filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		it := item{dir: d.IsDir(), ino: info.Sys().(*syscall.Stat_t).Ino}
		if it.path, err = filepath.Rel(m.dir, path); err != nil {
			return err
		}
		if !it.dir {
			it.data, err = os.ReadFile(path)
		}
		if now[it.ino] = true; !m.known[it.ino] {
			delete(m.synced, it.ino)
			delete(m.listed, it.ino)
		}
		items = append(items, it)
		return err
	})
	if err != nil && len(items) > 0 {
		m.t.Fatal(err)
	}
	m.known = now
	return items
}

// names returns the names in a directory.
func names(items []item, dir string) map[string]uint64 {
	all := map[string]uint64{}
	for _, it := range items {
		if it.path != "." && filepath.Dir(it.path) == dir {
			all[filepath.Base(it.path)] = it.ino
		}
	}
	return all
}

// cut returns the files without data that was not synced, or with zeros in its place.
func (m *machine) cut(items []item, zeros bool) []item {
	items = slices.Clone(items)
	for i := range items {
		it := &items[i]
		size := len(it.data)
		it.data = m.synced[it.ino]
		if zeros && size > len(it.data) {
			it.data = append(slices.Clip(it.data), make([]byte, size-len(it.data))...)
		}
	}
	return items
}

// durable checks that the names and the contents of clips were synced.
func (m *machine) durable(items []item, events []string) {
	m.t.Helper()
	for _, e := range m.entries(m.dir, events) {
		within := "."
		for _, part := range append(strings.Split(e.Path, "/"), "") {
			i := slices.IndexFunc(items, func(it item) bool { return it.path == within })
			if _, ok := m.listed[items[i].ino][part]; part != "" && !ok {
				m.t.Errorf("clip %s: the name %s in %s was not synced", e.EventID, part, within)
			}
			if part == "" && !maps.Equal(m.listed[items[i].ino], names(items, within)) {
				m.t.Errorf("clip %s: its files were not synced", e.EventID)
			}
			within = filepath.Join(within, part)
		}
	}
}

// entries returns the clips of events, all of which must be there.
func (m *machine) entries(dir string, events []string) (found []Entry) {
	m.t.Helper()
	if len(events) == 0 {
		return nil
	}
	entries, err := List(dir)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, id := range events {
		i := slices.IndexFunc(entries, func(e Entry) bool { return e.EventID == id })
		if i < 0 {
			m.t.Errorf("the clip of event %s is gone", id)
			continue
		}
		found = append(found, entries[i])
	}
	return found
}

// try starts again with some files.
func (m *machine) try(what string, items []item, events []string) {
	m.t.Helper()
	hash := sha256.New()
	fmt.Fprint(hash, events)
	for _, it := range items {
		fmt.Fprintf(hash, "%q %v %x\n", it.path, it.dir, it.data)
	}
	if sum := [32]byte(hash.Sum(nil)); m.seen[sum] || len(items) == 0 {
		return
	} else {
		m.seen[sum] = true
	}
	dir := filepath.Join(m.work, "evidence")
	for _, it := range items {
		path := filepath.Join(dir, it.path)
		if it.dir {
			must(m.t, os.Mkdir(path, 0o750))
		} else {
			must(m.t, os.WriteFile(path, it.data, 0o640))
		}
	}
	before := wholeClips(m.t, dir)
	cfg := DefaultConfig()
	cfg.Dir, cfg.MinFree, cfg.MaxWidth = dir, 0, 64
	must(m.t, New(Options{Config: cfg, Epoch: time.Now(), Muxer: m.muxer, Redraw: realRedraw, Log: slog.New(slog.DiscardHandler)}).store.refresh(time.Now()))
	if left := hidden(m.t, dir); len(left) > 0 {
		m.t.Errorf("leftovers stay: %v", left)
	}
	after := wholeClips(m.t, dir)
	if len(after) > 0 {
		sameAsIndex(m.t, dir)
	}
	for _, e := range before {
		if !slices.ContainsFunc(after, func(a Entry) bool { return a.Path == e.Path }) {
			m.t.Errorf("the next start removed clip %s", e.Path)
		}
	}
	m.entries(dir, events)
	if m.t.Failed() {
		m.t.Log("when the machine ", what)
	}
	must(m.t, os.RemoveAll(dir))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
