package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// watched is a file whose changes are watched in virtual time.
type watched struct {
	mu    sync.Mutex // guards text and err
	text  string
	err   error
	told  []string // time and contents of the file
	began time.Time
}

func (f *watched) set(text string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text, f.err = text, err
}

func (f *watched) read() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []byte(f.text), f.err
}

func (f *watched) changed(context.Context) {
	text, err := f.read()
	if err != nil {
		text = []byte(err.Error())
	}
	f.told = append(f.told, time.Since(f.began).String()+" "+string(text))
}

func TestWatcher(t *testing.T) {
	tests := []struct {
		name string
		do   func(f *watched, wait func(time.Duration)) // from 500 ms on
		want []string
	}{
		{"nothing", func(_ *watched, wait func(time.Duration)) { wait(time.Hour) }, nil},
		{"written", func(f *watched, _ func(time.Duration)) { f.set("b", nil) }, []string{"2s b"}},
		{"written in two parts", func(f *watched, wait func(time.Duration)) {
			f.set("half", nil)
			wait(time.Second)
			f.set("whole", nil)
		}, []string{"3s whole"}},
		{"written and taken back", func(f *watched, wait func(time.Duration)) {
			f.set("b", nil)
			wait(time.Second)
			f.set("a", nil)
			wait(time.Minute)
		}, nil},
		{"replaced, with nothing there for a moment", func(f *watched, wait func(time.Duration)) {
			f.set("a", errors.New("gone"))
			wait(time.Second)
			f.set("b", nil)
		}, []string{"3s b"}},
		{"gone and back", func(f *watched, wait func(time.Duration)) {
			f.set("a", errors.New("gone"))
			wait(5 * time.Second)
			f.set("a", nil)
		}, []string{"2s gone", "7s a"}},
		{"twice", func(f *watched, wait func(time.Duration)) {
			f.set("b", nil)
			wait(10 * time.Second)
			f.set("c", nil)
		}, []string{"2s b", "12s c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &watched{text: "a", began: time.Now()}
				w := &Watcher{Read: f.read, Changed: f.changed, Sum: sha256.Sum256([]byte("a"))}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					w.Run(ctx)
				}()
				wait := func(d time.Duration) {
					time.Sleep(d)
					synctest.Wait()
				}
				wait(500 * time.Millisecond)
				tt.do(f, wait)
				wait(3 * time.Second)
				cancel()
				<-done
				if !slices.Equal(f.told, tt.want) {
					t.Errorf("reported %q, want %q", f.told, tt.want)
				}
			})
		})
	}
}
