package control

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/clips"
	"rvo-tui/internal/option"
	controlv1 "rvo-tui/proto/rvo/control/v1"
)

const (
	maxClips     = 1000
	defaultClips = 100
	maxWatchers  = 64
	maxFollowers = 128 // of events and of the log together
	maxPreviews  = 8
	maxClipReads = 4
)

// service answers the calls of the API.
type service struct {
	controlv1.UnimplementedControlServer
	opts     ServerOptions
	instance string
	policy   policy
	ending   <-chan struct{} // closed when the program ends; set before the first call
	patience time.Duration   // that a client may leave an answer unread

	texts     texts
	commands  semaphore
	watchers  semaphore
	followers semaphore
	previews  semaphore
	disk      semaphore
}

func newService(opts ServerOptions, instance string) *service {
	return &service{
		opts: opts, instance: instance, policy: newPolicy(opts), patience: sendTimeout,
		commands:  semaphore{max: maxCommands, what: "commands are under way"},
		watchers:  semaphore{max: maxWatchers, what: "clients watch"},
		followers: semaphore{max: maxFollowers, what: "clients follow events and the log"},
		previews:  semaphore{max: maxPreviews, what: "previews are shown"},
		disk:      semaphore{max: maxClipReads, what: "clients read evidence"},
	}
}

// semaphore bounds how many calls of one kind run at a time.
type semaphore struct {
	max   int64
	what  string
	taken atomic.Int64
}

// acquire takes a place, which the caller releases, or fails when all are taken.
func (s *semaphore) acquire() error {
	if s.taken.Add(1) > s.max {
		s.taken.Add(-1)
		return status.Errorf(codes.ResourceExhausted, "%d %s already: try again later", s.max, s.what)
	}
	return nil
}

func (s *semaphore) release() { s.taken.Add(-1) }

var errEnding = status.Error(codes.Unavailable, "this rvo-tui is ending")

// About implements the contract.
func (s *service) About(ctx context.Context, _ *controlv1.AboutRequest) (*controlv1.AboutResponse, error) {
	snap := s.opts.Runtime.Snapshot()
	host, _ := os.Hostname() // without it the client shows the address alone
	a := &controlv1.AboutResponse{
		Version: s.opts.Version, Instance: s.instance, Pid: uint32(os.Getpid()), Host: host, Config: s.opts.ConfigFile,
		StartedNs: uint64(snap.Started.UnixNano()), ReadOnly: !callerOf(ctx).write,
	}
	for i := range snap.Cameras {
		a.Cameras = append(a.Cameras, &controlv1.Camera{Name: snap.Cameras[i].Name, Source: snap.Cameras[i].Source})
	}
	for _, name := range s.opts.Kinds.Names() {
		k := s.opts.Kinds[name]
		if s.policy.kind(k) != nil {
			continue
		}
		files := paths(k)
		keys := slices.DeleteFunc(option.Keys(k.Own()), func(key string) bool { return slices.Contains(files, key) })
		a.Kinds = append(a.Kinds, &controlv1.Kind{Name: k.Name, Doc: k.Doc, Keys: keys})
	}
	return a, nil
}

// Clips implements the contract.
func (s *service) Clips(_ context.Context, req *controlv1.ClipsRequest) (*controlv1.ClipsResponse, error) {
	limit := int(req.GetLimit())
	if limit > maxClips {
		return nil, status.Errorf(codes.InvalidArgument, "limit %d: ask for %d clips at most", limit, maxClips)
	}
	if limit == 0 {
		limit = defaultClips
	}
	dir, err := s.evidence()
	if err != nil {
		return nil, err
	}
	if err := s.disk.acquire(); err != nil {
		return nil, err
	}
	defer s.disk.release()
	entries, err := clips.List(dir)
	if err != nil {
		return nil, status.Errorf(codes.Unavailable, "%v", err)
	}
	answer := &controlv1.ClipsResponse{Dir: absolute(dir)}
	for _, e := range slices.Backward(entries[max(0, len(entries)-limit):]) {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, status.Errorf(codes.Internal, "write clip %s: %v", e.EventID, err)
		}
		answer.Clips = append(answer.Clips, line)
	}
	return answer, nil
}

// Clip implements the contract.
func (s *service) Clip(_ context.Context, req *controlv1.ClipRequest) (*controlv1.ClipResponse, error) {
	if req.GetEventId() == "" {
		return nil, status.Error(codes.InvalidArgument, "event_id is missing: give the ID of an event")
	}
	dir, err := s.evidence()
	if err != nil {
		return nil, err
	}
	if err := s.disk.acquire(); err != nil {
		return nil, err
	}
	defer s.disk.release()
	clip, err := clips.Find(dir, req.GetEventId())
	switch {
	case errors.Is(err, clips.ErrNoClip):
		return nil, status.Error(codes.NotFound, err.Error())
	case err != nil:
		return nil, status.Errorf(codes.Unavailable, "%v", err)
	}
	line, err := json.Marshal(clip.Entry)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "write clip %s: %v", clip.Entry.EventID, err)
	}
	return &controlv1.ClipResponse{Clip: line, Path: absolute(clip.Path), Thumb: clip.Thumb}, nil
}

// evidence returns the directory of the evidence.
func (s *service) evidence() (string, error) {
	if s.opts.ClipsDir == "" {
		return "", status.Error(codes.FailedPrecondition, "no evidence is kept: give a rule clip = true")
	}
	return s.opts.ClipsDir, nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
