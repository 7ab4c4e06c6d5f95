package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axeSum is the hash of axe-core 4.14.1 as npm has it (package/axe.min.js).
const axeSum = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

// chromium is the Chromium that all web tests share; it is started on first use.
var chromium = sync.OnceValues(startChromium)

// stopChromium stops it, if a test has started it.
var stopChromium = func() {}

// startChromium starts a headless Chromium. Its context ends with the tests.
func startChromium() (context.Context, error) {
	profile, err := os.MkdirTemp("", "rvo-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(profile), chromedp.Env("HOME="+profile), chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	quiet := chromedp.WithBrowserOption(chromedp.WithBrowserErrorf(func(string, ...any) {})) // failures are reported by the actions
	ctx, cancel := chromedp.NewContext(allocator, quiet)
	end := func() {
		cancel()
		cancelAllocator()
		_ = os.RemoveAll(profile)
	}
	if err := chromedp.Do(ctx); err != nil {
		end()
		return nil, err
	}
	stopChromium = end
	return ctx, nil
}

// page is a page in a browser context of its own, so cookies and storage are not shared between
// tests.
type page struct {
	t   testing.TB
	ctx context.Context

	mu      sync.Mutex // guards entries
	entries []string   // of console and log

	lossy bool // connections are lost in the test: entries about them are no failure
}

// openPage opens a page, or skips the test if Chromium is missing or does not start. The test
// fails if the page has written to the console or the log.
func openPage(t testing.TB, url string) *page {
	t.Helper()
	p := newPage(t)
	p.open(url)
	return p
}

// newPage returns an empty page.
func newPage(t testing.TB) *page {
	t.Helper()
	tool(t, "chromium", "chromium")
	browser, err := chromium()
	if err != nil {
		t.Skipf("chromium does not start: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		cancel()
		t.Fatalf("open a page: %v", err)
	}
	p := &page{t: t, ctx: ctx}
	messages := chromedp.Console(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for m, err := range messages {
			if err != nil {
				return // the page is closed
			}
			p.mu.Lock()
			p.entries = append(p.entries, fmt.Sprintf("%s (%s:%d)", m, m.URL, m.Line))
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			p.shot(filepath.Join(os.TempDir(), strings.ReplaceAll(t.Name(), "/", "_")+".png"))
		}
		cancel()
		<-ended
		for _, e := range p.written() {
			if p.lossy && strings.Contains(e, "net::ERR") || strings.Contains(e, "net::ERR_NETWORK_CHANGED") {
				continue
			}
			t.Errorf("the console has: %s", e)
		}
	})
	return p
}

// written returns and clears what the page has written to console and log.
func (p *page) written() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.entries
	p.entries = nil
	return all
}

// said waits until the page has written to console or log, and fails the test if an entry lacks
// the text.
func (p *page) said(text string) {
	p.t.Helper()
	var all []string
	wait(p.t, patience, "an entry with "+text, func() bool {
		all = append(all, p.written()...)
		return len(all) > 0
	})
	for _, e := range all {
		if !strings.Contains(e, text) {
			p.t.Errorf("the console has: %s", e)
		}
	}
}

// do runs actions, within patience.
func (p *page) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v; the page shows:\n%s", what, err, p.text())
	}
}

// open loads a URL in the page.
func (p *page) open(url string) {
	p.t.Helper()
	for range 10 {
		p.do("open "+url, chromedp.Navigate(url))
		if url == "about:blank" || evaluate[bool](p, "document.querySelector('#app > *, main:not([hidden])') !== null") {
			return
		}
		// Another test has created a network interface, and Chromium has aborted the load.
	}
	p.t.Fatalf("%s is not loaded", url)
}

// evaluate returns the value of a JavaScript expression, or of the promise that it returns.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("evaluate %s: %v; the page shows:\n%s", expression, err, p.text())
	}
	return v
}

// text returns the visible text of the page.
func (p *page) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// until waits until a JavaScript expression is true. If it throws, as for a missing element, it
// is false.
func (p *page) until(what, expression string) {
	p.t.Helper()
	over := time.After(patience)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		why := evaluate[string](p, "(async () => await ("+expression+") ? '' : 'it is false')().catch(String)")
		if why == "" {
			return
		}
		select {
		case <-over:
			p.t.Fatalf("not within %v: %s (%s: %s); the page shows:\n%s", patience, what, expression, why, p.text())
		case <-look.C:
		}
	}
}

// shows waits until an element contains this text.
func (p *page) shows(selector, text string) {
	p.t.Helper()
	s, _ := json.Marshal(selector) // of strings it never fails
	w, _ := json.Marshal(text)
	p.until(fmt.Sprintf("%s with %q", selector, text), fmt.Sprintf("[...document.querySelectorAll(%s)].some(e => e.textContent.includes(%s))", s, w))
}

// click clicks an element once it is visible.
func (p *page) click(selector string) {
	p.t.Helper()
	p.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill replaces the text of a field.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.do("fill in "+selector, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// keys presses keys, wherever the focus is.
func (p *page) keys(keys string) {
	p.t.Helper()
	p.do("press "+keys, chromedp.KeyEvent(keys))
}

// shot saves the whole page as a PNG file.
func (p *page) shot(file string) {
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(file, png, 0o600)
	}
	p.t.Logf("screenshot: %s (%v)", file, err)
}

// accessible fails the test if axe finds a serious or critical violation. It applies one rule, or
// all if none is named.
func (p *page) accessible(rule string) {
	p.t.Helper()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		p.t.Fatal(err)
	}
	if sum := sha256.Sum256(axe); hex.EncodeToString(sum[:]) != axeSum {
		p.t.Fatalf("axe.min.js has the hash %x", sum)
	}
	if evaluate[bool](p, "!window.axe") {
		p.do("load axe", chromedp.Evaluate[chromedp.Void](string(axe)))
	}
	type violation struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	only := ""
	if rule != "" {
		only = fmt.Sprintf(", runOnly: {type: 'rule', values: [%q]}", rule)
	}
	found := evaluate[[]violation](p, "axe.run(document, {resultTypes: ['violations']"+only+"}).then(r => r.violations)")
	for _, v := range found {
		if v.Impact != "serious" && v.Impact != "critical" {
			continue
		}
		for _, n := range v.Nodes {
			p.t.Errorf("%s: %s (%s): %s\n%s", evaluate[string](p, "location.hash || location.pathname"), v.Help, v.ID, n.HTML, n.FailureSummary)
		}
	}
}
