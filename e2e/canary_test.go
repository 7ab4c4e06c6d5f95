package e2e

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The secrets of the canary test, by purpose. Each contains a character that must be escaped
// somewhere.
const (
	secretDoor    = mark + `-door /p@ss:"wörd"` // of a server that lets in, from a file of credentials
	secretWrong   = mark + "-wrong"             // of the same server, which refuses; in the configuration
	secretFar     = mark + "-far?#&%41"         // of a server that does not answer, from the environment
	secretWeb     = mark + "-web+pass"          // over HTTP, from the environment
	secretQuery   = mark + "-query"             // as a parameter, in the configuration
	secretPath    = mark + "-path/part"         // as a part of an address without a name, from the environment
	secretModel   = mark + "-model-token"       // of a model service, from the environment
	secretPlain   = mark + "-plain-token"       // the same, in the configuration
	secretControl = mark + "-control-token-01"  // lets do everything
	secretReading = mark + "-reading-token-01"  // lets look
	secretSpare   = mark + "-spare"             // in the environment, and used for nothing
	secretAdded   = mark + "-added"             // of cameras and detectors added at run time
)

// canaryWorld is a configuration full of secrets and the servers that it uses.
type canaryWorld struct {
	config string
	env    []string
	names  []string // of its cameras that are in trouble
	model  string   // endpoint of a service
	far    string   // an address without a listener
}

func newCanaryWorld(t testing.TB) canaryWorld {
	t.Helper()
	server := serveRTSP(t, 0, "--size", "320x240", "--user", "joe", "--password", secretDoor)
	web := webcam(t, secretWeb)
	tls := httptest.NewTLSServer(nil)
	t.Cleanup(tls.Close)
	// Port 1 is never assigned.
	w := canaryWorld{config: nice, model: tellTale(t), far: "127.0.0.1:1"}
	credentials := t.TempDir()
	write(t, filepath.Join(credentials, "DOOR"), secretDoor+"\n")
	write(t, filepath.Join(credentials, "CONTROL"), secretControl+"\n")
	w.env = []string{
		"CREDENTIALS_DIRECTORY=" + credentials, "FAR=" + secretFar, "WEB=" + secretWeb, "PART=" + secretPath,
		"MODEL=" + secretModel, "READING=" + secretReading, "SPARE=" + secretSpare,
	}
	camera := func(name, source string) {
		w.config += fmt.Sprintf("[[camera]]\nname = %q\nsource = %q\nopen_timeout = \"4s\"\n\n", name, source)
		if name != "door" && name != "web" && name != "street" {
			w.names = append(w.names, name)
		}
	}
	camera("street", "synthetic:street")
	camera("door", fmt.Sprintf("rtsp://joe:${DOOR}@127.0.0.1:%d/stream", server.port))
	camera("wrong", fmt.Sprintf("rtsp://joe:%s@127.0.0.1:%d/stream", secretWrong, server.port))
	camera("missing", fmt.Sprintf("rtsp://joe:${DOOR}@127.0.0.1:%d/none?key=%s", server.port, secretQuery))
	camera("far", "rtsp://joe:${FAR}@"+w.far+"/stream")
	camera("web", "http://joe:${WEB}@"+web+"/video")
	camera("refused", "http://joe:"+url.QueryEscape(secretWrong+"@")+"@"+web+"/video")
	camera("gone", "http://"+web+"/none?token="+secretQuery)
	camera("moved", "http://joe:${WEB}@"+web+"/moved/${PART}?x=${FAR}&token="+secretQuery)
	camera("odd", "http://"+web+"/odd?x=${PART}&token="+secretQuery)
	camera("unproven", "https://joe:${WEB}@"+strings.TrimPrefix(tls.URL, "https://")+"/video")
	w.config += fmt.Sprintf(`
[[detector]]
name = "motion"
kind = "motion"
cameras = ["street", "door", "web"]

[[detector]]
name = "apart"
kind = "motion"
isolation = "process"
cameras = ["street"]

[[detector]]
name = "program"
kind = "command"
command = ["/bin/sh", "-c", "env; echo rtsp://joe:%[1]s@h/ 1>&2; sleep 600"]
cameras = ["street"]

[[detector]]
name = "model"
kind = "remote"
endpoint = %[2]q
token = "${MODEL}"
cameras = ["street"]

[[detector]]
name = "plain"
kind = "remote"
endpoint = %[2]q
token = %[3]q
cameras = ["street"]

[[detector]]
name = "served"
kind = "oip"
endpoint = %[2]q
model = "things"
token = "${MODEL}"
cameras = ["street"]

[[rule]]
event = "moved"
when = "motion >= 0"
cooldown = "8s"
before = "500ms"
after = "500ms"
cameras = ["street", "door", "web"]
`, secretSpare, w.model, secretPlain)
	return w
}

