package fileio

import (
	"fmt"
	"time"
)

// HangAfter is how long a disk may take before it counts as hanging, as one that is
// frozen, or far away, does.
const HangAfter = 10 * time.Second

// ErrHangs is the error of a disk that does not answer.
var ErrHangs = fmt.Errorf("the disk has not answered for %s; check it", HangAfter)

// Watch calls hangs with ErrHangs, once, unless stop is called within HangAfter. Stop
// waits for a call under way, and no call follows it.
func Watch(hangs func(err error)) (stop func()) {
	told := make(chan struct{})
	timer := time.AfterFunc(HangAfter, func() {
		defer close(told)
		hangs(ErrHangs)
	})
	return func() {
		if !timer.Stop() {
			<-told
		}
	}
}
