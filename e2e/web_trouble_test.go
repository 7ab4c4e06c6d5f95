package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// With only a browser somebody finds, from the first view on, which cameras are in trouble
// and why, why a rule does not fire, what holds the slots and where a clip is, and turns a
// rule off on one camera, on again, and off in the file.
func TestWebTroubleIsFound(t *testing.T) {
	t.Parallel()
	config := strings.NewReplacer("[log]\nfile = \"log\"\n", "[runtime]\nnice = 0\n", "[control]\n", "[control]\nwrite = true\n").Replace(troubledConfig())
	prog, url := startWeb(t, config)
	p := openPage(t, url)

	// The table has those in trouble first, each with its cause. On a busy machine others
	// may be slow, too.
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
	p.shows(".facts dd", "not known: parcels >= 1")
	p.shows(".tree li", "parcels >= 1")

	// The other one is turned off, on again, and off in the file.
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
	p.shows(".empty", "What runs is what the file says.")
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

	// Where a clip is: the newest that is saved, for on a busy machine not every event has one.
	p.click("nav a[href='#/events']")
	p.fill("input[type=search]", "rule=moved")
	p.shows("tbody th", "moved")
	p.until("a clip saved", "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0]?.event_id)")
	id := evaluate[string](p, "fetch('api/clips?limit=1').then(r => r.json()).then(a => a.clips[0].event_id)")
	p.open(url + "/#/events/*/" + id)
	p.shows("code.path", "/clip.") // mp4, or avi where nothing encodes H.264
}
