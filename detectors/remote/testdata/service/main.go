// Command service is a model service for benchmarks. It answers every frame after the time
// of -takes with the signal "bytes", the size of the frame as sent. Calls run concurrently
// without a limit.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"time"

	"google.golang.org/grpc"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

type service struct {
	detectv1.UnimplementedDetectorServer
	takes time.Duration
}

func (s service) Detect(ctx context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	size := uint64(len(r.GetFrameJpeg()) + len(r.GetFrameBgr()))
	return &detectv1.DetectResponse{Model: "clock", Signals: []*detectv1.SignalOut{{SignalType: "bytes", Value: size}}}, nil
}

func main() {
	takes := flag.Duration("takes", 0, "`time` that an answer takes")
	flag.Parse()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	detectv1.RegisterDetectorServer(server, service{takes: *takes})
	fmt.Println("listening on", l.Addr())
	log.Fatal(server.Serve(l))
}
