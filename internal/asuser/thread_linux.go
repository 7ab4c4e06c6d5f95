package asuser

import (
	"fmt"
	"os/user"
	goruntime "runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// onThread calls do on a thread that has the rights of a user for files. The thread ends
// with it.
func onThread(u *user.User, do func() error) error {
	done := make(chan error)
	go func() {
		goruntime.LockOSThread() // and never unlocked: no other goroutine gets this thread
		err := become(u)
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// become gives the calling thread the rights of a user for files.
func become(u *user.User) error {
	ids, err := u.GroupIds()
	if err != nil {
		return fmt.Errorf("find the groups of user %q: %w", u.Username, err)
	}
	var groups []int
	for _, id := range ids {
		n, err := strconv.Atoi(id)
		if err != nil {
			return fmt.Errorf("group %q of user %q is no number", id, u.Username)
		}
		groups = append(groups, n)
	}
	uid, errUser := strconv.Atoi(u.Uid)
	gid, errGroup := strconv.Atoi(u.Gid)
	if errUser != nil || errGroup != nil {
		return fmt.Errorf("user %q has no number", u.Username)
	}
	if err := unix.Setgroups(groups); err != nil {
		return fmt.Errorf("take the groups of user %q: %w", u.Username, err)
	}
	// These two answer with the number before, whether or not they did anything.
	_, _ = unix.SetfsgidRetGid(gid)
	_, _ = unix.SetfsuidRetUid(uid)
	if now, _ := unix.SetfsuidRetUid(-1); now != uid {
		return fmt.Errorf("this process cannot look as user %q", u.Username)
	}
	return nil
}
