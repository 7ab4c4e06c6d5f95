package runtime

import "errors"

// Busy reports whether a command was refused because too many wait: it may be
// tried again.
func Busy(err error) bool { return errors.Is(err, errBusy) }

// Stopped reports whether a command was refused because the Runtime has ended.
func Stopped(err error) bool { return errors.Is(err, errStopped) }
