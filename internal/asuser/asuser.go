// Package asuser accesses files with the permissions of another user.
package asuser

import (
	"errors"
	"os"
	"os/user"
	"strconv"
)

// errNotRoot is returned if the program may not act as another user.
var errNotRoot = errors.New("only root can act as another user; run it with sudo")

// Find returns the user with a name or numeric ID; for "" the current user.
func Find(name string) (*user.User, error) {
	if name == "" {
		return Current(), nil
	}
	u, err := user.Lookup(name)
	if err == nil {
		return u, nil
	}
	if byNumber, errNumber := user.LookupId(name); errNumber == nil {
		return byNumber, nil
	}
	return nil, err
}

// Current returns the user that runs the program, even if the user database does not have it.
func Current() *user.User {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u
	}
	return &user.User{Uid: id, Gid: strconv.Itoa(os.Getegid()), Username: id}
}

// Do calls do on a thread with the file permissions of a user, and returns its error. A user other
// than the current one needs root.
func Do(u *user.User, do func() error) error {
	if u.Uid == strconv.Itoa(os.Geteuid()) {
		return do()
	}
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	return onThread(u, do)
}
