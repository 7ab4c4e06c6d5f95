package rvo

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	detectv1 "rvo-tui/proto/rvo/detect/v1"
)

const patience = time.Minute

// examples returns the command of each language's example, or why there is none.
func examples(t *testing.T, language string) []string {
	t.Helper()
	const dir = "../../examples/services/"
	switch language {
	case "python":
		const python = "/usr/bin/python3"
		if exec.Command(python, "-c", "import grpc, google.protobuf").Run() != nil {
			t.Skip("Python's modules are missing: apt install python3-grpcio python3-protobuf")
		}
		return []string{python, "-B", dir + "python/brightness.py"}
	case "node":
		const built = dir + "node/dist/brightness.js"
		node, err := exec.LookPath("node")
		if _, missing := os.Stat(built); err != nil || missing != nil {
			t.Skip("the example for Node is not built: run sdk/build.sh node")
		}
		return []string{node, built}
	default:
		program := filepath.Join(t.TempDir(), "brightness")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, dir+"go").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return []string{program}
	}
}

// The example of each language answers according to the protocol, reports its health, and
// finishes running calls when it is stopped.
func TestExamples(t *testing.T) {
	for _, language := range []string{"go", "python", "node"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			command := examples(t, language)
			cmd := exec.Command(command[0], append(command[1:], "127.0.0.1:0")...)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }() // it may have ended
			line, err := bufio.NewReader(out).ReadString('\n')
			address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
			if !ok {
				t.Fatalf("it prints %q (%v) instead of its address", line, err)
			}
			conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()

			health, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
			if err != nil || health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
				t.Errorf("its health is %v (%v)", health, err)
			}
			client := detectv1.NewDetectorClient(conn)
			frame := &detectv1.DetectRequest{FrameBgr: []byte{0, 0, 0, 255, 255, 255}, Width: 2, Height: 1, FrameId: 1 << 60}
			answer, err := client.Detect(ctx, frame)
			if err != nil || len(answer.GetSignals()) != 1 {
				t.Fatalf("it answers %v (%v)", answer, err)
			}
			if s := answer.GetSignals()[0]; s.GetSignalType() != "brightness" || s.GetNumber() != 0.5 || answer.GetModel() == "" {
				t.Errorf("it answers %v", answer)
			}
			if _, err := client.Detect(ctx, &detectv1.DetectRequest{FrameJpeg: []byte("?")}); status.Code(err) != codes.InvalidArgument {
				t.Errorf("a request without a raw frame: %v", err)
			}

			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// At the end, running calls are answered, new ones are refused, and health checks report it. A
// late call does not reach detect.
func TestServe(t *testing.T) {
	defer goleak.VerifyNone(t)
	socket := filepath.Join(t.TempDir(), "s")
	t.Setenv("RVO_SOCKET", socket)
	ctx, stop := context.WithCancel(t.Context())
	begun, finish, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, "", func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
			close(begun)
			<-finish
			return &detectv1.DetectResponse{Model: "slow"}, nil
		})
	}()
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answered := make(chan error, 1)
	go func() {
		_, err := detectv1.NewDetectorClient(conn).Detect(t.Context(), &detectv1.DetectRequest{}, grpc.WaitForReady(true))
		answered <- err
	}()
	<-begun
	stop()
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}

	late, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = detector{detect: func(context.Context, *detectv1.DetectRequest) (*detectv1.DetectResponse, error) {
		t.Error("a late call was made")
		return nil, nil
	}}.Detect(late, nil)
	if status.Code(err) != codes.Canceled {
		t.Errorf("a late call: %v", err)
	}
}

// A service that is told to stop before it serves has not failed.
func TestServeThatIsStoppedAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 {
		if err := Serve(ctx, "127.0.0.1:0", nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServeNeedsAnAddress(t *testing.T) {
	if err := Serve(t.Context(), "nowhere", nil); err == nil {
		t.Error("it listens at an invalid address")
	}
}

// A service replaces the socket of one that was killed, but not that of one that runs.
func TestListenAgain(t *testing.T) {
	address := "unix:" + filepath.Join(t.TempDir(), "s")
	killed, err := listen(address)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := listen(address); err == nil {
		second.Close()
		t.Error("two services listen on one socket")
	}
	killed.(*net.UnixListener).SetUnlinkOnClose(false)
	killed.Close()
	next, err := listen(address)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	c, err := net.Dial("unix", next.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
