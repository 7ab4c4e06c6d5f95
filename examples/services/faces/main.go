//go:build cgo

// Command faces is a model service: it finds faces with a Haar cascade of OpenCV.
// Copy it and put another model into faces.go.
//
// It needs a C++ compiler and OpenCV 4.6 (Debian and Ubuntu: apt install
// libopencv-dev opencv-data). Start it from the repository:
//
//	go run ./examples/services/faces
//
// and let rvo-tui ask it:
//
//	rvo-tui --detector http://localhost:50051=face
//
// Or build it, and let rvo-tui start it and watch over it:
//
//	[[detector]]
//	name    = "face"
//	kind    = "command"
//	command = ["./faces"]
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

func main() {
	listen := flag.String("listen", defaultAddress(os.Getenv("RVO_SOCKET")), "`address` to listen on: host:port or unix:///path")
	name := flag.String("signal", "face", "`name` of the signal to answer with")
	cascade := flag.String("cascade", "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml", "`file` of the cascade")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *name, *cascade); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// defaultAddress returns the socket that rvo-tui gives to what it starts, or a
// port.
func defaultAddress(socket string) string {
	if socket != "" {
		return "unix://" + socket
	}
	return "127.0.0.1:50051"
}

// run serves until the context ends.
func run(ctx context.Context, address, signal, cascade string) error {
	model, err := newFaces(cascade)
	if err != nil {
		return err
	}
	defer model.Close()
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		network, address = "unix", filepath.Clean(path)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	detectv1.RegisterDetectorServer(server, &service{signal: signal, model: model})
	ended := context.AfterFunc(ctx, server.GracefulStop)
	defer ended()
	fmt.Println("listening on", l.Addr())
	return server.Serve(l)
}

type service struct {
	detectv1.UnimplementedDetectorServer
	signal string
	model  *faces
}

// Detect answers with how many faces are in the frame, and where.
func (s *service) Detect(ctx context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	img, err := decode(r)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	found, err := s.model.find(ctx, img)
	if err != nil {
		return nil, status.FromContextError(err).Err()
	}
	answer := &detectv1.DetectResponse{Model: "Haar cascade, frontal faces"}
	if len(found) > 0 {
		answer.Signals = []*detectv1.SignalOut{{SignalType: s.signal, Value: uint64(len(found)), Detections: found}}
	}
	return answer, nil
}
