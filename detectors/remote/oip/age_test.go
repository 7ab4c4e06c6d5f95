package oip

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"rvo-tui/capture"
	"rvo-tui/proto/inference"
)

// program is where make build puts the program.
const program = "../../../bin/rvo-tui"

const rate = 20 // frames a second

// The age of a signal from a model on a real Triton, from the capture of its frame, compared with
// the response time of a bare client with a prepared request. RVO_AGE is the duration of each
// measurement; there are five, interleaved. See make triton-bench.
func TestAge(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("RVO_AGE"))
	if err != nil {
		t.Skip("RVO_AGE is no time")
	}
	s := newTriton(t)
	for _, c := range []struct{ name, datatype, shape string }{
		{"fp32", "FP32", "1, 3, 640, 640"},
		{"uint8", "UINT8", "1, 640, 640, 3"},
		{"jpeg", "STRING", "1"},
	} {
		s.put(c.name, "1", c.datatype, c.shape, 8400)
		var bare, whole [2][]time.Duration // 50 %, 99 %
		for range 5 {
			b, w := s.bare(c.name, length), s.whole(c.name, length)
			for i := range bare {
				bare[i], whole[i] = append(bare[i], b[i]), append(whole[i], w[i])
			}
		}
		t.Logf("%s: bare client %v 50 %%, %v 99 %%; age of the signal %v, %v", c.name, median(bare[0]), median(bare[1]), median(whole[0]), median(whole[1]))
	}
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2].Round(10 * time.Microsecond)
}

// options are those of a model that finds no cats in a synthetic street.
func (s *triton) options(model string) Options {
	o := at(s.endpoint)
	o.Model, o.Labels, o.Input, o.Threshold = model, []string{"cat"}, "640x640", 0.1
	return o
}

// bare sends a prepared request at a given rate.
func (s *triton) bare(model string, length time.Duration) [2]time.Duration {
	s.t.Helper()
	d := detector(s.t, s.options(model))
	looks{d, s, s.t}.answers("bare", model)
	conn, err := grpc.NewClient(s.endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := d.model.fill(capture.EncodeJPEG, 0); err != nil {
		s.t.Fatal(err)
	}
	client := inference.NewGRPCInferenceServiceClient(conn)
	var took []time.Duration
	every := time.NewTicker(time.Second / rate)
	defer every.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); <-every.C {
		began := time.Now()
		if _, err := client.ModelInfer(s.t.Context(), d.model.request); err != nil {
			s.t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return [2]time.Duration{took[len(took)/2], took[len(took)*99/100]}
}

// whole runs the program on a synthetic street of 1280x720.
func (s *triton) whole(model string, length time.Duration) [2]time.Duration {
	s.t.Helper()
	dir := s.t.TempDir()
	socket, file := filepath.Join(dir, "socket"), filepath.Join(dir, "rvo.toml")
	s.write(file, fmt.Sprintf(`[metrics]
listen = ""
[control]
socket = %q
[[camera]]
name = "street"
source = "synthetic:street"
fps = %d
[[detector]]
name = "cats"
kind = "oip"
endpoint = %q
model = %q
labels = ["cat"]
input = "640x640"
threshold = 0.1
max_fps = %d
`, socket, rate, s.endpoint, model, rate))
	cmd := exec.Command(program, "--no-ui", "--config", file, "--duration", (length + 2*time.Second).String())
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := cmd.Wait(); err != nil {
			s.t.Error(err)
		}
	}()
	<-time.After(length)
	out, err := exec.Command(program, "ctl", "status", "--addr", socket, "--json").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	var snapshot struct {
		Cameras []struct {
			Detectors []struct {
				Age struct {
					Count uint64 `json:"count"`
					P50   int64  `json:"p50_ns"`
					P99   int64  `json:"p99_ns"`
				} `json:"answer_age"`
			} `json:"detectors"`
		} `json:"cameras"`
	}
	if err := json.Unmarshal(out, &snapshot); err != nil || len(snapshot.Cameras) != 1 || len(snapshot.Cameras[0].Detectors) != 1 {
		s.t.Fatalf("%v: %s", err, out)
	}
	age := snapshot.Cameras[0].Detectors[0].Age
	s.t.Logf("%s: %d answers", model, age.Count)
	return [2]time.Duration{time.Duration(age.P50), time.Duration(age.P99)}
}