// No secret leaves the program, on any path.
func TestSecretsStayIn(t *testing.T) {
	needOpenCV(t)
	w := newCanaryWorld(t)
	out := &sieve{t: t}
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	run := runtimeDir(t)
	d := &daemon{run: run}
	config := w.config + fmt.Sprintf("[control]\nlisten = \"127.0.0.1:0\"\ntoken = \"${CONTROL}\"\nread_token = \"${READING}\"\ntls_cert = %q\ntls_key = %q\nsources = [\"127.0.0.1\"]\n", cert, key)
	d.program = start(t, setup{
		config: config, env: append(w.env, "XDG_RUNTIME_DIR="+run),
		args: []string{"--no-ui", "--log-level", "debug", "--event-log", "events", "--metrics-listen", "127.0.0.1:0"},
	})
	d.until(patience, "an address", func() bool { return servedAt.MatchString(d.stderr.String()) })
	addr := servedAt.FindStringSubmatch(d.stderr.String())[1]
	for _, name := range []string{"street", "door", "web"} {
		d.until(patience, "that "+name+" is live", func() bool { return d.condition(name) == "live" })
	}
	for _, name := range w.names {
		d.until(patience, "trouble with "+name, func() bool { return d.condition(name) == "failed" || d.condition(name) == "reconnecting" })
	}
	d.until(patience, "a child of its own", func() bool { return len(d.children()) >= 2 })
	d.until(patience, "the words of a service", func() bool { return strings.Contains(d.stderr.String(), "nobody is known by") })
	d.until(patience, "an event", func() bool { return len(d.stdout.lines()) > 0 })

	canaryProcesses(d, out)
	canaryCtl(d, out, w, addr, cert)
	for path, holds := range map[string]string{"/metrics": "rvo_camera_frames_total", "/health": "cameras_live", "/ready": `"camera":"far"`} {
		_, body, err := d.get(path)
		if err != nil {
			t.Fatal(err)
		}
		out.take(path, body, holds)
	}
	for path, holds := range map[string]string{
		"/about": "door", "/state": `"alerts":`, "/state?view=rvo": "signals", "/events": "moved", "/log": "started", "/alerts": "far", "/clips": "street",
		"/stream?state": `"alerts":`, "/stream?events": "moved", "/stream?log": "started", "/openapi.json": "openapi",
	} {
		out.take("the answer to "+path, raw(t, d.socket(), path, holds), holds)
	}
	canaryConnect(d, out, addr, cert)

	// A crash prints the stacks of all goroutines.
	d.signal(syscall.SIGQUIT)
	d.status(patience)
	out.take("standard output", d.stdout.String(), `"event_type":"moved"`)
	out.take("standard error", d.stderr.String(), "API command")
	out.take("the words of a crash", d.stderr.String(), "goroutine 1 ")
	out.take("the words of a child", d.stderr.String(), "rtsp://joe:***@h/")
	if found := out.files(d.dir, "rvo.toml"); found[".json"] == 0 || found[".jpg"] == 0 || found[""] == 0 {
		t.Errorf("files checked: %v", found)
	}

	// Everything that OpenCV can be made to print, which goes into the log.
	loud := start(t, setup{
		config: w.config, args: []string{"--no-ui", "--metrics-listen", "", "--control-socket", ""},
		env: append(w.env, "OPENCV_LOG_LEVEL=VERBOSE"),
	})
	loud.logs("camera=door width", patience)
	loud.logs(`"camera failed" camera=wrong`, patience)
	loud.stop()
	out.take("events beside a loud OpenCV", loud.stdout.String(), `"event_type":"moved"`)
	out.take("its log", loud.stderr.String(), "camera=wrong")

	canaryDashboard(t, out, w)
	canaryProblems(t, out, w)
	t.Logf("%d outputs were checked", out.paths)
}

// condition returns the state of a camera from the metrics.
func (d *daemon) condition(camera string) string {
	for series, value := range d.metrics() {
		if state, ok := strings.CutPrefix(series, fmt.Sprintf("rvo_camera_state{camera=%q,state=\"", camera)); ok && value == 1 {
			return strings.TrimSuffix(state, `"}`)
		}
	}
	return ""
}

// canaryProcesses checks what everybody on the machine can see of the program and its children,
// and what those are given.
func canaryProcesses(d *daemon, out *sieve) {
	d.t.Helper()
	for _, name := range []string{"cmdline", "comm"} {
		out.take("the program's "+name, read(d.t, fmt.Sprintf("/proc/%d/%s", d.cmd.Process.Pid, name)), "rvo-tui")
	}
	d.until(patience, "a child whose environment can be read", func() bool {
		read := false
		for pid, line := range d.children() {
			if strings.Contains(line, "-c env;") {
				continue // the configuration contains this command line
			}
			env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
			if err != nil || len(env) == 0 || !strings.Contains(line, "detector-process") {
				continue // it has just begun, or ended
			}
			out.take("the command line of a child", line, "detector-process")
			out.take("the environment of "+line, string(env), "PATH=")
			read = true
		}
		return read
	})
	d.logs("RVO_SOCKET=", patience)
	d.logs("rtsp://joe:***@h/", patience)
	out.take("what a program of the configuration sees of its environment", d.stderr.String(), "RVO_SOCKET=")
}

