package api

import (
	"net/http"
	"strings"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// netOptions are the keys of a kind with files.
type netOptions struct {
	Model      string `toml:"model" is:"path"`
	LabelsFile string `toml:"labels_file" is:"path"`
}

func checkNet(cfg detectors.Config, bad func(key, problem string)) {
	if cfg.Text("model") == "" {
		bad("model", "is missing")
	}
}

// allKinds has one kind of every sort.
func allKinds() detectors.Kinds {
	kinds := detectors.Builtin()
	for _, k := range []detectors.Kind{
		remote.Kind(nil),
		{Name: "command", Defaults: detectors.Config{Options: struct {
			Command []string `toml:"command" is:"path"`
		}{}}, Process: true},
		{Name: "face", Defaults: detectors.Config{Options: netOptions{Model: "frontal"}}, Check: checkNet},
		{Name: "onnx", Defaults: detectors.Config{Options: netOptions{}}, Check: checkNet},
	} {
		kinds[k.Name] = k
	}
	return kinds
}

// at is a detector at a model service.
func at(endpoint string) detectors.Config {
	return detectors.Config{Kind: "remote", Options: remote.Options{Connection: remote.Connection{Endpoint: endpoint}}}
}

func TestWhatMayBeAttached(t *testing.T) {
	p := newPolicy(Options{
		Kinds:  allKinds(),
		Config: Config{Endpoints: []string{"gpu:50051", "https://cloud.example:443", "unix:///run/model.sock", "10.0.0.9", "farm"}},
		Configured: func() ([]capture.Config, []detectors.Config) {
			return nil, []detectors.Config{at("models.lan:50051"), at("http://tls.lan:1")}
		},
	})
	for _, tt := range []struct {
		cfg  detectors.Config
		want string // in the refusal; empty: it may
	}{
		{detectors.Config{Kind: "motion", Isolation: detectors.ProcessIsolation}, ""},
		{detectors.Config{Kind: "unknown"}, ""}, // validation refuses it
		{detectors.Config{Kind: "motion", Execution: detectors.Inline}, "execution: inline"},
		{detectors.Config{Kind: "load"}, "only generates load"},
		{detectors.Config{Kind: "jitter"}, "only generates load"},
		{detectors.Config{Kind: "face"}, ""},
		{detectors.Config{Kind: "face", Options: netOptions{Model: "/etc/passwd"}}, "model: files"},
		{detectors.Config{Kind: "onnx"}, "needs the key model"},
		{detectors.Config{Kind: "onnx", Options: netOptions{Model: "a.onnx"}}, "model: files"},
		{detectors.Config{Kind: "onnx", Options: netOptions{LabelsFile: "/etc/shadow"}}, "labels_file: files"},
		{detectors.Config{Kind: "command"}, "starts a program"},
		{detectors.Config{Kind: "remote", Options: remote.Options{Connection: remote.Connection{Endpoint: "localhost:1", TLSCA: "/etc/ssl/a.pem"}}}, "tls_ca: files"},

		{at("localhost:50051"), ""},
		{at("LOCALHOST:50051"), ""},
		{at("127.0.0.1:50051"), ""},
		{at("127.8.9.1:50051"), ""},
		{at("http://[::1]:50051"), ""},
		{at("[::ffff:127.0.0.1]:50051"), ""},
		{at("https://localhost"), ""},
		{at("0.0.0.0:50051"), "control.endpoints"},
		{at("[::]:50051"), "control.endpoints"},
		{at("evil.localhost:50051"), "control.endpoints"},
		{at("localhost.evil.example:50051"), "control.endpoints"},
		{at("127.0.0.1.evil.example:50051"), "control.endpoints"},
		{at("10.0.0.1:50051"), "control.endpoints"},
		{at("169.254.169.254:80"), "control.endpoints"},
		{at("unix:///run/docker.sock"), "control.endpoints"},
		{at("unix:///run/model.sock"), ""},
		{at("unix:///run/../run/model.sock"), ""},
		{at("http://localhost@evil.example:1"), "must not contain a user"},
		{at("ftp://localhost:1"), "scheme"},

		{at("gpu:50051"), ""},
		{at("https://gpu:50051"), ""},
		{at("gpu:50052"), "control.endpoints"},
		{at("sub.gpu:50051"), "control.endpoints"},
		{at("https://cloud.example"), ""},
		{at("http://cloud.example:443"), "control.endpoints"},
		{at("10.0.0.9:1"), ""},
		{at("[::ffff:10.0.0.9]:1"), ""},
		{at("10.0.0.90:1"), "control.endpoints"},
		{at("FARM:9"), ""},
		{at("farm.evil.example:9"), "control.endpoints"},
		{at("models.lan:50051"), ""},
		{at("https://models.lan:50051"), "control.endpoints"},
		{at("models.lan:50052"), "control.endpoints"},
	} {
		err := p.detector(tt.cfg, "", new(runtime.Snapshot))
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s %s: %v", tt.cfg.Kind, tt.cfg.Text("endpoint"), err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || problemOf(err).Status != http.StatusForbidden && problemOf(err).Status != http.StatusBadRequest {
			t.Errorf("%s %s: %v, want %q", tt.cfg.Kind, tt.cfg.Text("endpoint"), err, tt.want)
		}
	}
}

