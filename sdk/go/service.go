// Package rvo is for model services and consumers of events in Go. Serve runs a service.
// Event, Meta and Snapshot are the JSON objects of rvo-tui. Keys may be added to them;
// encoding/json ignores unknown ones.
package rvo

import (
	"cmp"
	"context"
	"errors"
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

// Detect answers one request. It may be called concurrently. ctx ends at the deadline
// of the call. An error becomes the status of the call.
type Detect func(ctx context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error)

// grace is the time that running calls have to finish at the end.
const grace = 5 * time.Second

// Serve runs a model service until SIGTERM, SIGINT or the end of ctx, then finishes
// running calls within 5 s and returns nil. address is host:port or unix:/path. The
// default is the socket in RVO_SOCKET, which rvo-tui sets for services that it starts,
// else 127.0.0.1:50051. The socket of a killed process is replaced. Serve returns an error
// if it cannot listen. detect is not called if the deadline of a call has passed. Health
// checks (grpc.health.v1) report SERVING until the service is asked to stop.
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
	if errors.Is(err, grpc.ErrServerStopped) {
		return nil // it was stopped before it served
	}
	return err
}

func listen(address string) (net.Listener, error) {
	if socket := os.Getenv("RVO_SOCKET"); address == "" && socket != "" {
		address = "unix:" + socket
	}
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return net.Listen("tcp", cmp.Or(address, "127.0.0.1:50051"))
	}
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	c, refused := net.Dial("unix", path)
	if refused == nil {
		c.Close()
	}
	if !errors.Is(refused, syscall.ECONNREFUSED) {
		return nil, err
	}
	if err := os.Remove(path); err != nil { // the socket of a killed process
		return nil, err
	}
	return net.Listen("unix", path)
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
