package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// With only a browser and on real video, a new user finds which cameras are in trouble and why,
// why a rule does not fire, what holds the slots, and where a clip is and what it shows, and
// disables a rule on one camera, enables it, and disables it in the file.
func TestWebTroubleIsFound(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	needVideo(t)
	dir := t.TempDir()
	if out, err := exec.Command(tool(t, "ffmpeg", "ffmpeg"), "-v", "error", "-stream_loop", "-1", "-i", vtest, "-t", "600", "-vf", "scale=256:192", "-r", "5",
		"-c:v", "libx264", "-g", "5", "-bf", "0", "-pix_fmt", "yuv420p", filepath.Join(dir, "square.mp4")).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	config := strings.NewReplacer("[log]\nfile = \"log\"\n", "[runtime]\nnice = 0\n", "[control]\n", "[control]\nwrite = true\n",
		"\"synthetic:street\"\nwidth = 160\nheight = 90\nfps = 3\n", "\"square.mp4\"\n", "motion > 0.01", "motion > 0.001").Replace(troubledConfig())
	prog := start(t, setup{dir: dir, config: config, args: []string{"--no-ui", "--web", "127.0.0.1:0"}})
	prog.until(patience, "the browser dashboard", func() bool { return webAt.MatchString(prog.stderr.String()) })
	url := "http://" + webAt.FindStringSubmatch(prog.stderr.String())[1]
	p := openPage(t, url)

	// The table lists those in trouble first, each with its cause. On a busy machine, others may
	// be slow, too.
	for _, in := range []struct{ rows, cause string }{{"0, 2", "cam02.*parcels failed.*refused"}, {"0, 2", "cam04 gives no frames.*refused"}, {"2", "cam09.*heavy is too slow"}} {
		p.until(in.cause+" among the first", fmt.Sprintf("[...document.querySelectorAll('tbody tr')].slice(%s).some(r => r.innerText.replaceAll('\\n', ' ').match(/%s/))", in.rows, in.cause))
	}
	p.click("nav a[href='#/alerts']")
	for _, title := range []string{"detector parcels failed on cam02", "camera cam04", "detector heavy is too slow on cam09"} {
		p.shows("li h2", title)
	}
	p.shows("li dd", "refused: check")

	// Why a rule does not fire.
	p.click("nav a[href='#/fleet']")
	p.click("tbody a[href='#/rules/cam02']")
	p.click("tbody a[href='#/rules/cam02/left']")
	p.shows(".facts dd", "unknown: parcels >= 1")
	p.shows(".tree li", "parcels >= 1")

	// The other rule is disabled, enabled, and disabled in the file.
	off := "document.querySelector('[aria-label=\"rule for moved enabled\"]').getAttribute('aria-checked') === 'false'"
	p.click("[aria-label=\"rule for moved enabled\"]")
	p.until("the rule off", off)
	p.shows("header a", "modified")
	p.keys("u")
	p.until("the rule on", "!("+off+")")
	p.until("nothing modified", "!document.querySelector('header a[href=\"#/diff\"].info')")
	p.click("[aria-label=\"rule for moved enabled\"]")
	p.until("the rule off", off)
	p.click("nav a[href='#/diff']")
	p.shows("pre .good", "disabled_on = [\"cam02\"]")
	p.click("main button")
	p.shows(".empty", "The running configuration matches the file.")
	want := strings.Replace(config, "cooldown = \"2s\"\n", "cooldown = \"2s\"\ndisabled_on = [\"cam02\"]\n", 1)
	if got := read(t, filepath.Join(prog.dir, "rvo.toml")); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}

	// What holds the slots.
	p.click("nav a[href='#/alerts']")
	p.click("li h2 a[href='#/detectors/cam09/heavy']")
	p.shows("section h2", "heavy on cam09")
	p.shows("section h3", "Who holds the")
	p.shows("section dt", "heavy on cam09")

	// The newest saved clip, because on a busy machine not every event has one.
	p.click("nav a[href='#/events']")
	p.fill("input[type=search]", "rule=moved")
	p.shows("tbody th", "moved")
	p.until("a clip saved", "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0]?.event_id)")
	id := evaluate[string](p, "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0].event_id)")
	p.open(url + "/#/events/*/" + id)
	p.shows("code.path", "/clip.mp4")
	p.shows("section li", "motion >") // because
	p.until("the movie", "document.querySelector('video')?.readyState >= 2")
	evaluate[any](p, "document.querySelector('video').play().then(() => 1)")
	p.until("the movie played, with boxes", "document.querySelector('video').currentTime > 0.2 && "+boxed)

	// And live, as it is sent.
	p.open(url + "/#/live/cam00")
	p.until("its frames", "document.querySelector('.screen canvas')?.dataset.frame > 0")
	p.shows("[data-shown]", "h264 256x192")
}
