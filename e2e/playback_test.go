package e2e

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

// playback is what a browser reports about a movie that it has played.
type playback struct {
	Error    string  `json:"error"`
	Duration float64 `json:"duration"`
	Ended    float64 `json:"ended"` // position at the end, in seconds
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Sound    int     `json:"sound"` // bytes decoded
}

// play is a function that plays a movie at four times its speed.
const play = `name => new Promise(done => {
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
})`

// playInChromium plays movies below dir in Chromium, one after the other.
func playInChromium(t testing.TB, dir string, movies []string) map[string]playback {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("/player", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>player</title><main></main>`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	p := openPage(t, server.URL+"/player")
	all := map[string]playback{}
	for _, m := range movies {
		all[m] = evaluate[playback](p, fmt.Sprintf("(%s)(%q)", play, m))
	}
	return all
}

// checkPlayback fails the test if a browser plays a clip differently from its metadata.
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
