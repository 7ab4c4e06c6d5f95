package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"rvo-tui/internal/fileio"

	"golang.org/x/sys/unix"
)

// socket is a unix socket served exclusively by this process, ensured by a lock file beside it.
// Closing removes both.
type socket struct {
	net.Listener
	lock *os.File
}

// HeldError is returned if another program serves a socket.
type HeldError struct {
	Path string
	PID  int // 0: unknown
}

func (e *HeldError) Error() string {
	if e.PID != 0 {
		return fmt.Sprintf("socket %s: another rvo-tui serves it, process %d", e.Path, e.PID)
	}
	return fmt.Sprintf("socket %s: another program serves it", e.Path)
}

// MaxSocketPath is the maximum length of a unix socket's path on Linux, in bytes.
const MaxSocketPath = 107

// Socket listens at a path that only this user can connect to. It replaces the socket of a dead
// process; if a live process serves it, the error is a *HeldError. Closing the listener removes the
// socket.
func Socket(ctx context.Context, path string) (net.Listener, error) {
	path, err := socketPath(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockSocket(path)
	if err != nil {
		return nil, err
	}
	ln, err := listenSocket(ctx, path)
	if err != nil {
		unlock(lock)
		return nil, err
	}
	return &socket{ln, lock}, nil
}

// Close implements net.Listener.
func (s *socket) Close() error {
	err := s.Listener.Close() // removes the socket
	unlock(s.lock)
	return err
}

// socketPath creates the directory of a socket and returns the path without symbolic links. It
// rejects a directory that other users can write to, because they could replace the socket.
func socketPath(path string) (string, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the directory of the socket: %w", err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("find the directory of the socket: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("find the directory of the socket: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("find the directory of the socket: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("directory %s: other users may write to it (mode %v) and could replace the socket", dir, info.Mode().Perm())
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return "", fmt.Errorf("directory %s: it belongs to another user (uid %d)", dir, st.Uid)
	}
	path = filepath.Join(dir, filepath.Base(path))
	if len(path) > MaxSocketPath {
		return "", fmt.Errorf("socket %s: the path has %d bytes, and a socket's has at most %d", path, len(path), MaxSocketPath)
	}
	return path, nil
}

// lockSocket locks the lock file of a socket and writes this process's ID into it.
func lockSocket(path string) (*os.File, error) {
	name := path + ".lock"
	for {
		lock, err := fileio.Open(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock the socket: %w", err)
		}
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			held := &HeldError{Path: path, PID: readPID(lock)}
			lock.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, held
			}
			return nil, fmt.Errorf("lock the socket: %w", err)
		}
		// The last holder may have removed the file between open and lock.
		here, err1 := lock.Stat()
		there, err2 := os.Lstat(name)
		if err1 == nil && err2 == nil && os.SameFile(here, there) {
			if err = lock.Truncate(0); err == nil {
				_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
			}
			if err != nil {
				unlock(lock)
				return nil, fmt.Errorf("lock the socket: %w", err)
			}
			return lock, nil
		}
		lock.Close()
	}
}

func readPID(lock *os.File) int {
	text := make([]byte, 16)
	n, _ := lock.ReadAt(text, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}

// unlock removes a held lock file and releases the lock.
func unlock(lock *os.File) {
	_ = os.Remove(lock.Name()) // closing releases the lock even if this fails
	_ = lock.Close()
}

// listenSocket listens at a path. The caller holds the lock.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("look for the socket: %w", err)
	case info.Mode().Type() != os.ModeSocket:
		return nil, fmt.Errorf("socket %s: the path exists and is not a socket (%v)", path, info.Mode().Type())
	default:
		var d net.Dialer
		if conn, err := d.DialContext(ctx, "unix", path); err == nil {
			conn.Close()
			return nil, &HeldError{Path: path}
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove the socket of a dead process: %w", err)
		}
	}
	// Set the mode before bind, so that it is right from the start.
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if e := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); e != nil {
			return e
		}
		return err
	}}
	ln, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen at the socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // for systems that ignore the mode above
		ln.Close()
		return nil, fmt.Errorf("protect the socket: %w", err)
	}
	return ln, nil
}
