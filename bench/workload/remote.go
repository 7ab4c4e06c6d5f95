package workload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
	detectv1 "rvo-tui/proto/rvo/detect/v1"
	"rvo-tui/rules"
)

// remoteScenarios measure the effect of a slow model service on the live path, over a real
// connection.
func remoteScenarios() []Scenario {
	list := []Scenario{
		{
			Name: "remote_8", FPS: 30, Sleep: 50 * time.Millisecond, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   "eight detectors that use a model service of 50 ms",
			Build: func(Setup) (Load, error) { return buildRemote(50*time.Millisecond, 8, "jpeg") }, Expect: expectAnswers,
		},
		{
			Name: "remote_raw", FPS: 30, Sleep: 5 * time.Millisecond, Modes: []Mode{Worker}, Base: "remote_5ms",
			Doc:   "a model service of 5 ms that receives raw pixels instead of JPEG",
			Build: func(Setup) (Load, error) { return buildRemote(5*time.Millisecond, 1, "bgr") }, Expect: expectAnswers,
		},
	}
	for _, ms := range []int{5, 50, 500} {
		takes := time.Duration(ms) * time.Millisecond
		list = append(list, Scenario{
			Name: fmt.Sprintf("remote_%dms", ms), FPS: 30, Sleep: takes, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   fmt.Sprintf("a model service of %d ms, over gRPC on a Unix socket", ms),
			Build: func(Setup) (Load, error) { return buildRemote(takes, 1, "jpeg") }, Expect: expectAnswers,
		})
	}
	return list
}

func expectAnswers(o *Outcome) string {
	if o.Execs == o.Failures {
		return "the service never answered"
	}
	return ""
}

// buildRemote returns a load of n detectors that use a model service.
func buildRemote(takes time.Duration, n int, format string) (Load, error) {
	s, err := newService(takes)
	if err != nil {
		return Load{}, err
	}
	pool := remote.NewPool(slog.New(slog.DiscardHandler))
	l := Load{
		Cameras: oneCamera(30),
		Rules:   []rules.Config{rule("remote_event", "remote >= 1")},
		Kinds:   detectors.Kinds{"remote": remote.Kind(pool)},
		Close:   func() error { return errors.Join(pool.Close(), s.close()) },
	}
	for i := range n {
		cfg := detectors.DefaultConfig()
		cfg.Name, cfg.Kind, cfg.MaxFPS, cfg.Timeout = "remote", "remote", 30, text.Duration(2*time.Second)
		if i > 0 { // a signal has one provider, so the others need other names
			cfg.Name = fmt.Sprintf("remote%d", i)
		}
		cfg.Options = remote.Options{Connection: remote.Connection{Endpoint: s.endpoint()}, Sending: remote.Sending{MaxWidth: 640, Format: format}}
		l.Detectors = append(l.Detectors, cfg)
	}
	return l, nil
}

// service is a model service in this process with a fixed latency.
type service struct {
	detectv1.UnimplementedDetectorServer
	takes  time.Duration
	dir    string
	server *grpc.Server
	wg     sync.WaitGroup
}

// newService returns a listening service. Its socket is in the directory for temporary files, because
// the path of a socket has at most 107 bytes.
func newService(takes time.Duration) (*service, error) {
	dir, err := os.MkdirTemp("", "rvo-bench-")
	if err != nil {
		return nil, fmt.Errorf("start model service: %w", err)
	}
	s := &service{takes: takes, dir: dir, server: grpc.NewServer()}
	l, err := net.Listen("unix", s.socket())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start model service: %w", err), os.RemoveAll(dir))
	}
	detectv1.RegisterDetectorServer(s.server, s)
	s.wg.Go(func() { _ = s.server.Serve(l) }) // ends with close
	return s, nil
}

func (s *service) socket() string { return filepath.Join(s.dir, "socket") }

func (s *service) endpoint() string { return "unix://" + s.socket() }

// close stops the service and its running requests.
func (s *service) close() error {
	s.server.Stop()
	s.wg.Wait()
	return os.RemoveAll(s.dir)
}

// Detect implements the service. It only waits.
func (s *service) Detect(ctx context.Context, _ *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	timer := time.NewTimer(s.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return &detectv1.DetectResponse{Signals: []*detectv1.SignalOut{{SignalType: "remote", Value: 1}}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
