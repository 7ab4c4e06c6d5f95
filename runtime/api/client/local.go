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
	own    string // the socket of a program with this environment; empty: it has none
	users  string // directory of the session directories of all users
	system string // the socket of a service of the machine
	user   int
}

func newLocal() local {
	return local{own: api.DefaultSocket(), users: "/run/user", system: api.SystemSocket, user: os.Geteuid()}
}

// places returns the sockets to try, best first. A shell without a session, as after
// su or in cron, lacks $XDG_RUNTIME_DIR, while the program may have been started with it.
func (l local) places() []string {
	session := l.session(strconv.Itoa(l.user))
	list := slices.DeleteFunc([]string{l.own, session, l.system}, func(path string) bool { return path == "" })
	return slices.Compact(list)
}

func (l local) session(user string) string {
	return filepath.Join(l.users, user, "rvo-tui", filepath.Base(l.system))
}

// dial connects to the first socket at which somebody listens. The error is a
// *noneError.
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
	others, _ := filepath.Glob(l.session("*")) // what this user may see of them
	for _, path := range others {
		if !slices.Contains(none.places, path) {
			none.others = append(none.others, path)
		}
	}
	return nil, none
}

// noneError is that no rvo-tui listens at any of the usual places.
type noneError struct {
	places        []string
	denied, owner string   // one that this user may not open, and whose it is
	others        []string // sockets of other users
}

func (e *noneError) Error() string {
	switch {
	case len(e.others) > 0:
		path := e.others[0]
		return fmt.Sprintf("no rvo-tui of this user answers; %s runs one at %s: name that with its address", ownerOf(path), text.Visible(path))
	case e.denied != "":
		return fmt.Sprintf("no rvo-tui of this user answers, and %s belongs to %s: be that user, or root, if one runs there", text.Visible(e.denied), e.owner)
	}
	return fmt.Sprintf("no rvo-tui answers at %s: start one, or name its address", text.Visible(strings.Join(e.places, " or ")))
}

// Unwrap makes a place that may not be opened a matter of permission.
func (e *noneError) Unwrap() error {
	if e.denied != "" && len(e.others) == 0 {
		return ErrDenied
	}
	return ErrUnreachable
}

// ownerOf returns the name of who owns a file, or the nearest directory above it that
// can be looked at.
func ownerOf(path string) string {
	info, err := os.Stat(path)
	for err != nil && path != filepath.Dir(path) {
		path = filepath.Dir(path)
		info, err = os.Stat(path)
	}
	if err != nil {
		return "somebody else"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "somebody else"
	}
	id := strconv.FormatUint(uint64(stat.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}
