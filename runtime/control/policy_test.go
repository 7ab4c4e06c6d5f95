package control

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
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

// allKinds has a kind of every sort.
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

func TestWhatMayBeAttached(t *testing.T) {
	p := newPolicy(ServerOptions{
		Kinds:      allKinds(),
		Config:     Config{Endpoints: []string{"gpu:50051", "https://cloud.example:443", "unix:///run/model.sock", "10.0.0.9", "farm"}},
		Configured: func() []string { return []string{"models.lan:50051", "http://tls.lan:1"} },
	})
	at := func(endpoint string) detectors.Config {
		return detectors.Config{Kind: "remote", Options: remote.Options{Connection: remote.Connection{Endpoint: endpoint}}}
	}
	for _, tt := range []struct {
		cfg  detectors.Config
		want string // in the refusal; empty: it may
	}{
		{detectors.Config{Kind: "motion", Isolation: detectors.ProcessIsolation}, ""},
		{detectors.Config{Kind: "unknown"}, ""}, // validation refuses it
		{detectors.Config{Kind: "face"}, ""},
		{detectors.Config{Kind: "face", Options: netOptions{Model: "/etc/passwd"}}, "model: no file"},
		{detectors.Config{Kind: "onnx"}, "needs the key model"},
		{detectors.Config{Kind: "onnx", Options: netOptions{Model: "a.onnx"}}, "model: no file"},
		{detectors.Config{Kind: "onnx", Options: netOptions{LabelsFile: "/etc/shadow"}}, "labels_file: no file"},
		{detectors.Config{Kind: "command"}, "starts a program"},
		{detectors.Config{Kind: "remote", Options: remote.Options{Connection: remote.Connection{Endpoint: "localhost:1", TLSCA: "/etc/ssl/a.pem"}}}, "tls_ca: no file"},

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
		{at("http://localhost@evil.example:1"), "must not hold a user"},
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
		err := p.detector(tt.cfg)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s %s: %v", tt.cfg.Kind, tt.cfg.Text("endpoint"), err)
			}
			continue
		}
		code := status.Code(err)
		if err == nil || !strings.Contains(err.Error(), tt.want) || code != codes.PermissionDenied && code != codes.InvalidArgument {
			t.Errorf("%s %s: %v, want %q", tt.cfg.Kind, tt.cfg.Text("endpoint"), err, tt.want)
		}
	}
}

func TestWhatCamerasMayBeAdded(t *testing.T) {
	for source, want := range map[string]string{
		"device:0": "", "/dev/video0": "", "synthetic:street": "", "rtsp://10.0.0.7/a": "", "rtsps://10.0.0.7/a": "", "http://cam/mjpeg": "", "https://cam/mjpeg": "",
		"/etc/passwd": "no file", "file:///etc/passwd": "no file", "./rtsp:x": "no file", "video.mp4": "no file", "": "source:", "gopher://x": "source:",
	} {
		err := policy{}.camera(*camera("x", source))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
}

// FuzzPolicy looks for an endpoint that is let through and leads elsewhere than
// an entry says: whatever passes must be this machine or have the entry's host.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{"localhost:1", "gpu:50051", "[::1]:1", "http://gpu.:50051", "unix:///run/a", "127.1:1", "gpu%00:1", "http://GPU:50051/", "0x7f.1:1", "[::1%25lo]:1"} {
		f.Add(s, "gpu")
	}
	f.Fuzz(func(t *testing.T, text, entry string) {
		p := newPolicy(ServerOptions{Config: Config{Endpoints: []string{entry}}})
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