// canaryCtl runs every command over TCP with a token, with text and JSON output.
func canaryCtl(d *daemon, out *sieve, w canaryWorld, addr, cert string) {
	d.t.Helper()
	env := []string{"RVO_TOKEN=" + secretControl, "ADDED=" + secretAdded}
	ask := func(env []string, wanted int, holds string, words ...string) {
		d.t.Helper()
		for _, more := range [][]string{nil, {"--json"}} {
			words := append(append([]string{}, words...), more...)
			said, problem, status := d.as(env, append(words, "--addr", addr, "--tls-ca", cert)...)
			// The second time, some are already done.
			if status != wanted && (more == nil || wanted != 0) {
				d.t.Errorf("ctl %v: status %d, %s%s", words, status, tail(said), problem)
			}
			text := said + problem
			if text == "" && holds == "" {
				text = "ok" // success prints nothing
			}
			out.take(fmt.Sprintf("ctl %v", words), text, holds)
		}
	}
	ask(env, 0, "", "add_camera", "yard", "rtsp://joe:"+secretAdded+"@"+w.far+"/x?token="+secretAdded)
	ask(env, 0, "", "add_camera", "lawn", "http://joe:${ADDED}@"+w.far+"/x")
	ask(env, 0, "", "attach", "remote", "name=late", "endpoint="+w.model, "token=${ADDED}", "--camera", "street")
	d.until(patience, "that what was added is tried", func() bool {
		return d.condition("yard") == "reconnecting" && d.condition("lawn") == "reconnecting"
	})
	for _, words := range []string{
		"disable motion", "enable motion", "set_rate motion 5", "pause --camera web", "resume --camera web",
		"rule_off moved", "rule_on moved", "clip --camera door", "reload",
	} {
		ask(env, 0, "", strings.Fields(words)...)
	}
	d.until(patience, "a clip of the street", func() bool {
		said, _, _ := d.as(env, "clips", "--addr", addr, "--tls-ca", cert)
		return strings.Contains(said, "street")
	})
	for words, holds := range map[string]string{"status": "lawn", "log": "camera", "events": "moved", "clips": "street"} {
		ask(env, 0, holds, words)
	}
	watch := start(d.t, setup{args: []string{"ctl", "watch", "--json", "--rate", "5", "--addr", addr, "--tls-ca", cert}, env: env})
	watch.until(patience, "states", func() bool { return len(watch.stdout.lines()) >= 3 })
	out.take("the command line of ctl", read(d.t, fmt.Sprintf("/proc/%d/cmdline", watch.cmd.Process.Pid)), "watch")
	watch.signal(syscall.SIGINT)
	watch.status(patience)
	out.take("ctl watch", watch.stdout.String(), "lawn")

	// Refused commands, by the client or the server.
	ask(env, 2, "ftp", "add_camera", "bad", "ftp://joe:"+secretAdded+"@h/x")
	ask(env, 2, "malformed", "add_camera", "bad", "rtsp://joe:"+secretAdded+"%zz@h/x")
	ask(env, 2, "port", "add_camera", "bad", "rtsp://joe:${ADDED}@h:99999/x")
	ask(env, 1, "yard", "add_camera", "yard", "rtsp://joe:"+secretAdded+"@"+w.far+"/x")
	ask(env, 1, "control.endpoints", "attach", "remote", "name=bad", "endpoint=http://models.example:1", "token="+secretAdded)
	ask(env, 1, "control.endpoints", "attach", "oip", "name=bad", "model=m", "endpoint=http://models.example:1", "token="+secretAdded)
	ask(env, 2, "endpoint", "attach", "remote", "name=bad", "endpoint=http://joe:"+secretAdded+"@models.example:1")
	ask(env, 2, "token", "attach", "motion", "name=bad", "token="+secretAdded)
	ask([]string{"RVO_TOKEN=" + mark + "-nobodys-token"}, 1, "token", "status")
	ask([]string{"RVO_TOKEN=" + secretReading}, 1, "read", "disable", "motion")
	ask(nil, 2, "--token", "status", "--token", secretControl)
	ask(env, 0, "", "detach", "late")
	ask(env, 0, "", "remove_camera", "yard")
	out.take("the audit", d.stderr.String(), "verb=add_camera")
}
