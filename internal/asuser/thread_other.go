//go:build !linux

package asuser

import (
	"errors"
	"os/user"
)

// onThread fails: on this system the permissions of one thread cannot be changed.
func onThread(*user.User, func() error) error {
	return errors.New("acting as another user is supported only on Linux")
}
