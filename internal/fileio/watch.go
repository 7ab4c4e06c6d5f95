package fileio

import (
	"fmt"
	"time"
)

// HangAfter is the time after which a disk access counts as hanging, as on a frozen or unreachable
// file system.
const HangAfter = 10 * time.Second

// ErrHangs is the error of a disk that does not answer.
var ErrHangs = fmt.Errorf("the disk has not answered for %s; check it", HangAfter)

// Watch calls hangs with ErrHangs once, unless stop is called within HangAfter. Stop waits for a
// call in progress; hangs is not called after stop has returned.
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
