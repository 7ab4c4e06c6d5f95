package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// One command is enough from an RTSP camera to an event at a webhook.
func TestInit(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--size", "320x240")
	address := fmt.Sprintf("rtsp://127.0.0.1:%d/stream", server.port)
	got := make(chan string, 16)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // missing parts are reported below
		select {
		case got <- string(body):
		default:
		}
	}))
	t.Cleanup(hook.Close)
	p := start(t, setup{
		env:   []string{"CAMERA=" + address},
		args:  []string{"init"},
		stdin: strings.NewReader("${CAMERA}\nmotion\nwebhook:" + hook.URL + "\n"),
	})
	var body string
	p.until(patience, "an event at the webhook", func() bool {
		select {
		case body = <-got:
			return true
		default:
			return false
		}
	})
	p.stop()
	if !strings.Contains(body, `"motion"`) {
		t.Errorf("the webhook got %s", body)
	}
	file := filepath.Join(p.dir, "rvo.toml")
	if text := read(t, file); !strings.Contains(text, "${CAMERA}") || strings.Contains(text, address) {
		t.Errorf("the file holds the address itself:\n%s", text)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the webhook's address has mode %v", info.Mode())
	}
	if !strings.Contains(p.stdout.String(), "It works: 320x240") {
		t.Errorf("the camera was not tried:\n%s", p.stdout.String())
	}
}

// If init cannot ask, it names the missing answers.
func TestInitWithoutAnswers(t *testing.T) {
	t.Parallel()
	p := start(t, setup{args: []string{"init", "--camera-uri", "synthetic:street"}})
	if status := p.status(patience); status != 1 || !strings.Contains(p.stderr.String(), "or give --find and --tell (--tell= notifies nobody)") {
		t.Errorf("status %d: %s", status, p.stderr.String())
	}
	if _, err := os.Stat(filepath.Join(p.dir, "rvo.toml")); err == nil {
		t.Error("it wrote a file all the same")
	}
}

// What init starts runs like any other: at a reload, a table with a mistake is left out.
func TestInitRuns(t *testing.T) {
	t.Parallel()
	p := start(t, setup{args: []string{"init", "--camera-uri", "synthetic:empty", "--find", "motion", "--tell="}})
	p.logs("msg=started", patience)
	file := filepath.Join(p.dir, "rvo.toml")
	write(t, file, read(t, file)+"\n[[notify]]\nname = \"bad\"\nto = \"gopher://a\"\n")
	p.signal(syscall.SIGHUP)
	p.logs("left out", patience)
	p.stop()
}

// The first Ctrl-C ends init, also while it waits for an answer.
func TestInitInterrupted(t *testing.T) {
	t.Parallel()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer keyboard.Close()
	p := start(t, setup{args: []string{"init"}, stdin: in})
	p.until(patience, "a question", func() bool { return strings.Contains(p.stdout.String(), "Which camera?") })
	p.signal(syscall.SIGINT)
	if status := p.status(patience); status != -1 {
		t.Errorf("status %d", status)
	}
}

// A camera that is given by a flag is tried like one that is typed.
func TestInitDeadCamera(t *testing.T) {
	t.Parallel()
	given := []string{"init", "--camera-uri", "rtsp://ann:hunter22@127.0.0.1:1/stream", "--find", "motion", "--tell="}
	p := start(t, setup{args: given})
	if status, said := p.status(patience), p.stderr.String(); status != 1 || !strings.Contains(said, "rtsp://ann:***@127.0.0.1:1/stream: connection refused") || !strings.Contains(said, "--no-start") {
		t.Errorf("status %d: %s", status, said)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "rvo.toml")); err == nil {
		t.Error("it wrote a file all the same")
	}
	p = start(t, setup{args: append(given, "--no-start")})
	if status, said := p.status(patience), p.stdout.String(); status != 0 || !strings.Contains(said, "connection refused") || strings.Contains(said, "hunter22") {
		t.Errorf("with --no-start: status %d: %s", status, said)
	}
	if text := read(t, filepath.Join(p.dir, "rvo.toml")); !strings.Contains(text, "127.0.0.1:1/stream") {
		t.Errorf("with --no-start:\n%s", text)
	}
}

// Init tries a camera once, so it promises no further attempt.
func TestInitWrongPassword(t *testing.T) {
	t.Parallel()
	camera := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(camera.Close)
	address := strings.Replace(camera.URL, "http://", "http://ann:hunter22@", 1) + "/video.mjpg"
	p := start(t, setup{args: []string{"init", "--camera-uri", address, "--find", "motion", "--tell="}})
	status, said := p.status(patience), p.stderr.String()
	if status != 1 || !strings.Contains(said, "wrong user or password") || strings.Contains(said, "next attempt") || strings.Contains(said, "hunter22") {
		t.Errorf("status %d: %s", status, said)
	}
}
