package asuser

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestDo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	nobody, err := Find("nobody")
	if err != nil {
		t.Skip("there is no user nobody")
	}
	dir, err := os.MkdirTemp("/tmp", "asuser") // the user nobody has no access to t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "key")
	if err := os.WriteFile(file, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		return f.Close()
	}
	if err := Do(nobody, open); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("as nobody: %v", err)
	}
	if err := Do(Current(), open); err != nil {
		t.Errorf("as root again: %v", err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Do(nobody, open); err != nil {
		t.Errorf("a world-readable file, as nobody: %v", err)
	}
}

func TestFind(t *testing.T) {
	me, err := Find("")
	if err != nil || me.Uid == "" {
		t.Fatalf("%+v, %v", me, err)
	}
	if again, err := Find(me.Uid); err != nil || again.Username != me.Username {
		t.Errorf("user %s: %+v, %v", me.Uid, again, err)
	}
	if _, err := Find("no such user"); err == nil {
		t.Error("it found a user")
	}
}
