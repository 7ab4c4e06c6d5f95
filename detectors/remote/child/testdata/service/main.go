// Command service is a test detector that runs as its own program. Its first argument
// selects what it does: "serve" returns the width of the frame, "nan" returns NaN, "deaf"
// never listens, "noise" does not speak gRPC.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"net"
	"os"
	"os/signal"
	"strings"

	"google.golang.org/grpc"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

type service struct {
	detectv1.UnimplementedDetectorServer
	mode string
}

func (s service) Detect(_ context.Context, r *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
	v := float64(r.GetWidth())
	if s.mode == "nan" {
		v = math.NaN()
	}
	return &detectv1.DetectResponse{Signals: []*detectv1.SignalOut{{SignalType: "a", Number: &v}}}, nil
}

func main() {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "SigIgn") {
			fmt.Print(line)
		}
	}
	fmt.Println("secret", os.Getenv("DOOR_PASSWORD"))
	mode := os.Args[1]
	if mode == "deaf" {
		// select {} alone would be a deadlock, which ends the program.
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, os.Interrupt)
		<-stop
	}
	l, err := net.Listen("unix", os.Getenv("RVO_SOCKET"))
	if err != nil {
		log.Fatal(err)
	}
	if mode == "noise" {
		for {
			c, err := l.Accept()
			if err != nil {
				log.Fatal(err)
			}
			c.Write([]byte("220 mail.example ready for you and everybody else\r\n"))
		}
	}
	server := grpc.NewServer()
	detectv1.RegisterDetectorServer(server, service{mode: mode})
	log.Fatal(server.Serve(l))
}
