package asuser

import (
	"fmt"
	"os/user"
	goruntime "runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// onThread calls do on a thread with the file permissions of a user. The thread ends afterwards.
func onThread(u *user.User, do func() error) error {
	done := make(chan error)
	go func() {
		goruntime.LockOSThread() // never unlocked, so no other goroutine gets this thread
		err := become(u)
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// become gives the calling thread the file permissions of a user.
func become(u *user.User) error {
	ids, err := u.GroupIds()
	if err != nil {
		return fmt.Errorf("find the groups of user %q: %w", u.Username, err)
	}
	var groups []int
	for _, id := range ids {
		n, err := strconv.Atoi(id)
		if err != nil {
			return fmt.Errorf("group %q of user %q is not a numeric ID", id, u.Username)
		}
		groups = append(groups, n)
	}
	uid, errUser := strconv.Atoi(u.Uid)
	gid, errGroup := strconv.Atoi(u.Gid)
	if errUser != nil || errGroup != nil {
		return fmt.Errorf("user %q has no numeric ID", u.Username)
	}
	if err := unix.Setgroups(groups); err != nil {
		return fmt.Errorf("set the groups of user %q: %w", u.Username, err)
	}
	// These two return the previous ID whether or not they succeed.
	_, _ = unix.SetfsgidRetGid(gid)
	_, _ = unix.SetfsuidRetUid(uid)
	if now, _ := unix.SetfsuidRetUid(-1); now != uid {
		return fmt.Errorf("this process cannot act as user %q", u.Username)
	}
	return nil
}
