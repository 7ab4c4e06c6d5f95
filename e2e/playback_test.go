package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// playback is what a browser tells of a movie that it has played.
type playback struct {
	Error    string  `json:"error"`
	Duration float64 `json:"duration"`
	Ended    float64 `json:"ended"` // where it was at its end, in seconds
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Sound    int     `json:"sound"` // bytes decoded
}

// player is a page that plays movies one after the other, at four times their
// speed, and posts what became of it.
const player = `<!doctype html><script>
const movies = %s;
function play(name) {
	return new Promise(done => {
		const v = document.createElement('video');
		const tell = error => {
			done({error, duration: v.duration, ended: v.currentTime, width: v.videoWidth, height: v.videoHeight,
				sound: v.webkitAudioDecodedByteCount});
			v.remove();
		};
		v.onerror = () => tell('error ' + v.error.code + ': ' + v.error.message);
		v.onended = () => tell('');
		setTimeout(() => tell('it does not end'), 30000);
		v.src = name;
		document.documentElement.append(v);
		v.playbackRate = 4;
		v.play().catch(e => tell(String(e)));
	});
}
(async () => {
	const all = {};
	for (const m of movies) all[m] = await play(m);
	await fetch('/result', {method: 'POST', body: JSON.stringify(all)});
})();
</script>`

// playInChromium plays movies below dir in Chromium, without a window.
func playInChromium(t testing.TB, dir string, movies []string) map[string]playback {
	t.Helper()
	chromium := tool(t, "chromium", "chromium")
	names, err := json.Marshal(movies)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan []byte, 1)
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("/player", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, player, names)
	})
	mux.HandleFunc("/result", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			select {
			case result <- body:
			default:
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	profile := t.TempDir()
	cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--user-data-dir="+profile, "--autoplay-policy=no-user-gesture-required", server.URL+"/player")
	cmd.Env = append(os.Environ(), "HOME="+profile)
	var said strings.Builder
	cmd.Stderr = &said
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Skipf("chromium does not start: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed, or what it said is shown
	}()
	defer func() {
		cancel()
		<-ended
	}()
	var body []byte
	select {
	case body = <-result:
	case <-ended:
		t.Skipf("chromium ends by itself:\n%s", tail(said.String()))
	case <-ctx.Done():
		t.Fatalf("chromium plays nothing in %v:\n%s", patience, tail(said.String()))
	}
	all := map[string]playback{}
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return all
}

// checkPlayback fails the test where a browser plays a clip in another way than
// its metadata says.
func checkPlayback(t testing.TB, dir string, all []clip) {
	t.Helper()
	var movies []string
	for _, c := range all {
		movies = append(movies, filepath.Join("/", c.Path, c.meta.Movie.File))
	}
	seen := playInChromium(t, dir, movies)
	for i, c := range all {
		p, m := seen[movies[i]], c.meta.Movie
		want := float64(m.Duration) / 1000
		if p.Error != "" || math.Abs(p.Duration-want) > 0.1 || math.Abs(p.Ended-want) > 0.1 || p.Width != m.Width || p.Height != m.Height || (p.Sound > 0) != (m.Sound != "") {
			t.Errorf("%s: Chromium says %+v, the metadata %+v", movies[i], p, m)
		}
	}
}
