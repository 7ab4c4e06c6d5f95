package onnx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"rvo-tui/detectors/onnx/heads"
)

// shared is a model with several users. Frames that arrive while the model is running
// are batched, up to the limit; it never waits to fill a batch.
type shared struct {
	key    string
	users  int           // guarded by the runtime's mutex
	loaded chan struct{} // closed when model or err is set
	model  *model
	err    error
	most   int           // maximum batch size
	sem    chan struct{} // semaphore for exclusive use of the model

	mu      sync.Mutex // guards the fields below
	waiting []*job
}

// job is one frame to process.
type job struct {
	ctx    context.Context
	pix    []byte
	at     heads.Placement
	decode func([]heads.Tensor) error
	done   chan struct{} // closed when err is set
	err    error
}

// acquire returns the model for these options, loading it if necessary. The caller must
// call release.
func (r *Runtime) acquire(o Options) (*shared, error) {
	key, err := json.Marshal(o.ofModel())
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	s := r.models[string(key)]
	first := s == nil
	if first {
		s = &shared{key: string(key), loaded: make(chan struct{}), most: max(o.MaxBatch, 1), sem: make(chan struct{}, 1)}
		r.models[s.key] = s
	}
	s.users++
	r.mu.Unlock()
	if first {
		s.model, s.err = r.openModel(o)
		close(s.loaded)
	}
	<-s.loaded
	if s.err != nil {
		return nil, errors.Join(s.err, r.release(s))
	}
	return s, nil
}

// release releases a model. The last user frees it.
func (r *Runtime) release(s *shared) error {
	r.mu.Lock()
	s.users--
	last := s.users == 0
	if last && r.models[s.key] == s {
		delete(r.models, s.key)
	}
	r.mu.Unlock()
	if !last || s.model == nil {
		return nil
	}
	s.sem <- struct{}{}
	return s.model.session.close()
}

// look runs the model on a frame and decodes the result before the next run. It returns
// when the frame is no longer in use, which may be shortly after its context ends.
func (s *shared) look(j *job) error {
	j.done = make(chan struct{})
	s.mu.Lock()
	s.waiting = append(s.waiting, j)
	s.mu.Unlock()
	for {
		select {
		case <-j.done:
			return j.err
		case <-j.ctx.Done():
			if s.withdraw(j) {
				return j.ctx.Err()
			}
			<-j.done
			return j.err
		case s.sem <- struct{}{}:
			if batch := s.take(); len(batch) > 0 {
				s.run(batch)
			}
			<-s.sem
		}
	}
}

// withdraw removes a job that has not started.
func (s *shared) withdraw(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, j)
	if i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	return i >= 0
}

// take returns the jobs that have waited longest, up to one batch.
func (s *shared) take() []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.waiting), s.most)
	batch := slices.Clone(s.waiting[:n])
	s.waiting = slices.Delete(s.waiting, 0, n)
	return batch
}

// decoded decodes a result. It recovers from panics, so that a bug cannot block the
// job's caller.
func (j *job) decoded(out []heads.Tensor) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return j.decode(out)
}

// run processes a batch. The caller holds the semaphore.
func (s *shared) run(batch []*job) {
	contexts := make([]context.Context, len(batch))
	for i, j := range batch {
		s.model.Pixels.Write(i, j.pix, j.at)
		contexts[i] = j.ctx
	}
	out, err := s.model.infer(len(batch), contexts)
	for i, j := range batch {
		j.err = err
		if err == nil {
			var own []heads.Tensor
			if own, j.err = part(out, i, len(batch)); j.err == nil {
				j.err = j.decoded(own)
			}
		}
		close(j.done)
	}
}
