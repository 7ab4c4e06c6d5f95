// Package rvo is for model services and consumers in Go: Serve runs a service, and
// Event, Meta and Snapshot are what rvo-tui writes as JSON. Keys may be added there;
// encoding/json ignores those that it does not know.
package rvo

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

// Detect answers one request. It may be called by several goroutines at once. ctx
// ends at the deadline of the call; an error is the answer's status.
type Detect func(ctx context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error)

// grace is how long calls under way have at the end.
const grace = 5 * time.Second

// Serve runs a model service until SIGTERM, SIGINT or the end of ctx, then finishes
// the calls under way, within 5 s, and returns nil. The address is host:port or
// unix:/path; without one it is the socket that rvo-tui gives to what it starts
// (RVO_SOCKET), else 127.0.0.1:50051. Where it cannot listen it returns an error. A
// call that is late already is not made. It answers grpc.health.v1: serving, until it
// is asked to stop.
func Serve(ctx context.Context, address string, detect Detect) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := listen(address)
	if err != nil {
		return err
	}
	server, checks := grpc.NewServer(), health.NewServer()
	detectv1.RegisterDetectorServer(server, detector{detect: detect})
	healthv1.RegisterHealthServer(server, checks)
	stopped := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(stopped)
		checks.Shutdown()
		late := time.AfterFunc(grace, server.Stop)
		defer late.Stop()
		server.GracefulStop()
	})
	fmt.Println("listening on", l.Addr())
	err = server.Serve(l)
	if !forget() {
		<-stopped
	}
	return err
}

func listen(address string) (net.Listener, error) {
	if socket := os.Getenv("RVO_SOCKET"); address == "" && socket != "" {
		address = "unix:" + socket
	}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return net.Listen("unix", path)
	}
	return net.Listen("tcp", cmp.Or(address, "127.0.0.1:50051"))
}

type detector struct {
	detectv1.UnimplementedDetectorServer
	detect Detect
}

func (d detector) Detect(ctx context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	return d.detect(ctx, r)
}
