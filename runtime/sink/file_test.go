package sink

import (
	"bytes"
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFileHealsWhatItOpens(t *testing.T) {
	tests := []struct{ name, found, want string }{
		{"nothing", "", ""},
		{"whole lines", "{\"a\":1}\n", "{\"a\":1}\n"},
		{"torn line", "{\"a\":1}\n{\"b\":", "{\"a\":1}\n"},
		{"torn only line", "{\"b", ""},
		{"torn and padded with zeros", "{\"a\":1}\n{\"b\x00\x00\x00", "{\"a\":1}\n"},
		{"zeros", "{\"a\":1}\n\x00\x00", "{\"a\":1}\n"},
		{"line without end", "{\"a\":1}\n{\"b\":2}", "{\"a\":1}\n{\"b\":2}\n"},
		{"a file of another program", "root:x:0:0\ndaemon", "root:x:0:0\ndaemon\n"},
		{"a line longer than the window", "{" + strings.Repeat("x", healWindow), "{" + strings.Repeat("x", healWindow) + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			if err := os.WriteFile(path, []byte(tt.found), 0o600); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				s := NewFile(path, quietLog())
				s.Offer(testEvent(1))
				if err := runSink(s)(); err != nil {
					t.Fatal(err)
				}
			})
			rest, ok := strings.CutPrefix(read(t, path), tt.want)
			if !ok {
				t.Fatalf("the file does not begin with %.60q", tt.want)
			}
			if got := eventIDs(t, rest); !slices.Equal(got, idsFrom(1, 1)) {
				t.Errorf("then comes %.60q, want one event", rest)
			}
		})
	}
}

