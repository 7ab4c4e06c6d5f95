package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"rvo-tui/internal/text"
	"rvo-tui/runtime/api"
)

// local finds the rvo-tui of this machine when no address was given.
type local struct {
	own    string // socket of a program with this environment; empty: none
	users  string // parent directory of all users' session directories
	system string // socket of the system service
	user   int
}

func newLocal() local {
	return local{own: api.DefaultSocket(), users: "/run/user", system: api.SystemSocket, user: os.Geteuid()}
}

// places returns the sockets to try, best first. A shell without a session, as after su
// or in cron, lacks $XDG_RUNTIME_DIR, although the program may have been started with
// it.
func (l local) places() []string {
	session := l.session(strconv.Itoa(l.user))
	var list []string
	for _, path := range []string{l.own, session, l.system} {
		if path != "" && !slices.Contains(list, path) {
			list = append(list, path)
		}
	}
	return list
}

func (l local) session(user string) string {
	return filepath.Join(l.users, user, "rvo-tui", filepath.Base(l.system))
}

// dial connects to the first socket that accepts. Its error is a *noneError.
func (l local) dial(ctx context.Context, dialer *net.Dialer) (net.Conn, error) {
	none := &noneError{places: l.places()}
	for _, path := range none.places {
		conn, err := dialer.DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, fs.ErrPermission):
			none.denied, none.owner = path, ownerOf(path)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ENOTDIR):
			return nil, err
		}
	}
	others, _ := filepath.Glob(l.session("*")) // as far as this user can see them
	for _, path := range others {
		if !slices.Contains(none.places, path) {
			none.others = append(none.others, path)
		}
	}
	return nil, none
}

// noneError means that no rvo-tui listens at any of the usual sockets.
type noneError struct {
	places        []string
	denied, owner string   // a socket that this user may not open, and its owner
	others        []string // sockets of other users
}

func (e *noneError) Error() string {
	switch {
	case len(e.others) > 0:
		path := e.others[0]
		return fmt.Sprintf("no rvo-tui of this user is running; %s runs one at %s: give that address", ownerOf(path), text.Visible(path))
	case e.denied != "":
		return fmt.Sprintf("no rvo-tui of this user is running, and %s belongs to %s: if one runs there, run this as that user or as root", text.Visible(e.denied), e.owner)
	}
	return fmt.Sprintf("no rvo-tui answers at %s: start one, or name its address", text.Visible(strings.Join(e.places, " or ")))
}

// Unwrap returns a permission error if a socket may not be opened.
func (e *noneError) Unwrap() error {
	if e.denied != "" && len(e.others) == 0 {
		return ErrDenied
	}
	return ErrUnreachable
}

// ownerOf returns the owner of a file, or of the nearest accessible parent directory.
func ownerOf(path string) string {
	info, err := os.Stat(path)
	for err != nil && path != filepath.Dir(path) {
		path = filepath.Dir(path)
		info, err = os.Stat(path)
	}
	if err != nil {
		return "another user"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "another user"
	}
	id := strconv.FormatUint(uint64(stat.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}