func TestWhatCamerasMayBeAdded(t *testing.T) {
	p := newPolicy(Options{
		Config: Config{Sources: []string{"10.0.0.7", "rtsp://nvr:8554", "192.0.2.0/24", "[2001:db8::1]:554"}},
		Configured: func() ([]capture.Config, []detectors.Config) {
			return []capture.Config{{Source: "rtsp://u:pw@yard/1", EvidenceSource: "http://other:8080/x"}}, nil
		},
	})
	for source, want := range map[string]string{
		"device:0": "", "/dev/video0": "", "synthetic:street": "",
		"rtsp://10.0.0.7/a": "", "rtsps://10.0.0.7/a": "", "http://10.0.0.7:8080/mjpeg": "", "rtsp://[::ffff:10.0.0.7]/a": "",
		"rtsp://nvr:8554/2": "", "rtsp://NVR.:8554/2": "", "rtsp://192.0.2.77/a": "", "rtsp://[2001:db8::1]/a": "",
		"rtsp://yard/2": "", "rtsp://yard:554/2": "", "http://other:8080/y": "",

		"rtsp://10.0.0.70/a": "control.sources", "rtsp://nvr/2": "control.sources", "http://nvr:8554/2": "control.sources", "rtsp://192.0.3.1/a": "control.sources",
		"rtsp://yard:555/2": "control.sources", "http://yard/2": "control.sources", "http://169.254.169.254/latest": "control.sources",
		"rtsp://localhost/a": "control.sources", "http://127.0.0.1:6379/": "control.sources", "rtsp://10.0.0.7@evil.example/a": "control.sources",

		"/etc/passwd": "files cannot be chosen", "file:///etc/passwd": "files cannot be chosen", "./rtsp:x": "files cannot be chosen", "video.mp4": "files cannot be chosen", "": "source:", "gopher://x": "source:",
	} {
		err := p.camera(capture.Config{Name: "x", Source: source}, new(runtime.Snapshot))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
	if err := p.camera(capture.Config{Source: "synthetic:street", EvidenceSource: "http://169.254.169.254/x"}, new(runtime.Snapshot)); err == nil || !strings.Contains(err.Error(), "evidence_source") {
		t.Errorf("the second stream: %v", err)
	}
}

func TestWhatIsAddedIsBounded(t *testing.T) {
	p := newPolicy(Options{Kinds: allKinds()})
	full := &runtime.Snapshot{Cameras: make([]runtime.CameraView, maxCameras)}
	full.Cameras[0].Name = "door"
	full.Cameras[0].Detectors = make([]engine.DetectorView, maxDetectors)
	motion := detectors.Config{Kind: "motion"}
	for name, err := range map[string]error{
		"a camera too many":   p.camera(capture.Config{Source: "synthetic:street"}, full),
		"a detector too many": p.detector(motion, "door", full),
		"for all cameras":     p.detector(motion, "", full),
		"too many pixels":     p.camera(capture.Config{Source: "synthetic:street", Width: 7680, Height: 7680}, new(runtime.Snapshot)),
		"with what there is":  p.camera(capture.Config{Source: "synthetic:street", Width: 3840, Height: 2160}, &runtime.Snapshot{Cameras: []runtime.CameraView{{Status: capture.Status{Width: 7680, Height: 4320}}}}),
		"too many frames":     p.camera(capture.Config{Source: "synthetic:street", FPS: 1000}, new(runtime.Snapshot)),
	} {
		if err == nil || problemOf(err).Status != http.StatusForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.detector(motion, "yard", full); err != nil {
		t.Errorf("of another camera: %v", err)
	}
}

// FuzzPolicy looks for an endpoint that is allowed although it leads elsewhere: an allowed
// endpoint must be on this machine or have the host of an entry.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{"localhost:1", "gpu:50051", "[::1]:1", "http://gpu.:50051", "unix:///run/a", "127.1:1", "gpu%00:1", "http://GPU:50051/", "0x7f.1:1", "[::1%25lo]:1"} {
		f.Add(s, "gpu")
	}
	f.Fuzz(func(t *testing.T, text, entry string) {
		p := newPolicy(Options{Config: Config{Endpoints: []string{entry}}})
		if p.endpoint(text) != nil {
			return
		}
		e, err := remote.ParseEndpoint(text)
		if err != nil {
			t.Fatalf("%q is let through and is no endpoint: %v", text, err)
		}
		if e.Network == "tcp" && e.Loopback() {
			return
		}
		if len(p.permits) != 1 {
			t.Fatalf("%q is let through by no entry", text)
		}
		given := p.permits[0]
		if given.host == "" {
			if canonicalAddr(e) != canonicalAddr(given.endpoint) {
				t.Fatalf("%q is let through by %q", text, entry)
			}
			return
		}
		if !strings.HasPrefix(canonicalAddr(e), given.host+":") && !strings.HasPrefix(canonicalAddr(e), "["+given.host+"]:") {
			t.Fatalf("%q is let through by %q", text, entry)
		}
	})
}
