package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const tokens = `
[control]
token      = "0123456789abcdef-write"
read_token = "0123456789abcdef-read"
`

// elsewhere makes the page's requests look forwarded by a proxy, so that being of the same user
// does not grant access.
func (p *page) elsewhere() {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"X-Forwarded-For": "192.0.2.7"}}); err != nil {
		p.t.Fatal(err)
	}
}

// Without a token, only the login form is shown; a read-only token cannot change anything;
// logging out works.
func TestWebLogin(t *testing.T) {
	t.Parallel()
	_, at := startWeb(t, webConfig+tokens)
	p := newPage(t)
	p.elsewhere()
	p.open(at + "/#/detectors/street")
	p.shows("main:not([hidden]) label", "Token")
	p.accessible("")
	if strings.Contains(p.text(), "street") {
		t.Error("the page names a camera to a stranger")
	}
	p.fill("#token", "0123456789abcdef-wrong")
	p.keys("\r")
	p.shows("[role=alert]", "the token is wrong")
	p.said("401")

	p.fill("#token", "0123456789abcdef-read")
	p.keys("\r")
	p.shows("tbody th", "motion")
	p.shows("nav", "read-only")
	p.until("nothing can be changed", "document.querySelector('[role=switch]').disabled")
	p.click("nav button.plain")
	p.shows("main:not([hidden]) label", "Token")
	p.said("401")

	p.fill("#token", "0123456789abcdef-write")
	p.keys("\r")
	p.until("it can be changed", "document.querySelector('[role=switch]')?.disabled === false")
	p.open("about:blank")
	p.open(at + "/#/live/street") // the session outlives the page
	p.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame > 0")
	if evaluate[bool](p, "document.cookie.includes('rvo')") {
		t.Error("scripts can read the session")
	}
}

// A server that dies is noticed, and reconnected to when it is back, without reloading the page.
func TestWebServerDiesAndComesBack(t *testing.T) {
	t.Parallel()
	prog, at := startWeb(t, webConfig)
	p := openPage(t, at+"/#/live/street")
	p.lossy = true
	frame := "Number(document.querySelector('.screen canvas')?.dataset.frame ?? 0)"
	p.until("a frame", frame+" > 0")
	evaluate[any](p, "window.mark = 1")
	_ = prog.cmd.Process.Kill() // it runs
	p.shows(".banner", "Connection lost at")
	p.until("what was still shown, as such", "document.querySelector('main').classList.contains('stale') && document.querySelector('.screen canvas')")
	<-prog.done
	start(t, setup{dir: prog.dir, args: []string{"--no-ui", "--web", strings.TrimPrefix(at, "http://")}})
	p.until("the server again", "!document.querySelector('.banner')")
	p.until("frames of it", fmt.Sprintf("%s > 0 && %s < 1000", frame, frame))
	p.until("events of it", "document.querySelector('.figures').innerText.match(/up 00:00/)")
	if evaluate[int](p, "window.mark") != 1 {
		t.Error("the page was loaded again")
	}
}

// A server that hangs is noticed, too.
func TestWebServerHangs(t *testing.T) {
	t.Parallel()
	prog, at := startWeb(t, webConfig)
	p := openPage(t, at+"/#/fleet")
	p.shows("tbody th", "street")
	prog.signal(syscall.SIGSTOP)
	p.shows(".banner", "Connection lost at")
	prog.signal(syscall.SIGCONT)
	p.until("the server again", "!document.querySelector('.banner')")
}

// proxied serves a program through a proxy of this machine that changes its answers.
func proxied(t testing.TB, at string, change func(*http.Response) error) string {
	t.Helper()
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = target.Host
			r.Out.Header.Del("If-None-Match")
		},
		ModifyResponse: change, FlushInterval: -1,
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// A page from another version than the server asks to be reloaded.
func TestWebOtherVersion(t *testing.T) {
	t.Parallel()
	prog, direct := startWeb(t, webConfig)
	var other atomic.Bool
	at := proxied(t, direct, func(r *http.Response) error {
		if r.Request.URL.Path == "/build.js" && other.Load() {
			r.Body = io.NopCloser(bytes.NewReader([]byte(`export const build = "0123456789abcdef";`)))
			r.ContentLength = -1
			r.StatusCode = http.StatusOK
			r.Header = http.Header{"Content-Type": {"text/javascript"}, "Cache-Control": {"no-store"}}
		}
		return nil
	})
	p := openPage(t, at+"/#/fleet")
	p.shows("tbody th", "street")
	other.Store(true)
	prog.signal(syscall.SIGSTOP)
	p.shows(".banner", "Connection lost at")
	prog.signal(syscall.SIGCONT)
	p.shows(".banner", "from another version")
	other.Store(false)
	p.click(".banner button")
	p.until("the new page", "!document.querySelector('.banner') && document.querySelector('tbody th')")
}

// beside opens another page in the same browser context.
func (p *page) beside(url string) *page {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	p.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the page exists as long as the context of this call
		p.t.Fatal(err)
	}
	q := &page{t: p.t, ctx: ctx}
	q.open(url)
	return q
}

// More than two visible pages would need more connections than a browser opens to one server: the
// third says so, and continues when another one is closed.
func TestWebTooManyPages(t *testing.T) {
	t.Parallel()
	_, at := startWeb(t, webConfig)
	first := openPage(t, at+"/#/live/street")
	first.until("a frame", "document.querySelector('.screen canvas')?.dataset.frame > 0")
	second := first.beside(at + "/#/fleet")
	second.shows("tbody th", "street")
	third := first.beside(at + "/#/fleet")
	third.shows(".banner", "Too many pages")
	second.open("about:blank")
	third.shows("tbody th", "street")
	third.until("no banner", "!document.querySelector('.banner')")
}

// On a phone, no view scrolls sideways, and a wide screen has room for everything.
func TestWebWidths(t *testing.T) {
	t.Parallel()
	_, at := startWeb(t, webConfig)
	p := newPage(t)
	for _, width := range []int64{320, 1920} {
		p.do("resize", chromedp.EmulateViewport(width, 800))
		for _, view := range []string{
			"fleet", "fleet?add=yes", "live/street", "wall", "alerts", "detectors/street", "detectors/street/motion", "detectors/street?attach=yes",
			"signals/street/motion", "rules/street/seen", "latency/street", "queues/street/pool", "events", "timeline", "log",
		} {
			p.open("about:blank")
			p.open(at + "/#/" + view)
			p.until(view, "document.querySelector('main h1')")
			if over := evaluate[int](p, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("at %d pixels %s is %d pixels too wide", width, view, over)
			}
		}
	}
}