// A file size limit makes a write fall short, as a full disk does.
func TestFileRollsShortWritesBack(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	full := func(size uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: min(size, limit.Max), Max: limit.Max}); err != nil {
			t.Fatal(err)
		}
	}
	defer full(limit.Cur)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	one, err := testEvent(0).AppendLine(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The limit also applies to files of the testing package, which are smaller.
	old := strings.Repeat(" ", 1<<20-1) + "\n"
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := NewFile(path, quietLog())
		end := runSink(s)
		full(uint64(len(old) + len(one)*5/2 + 1))
		for i := range 5 {
			s.Offer(testEvent(i))
		}
		synctest.Wait()
		if v := s.View(); v.State != runtime.SinkDegraded || v.Written != 2 || v.Depth != 3 || !strings.Contains(v.Reason, "file too large") {
			t.Errorf("on the full disk: %+v", v)
		}
		if got := eventIDs(t, strings.TrimPrefix(read(t, path), old)); !slices.Equal(got, idsFrom(0, 2)) {
			t.Errorf("on the full disk the file holds %v", got)
		}
		full(limit.Cur)
		time.Sleep(retryLast)
		synctest.Wait()
		if v := s.View(); v.State != runtime.SinkOK || v.Written != 5 || v.Depth != 0 {
			t.Errorf("with room again: %+v", v)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	if got := eventIDs(t, strings.TrimPrefix(read(t, path), old)); !slices.Equal(got, idsFrom(0, 5)) {
		t.Errorf("the file holds %v", got)
	}
}

func TestFileFollowsRotation(t *testing.T) {
	tests := []struct {
		name   string
		rotate func(path string) error
		reopen bool
		want   []string // in the new file
	}{
		{"moved", func(path string) error { return os.Rename(path, path+".1") }, false, idsFrom(1, 1)},
		{"moved and told", func(path string) error { return os.Rename(path, path+".1") }, true, idsFrom(1, 1)},
		{"removed", os.Remove, false, idsFrom(1, 1)},
		{"cut in place", func(path string) error { return os.Truncate(path, 0) }, false, idsFrom(1, 1)},
		{"told without need", func(string) error { return nil }, true, idsFrom(0, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			synctest.Test(t, func(t *testing.T) {
				s := NewFile(path, quietLog())
				end := runSink(s)
				s.Offer(testEvent(0))
				synctest.Wait()
				if err := tt.rotate(path); err != nil {
					t.Fatal(err)
				}
				if tt.reopen {
					s.Reopen()
					synctest.Wait()
					if _, err := os.Stat(path); err != nil {
						t.Errorf("after reopening: %v", err)
					}
				}
				s.Offer(testEvent(1))
				synctest.Wait()
				if v := s.View(); v.State != runtime.SinkOK || v.Written != 2 || v.Failures != 0 {
					t.Errorf("view %+v", v)
				}
				if err := end(); err != nil {
					t.Error(err)
				}
			})
			if got := eventIDs(t, read(t, path)); !slices.Equal(got, tt.want) {
				t.Errorf("the file holds %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFileCannotOpen(t *testing.T) {
	tests := []struct {
		name          string
		block, unlock func(t *testing.T, dir, path string)
		path          string
		reason        string
	}{
		{
			"no directory",
			func(*testing.T, string, string) {},
			func(t *testing.T, _, path string) { must(t, os.Mkdir(filepath.Dir(path), 0o755)) },
			"new/events.jsonl",
			"no such file or directory; make its directory or name another file",
		},
		{
			"a directory",
			func(t *testing.T, _, path string) { must(t, os.Mkdir(path, 0o755)) },
			func(t *testing.T, _, path string) { must(t, os.Remove(path)) },
			"events.jsonl",
			"is a directory; name a file",
		},
		{
			"a pipe",
			func(t *testing.T, _, path string) { must(t, syscall.Mkfifo(path, 0o644)) },
			func(t *testing.T, _, path string) { must(t, os.Remove(path)) },
			"events.jsonl",
			"not a regular file; name a file",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, tt.path)
			tt.block(t, dir, path)
			synctest.Test(t, func(t *testing.T) {
				s := NewFile(path, quietLog())
				end := runSink(s)
				s.Offer(testEvent(0))
				synctest.Wait()
				if v := s.View(); v.State != runtime.SinkDegraded || v.Depth != 1 || !strings.HasSuffix(v.Reason, tt.reason) {
					t.Errorf("view %+v, want the reason %q", v, tt.reason)
				}
				tt.unlock(t, dir, path)
				s.Reopen()
				synctest.Wait()
				if v := s.View(); v.State != runtime.SinkOK || v.Written != 1 {
					t.Errorf("after the repair and a request to reopen: %+v", v)
				}
				if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
					t.Errorf("its mode is %v (%v), want 0640", info.Mode(), err)
				}
				if err := end(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFileHasItsFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	synctest.Test(t, func(t *testing.T) {
		first, second := NewFile(path, quietLog()), NewFile(path, quietLog())
		endFirst := runSink(first)
		synctest.Wait()
		endSecond := runSink(second)
		synctest.Wait()
		if v := second.View(); v.State != runtime.SinkDegraded || !strings.Contains(v.Reason, "another process") {
			t.Errorf("the second writer: %+v", v)
		}
		must(t, endFirst())
		time.Sleep(retryLast)
		synctest.Wait()
		if v := second.View(); v.State != runtime.SinkOK {
			t.Errorf("after the first one ended: %+v", v)
		}
		must(t, endSecond())
	})
}

// After a repair, appended text starts on a new line, and no complete line is ever lost.
func FuzzHeal(f *testing.F) {
	for _, seed := range []string{"", "\n", "{", "{}", "{\"a\":1}\n{\"b", "x", "\x00", "{}\n\x00\x00", "{\n\n{"} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "events.jsonl")
	f.Fuzz(func(t *testing.T, found []byte) {
		must(t, os.WriteFile(path, found, 0o600))
		file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		must(t, err)
		defer file.Close()
		must(t, heal(file, int64(len(found))))
		healed := []byte(read(t, path))
		if len(healed) > 0 && healed[len(healed)-1] != '\n' {
			t.Fatalf("%q became %q", found, healed)
		}
		whole := found[:bytes.LastIndexByte(found, '\n')+1]
		torn := found[len(whole):]
		if !bytes.HasPrefix(healed, whole) {
			t.Fatalf("%q became %q: a complete line is lost", found, healed)
		}
		if kept := bytes.TrimSuffix(healed[len(whole):], []byte("\n")); len(torn) > 0 && json.Valid(torn) && !bytes.Equal(kept, torn) {
			t.Fatalf("%q became %q: a complete object is lost", found, healed)
		}
	})
}
