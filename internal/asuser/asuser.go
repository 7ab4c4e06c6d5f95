// Package asuser looks at files as another user sees them.
package asuser

import (
	"errors"
	"os"
	"os/user"
	"strconv"
)

// errNotRoot is why a program cannot look as somebody else.
var errNotRoot = errors.New("only root can look as another user; run it with sudo")

// Find returns the user with a name or a number; "": the one that runs the program.
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

// Current returns the user that runs the program, who may be in no list of users.
func Current() *user.User {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u
	}
	return &user.User{Uid: id, Gid: strconv.Itoa(os.Getegid()), Username: id}
}

// Do calls do, whose files are opened with the rights of a user, and returns its error.
// Somebody else than the one that runs the program needs root.
func Do(u *user.User, do func() error) error {
	if u.Uid == strconv.Itoa(os.Geteuid()) {
		return do()
	}
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	return onThread(u, do)
}
