// Command go is a model service: how bright each frame is, 0 to 1. Put another
// model into look. docs/remote.md shows how to start it, and how rvo-tui asks it.
package main

import (
	"context"
	"flag"
	"log"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
	rvo "rvo-tui/sdk/go"
)

func look(frame []byte) float64 {
	sum := 0
	for _, value := range frame {
		sum += int(value)
	}
	return float64(sum) / float64(len(frame)) / 255
}

func detect(_ context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	if len(r.GetFrameBgr()) == 0 {
		return nil, status.Error(codes.InvalidArgument, `no raw frame: set format = "bgr"`)
	}
	signal := &detectv1.SignalOut{SignalType: "brightness", Number: new(look(r.GetFrameBgr()))}
	return &detectv1.DetectResponse{Model: "brightness 1", Signals: []*detectv1.SignalOut{signal}}, nil
}

func main() {
	flag.Parse()
	if err := rvo.Serve(context.Background(), flag.Arg(0), detect); err != nil {
		log.Fatal(err)
	}
}
