package api

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime"
)

const (
	fullToken = "full-token-of-the-test"
	lookToken = "read-token-of-the-test"
)

// standing is a Runtime with nothing but a snapshot.
type standing struct {
	Runtime
	snap  *runtime.Snapshot
	watch runtime.Broadcast
	did   []runtime.Command
}

func (s *standing) Snapshot() *runtime.Snapshot { return s.snap }

func (s *standing) Subscribe() (<-chan *runtime.Snapshot, func()) { return s.watch.Subscribe(s.snap) }

func (s *standing) Do(_ context.Context, c runtime.Command) error {
	s.did = append(s.did, c)
	return nil
}

// guarded is a server with both tokens.
func guarded(change func(*Options)) *Server {
	opts := Options{
		Runtime: &standing{snap: new(runtime.Snapshot)}, Recent: runtime.NewRecent(),
		Config: Config{Token: fullToken, ReadToken: lookToken, Hosts: []string{"nvr.example"}},
	}
	if change != nil {
		change(&opts)
	}
	return NewServer(opts)
}

// stranger is a peer elsewhere, and neighbour one of another user of this machine.
func stranger(addr string) *peer {
	return &peer{who: addr, addr: netip.MustParseAddr(addr), uid: func() (int, bool) { return 0, false }, prove: func() {}}
}

func neighbour(uid int) *peer {
	return &peer{who: "127.0.0.1", addr: netip.MustParseAddr("127.0.0.1"), uid: func() (int, bool) { return uid, true }, prove: func() {}}
}

func overSocket(uid int) *peer {
	return &peer{who: "socket", uid: func() (int, bool) { return uid, true }, prove: func() {}}
}

// askAs makes a request as a peer, and returns the response.
func askAs(s *Server, p *peer, method, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey{}, p)))
	return w.Result()
}

func TestWhoMay(t *testing.T) {
	s := guarded(nil)
	me, other := os.Geteuid(), 4711
	const look, change = "GET /api/state", "POST /api/stop" // which is not implemented here
	for _, tt := range []struct {
		name    string
		peer    *peer
		request string
		header  []string
		want    int
	}{
		{"own user over the socket", overSocket(me), look, nil, 200},
		{"own user changes things", overSocket(me), change, nil, 501},
		{"root over the socket", overSocket(0), look, nil, 200},
		{"another user over the socket", overSocket(other), look, nil, 401},
		{"another user over the socket with a token", overSocket(other), look, []string{"Authorization", "Bearer " + fullToken}, 200},
		{"token", stranger("192.0.2.1"), change, []string{"Authorization", "Bearer " + fullToken}, 501},
		{"read_token looks", stranger("192.0.2.1"), look, []string{"Authorization", "Bearer " + lookToken}, 200},
		{"read_token changes nothing", stranger("192.0.2.1"), change, []string{"Authorization", "Bearer " + lookToken}, 403},
		{"a wrong token", stranger("192.0.2.1"), look, []string{"Authorization", "Bearer " + fullToken + "x"}, 401},
		{"a token in the address", stranger("192.0.2.1"), look + "?token=" + fullToken, nil, 401},
		{"nothing", stranger("192.0.2.1"), look, nil, 401},
		{"a wrong session", stranger("192.0.2.1"), look, []string{"Cookie", sessionCookie + "=x"}, 401},
		{"own user on loopback", neighbour(me), change, nil, 501},
		{"own user through a proxy that says so", neighbour(me), look, []string{"X-Forwarded-For", "192.0.2.1"}, 401},
		{"own user through a proxy that passes the name on", neighbour(me), look, []string{"Host", "nvr.example"}, 401},
		{"own user by address", neighbour(me), look, []string{"Host", "[::1]:8080"}, 200},
		{"another user on loopback", neighbour(other), look, nil, 401},
		{"another user on loopback with a token", neighbour(other), look, []string{"Authorization", "Bearer " + lookToken}, 200},

		{"a foreign host", overSocket(me), look, []string{"Host", "evil.example"}, 421},
		{"a host of the configuration", overSocket(me), look, []string{"Host", "nvr.example:443"}, 200},
		{"the host of the socket", overSocket(me), look, []string{"Host", "rvo"}, 200},
		{"a page from elsewhere looks", neighbour(me), look, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a page of another port looks", neighbour(me), look, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"our own page looks", neighbour(me), look, []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"the user types the address", neighbour(me), look, []string{"Sec-Fetch-Site", "none"}, 200},
		{"a page from elsewhere changes", neighbour(me), change, []string{"Origin", "http://evil.example"}, 403},
		{"a page of another port changes", neighbour(me), change, []string{"Origin", "http://localhost:1"}, 403},
		{"our own page changes", neighbour(me), change, []string{"Origin", "http://localhost"}, 501},
	} {
		if me == 0 && strings.HasPrefix(tt.name, "root") {
			continue
		}
		method, path, _ := strings.Cut(tt.request, " ")
		res := askAs(s, tt.peer, method, path, "", tt.header...)
		if res.StatusCode != tt.want || tt.want >= 400 && res.Header.Get("Content-Type") != ProblemType {
			t.Errorf("%s: %s, %s; want %d", tt.name, res.Status, res.Header.Get("Content-Type"), tt.want)
		}
	}
	if res := askAs(s, stranger("192.0.2.1"), "GET", "/api/nothing", "", "Authorization", "Bearer "+fullToken); res.StatusCode != 404 {
		t.Errorf("what is not there: %s", res.Status)
	}
}

// A valid token is never refused, whatever others have done.
func TestWrongTokensLockNobodyOut(t *testing.T) {
	s := guarded(nil)
	last := 0
	for i := range failedNetworks + 100 {
		for _, addr := range []string{fmt.Sprintf("10.%d.%d.1", i/256, i%256), "192.0.2.7", fmt.Sprintf("2001:db8::%x", i+1)} {
			last = askAs(s, stranger(addr), "GET", "/api/state", "", "Authorization", "Bearer wrong").StatusCode
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("one of the same 64 bits gets %d", last)
	}
	for _, addr := range []string{"192.0.2.7", "10.0.9.1", "2001:db8::1", "203.0.113.1"} {
		if res := askAs(s, stranger(addr), "GET", "/api/state", "", "Authorization", "Bearer "+lookToken); res.StatusCode != 200 {
			t.Errorf("the right one from %s: %s", addr, res.Status)
		}
	}
	if n := len(s.gate.failed.networks); n > failedNetworks+1 {
		t.Errorf("%d addresses are remembered", n)
	}
}

func TestFailedLoginsAreForgotten(t *testing.T) {
	var s failedLogins
	now := time.Unix(1000, 0)
	told := 0
	for range 2 * failedLimit {
		many, tell := s.add("a", now)
		if tell {
			told++
		}
		_ = many
	}
	if many, _ := s.add("a", now); !many || told != 2 {
		t.Errorf("too many: %v, logged %d times", many, told)
	}
	if many, _ := s.add("b", now); many {
		t.Error("another address counts, too")
	}
	if many, _ := s.add("a", now.Add(failedTime)); many {
		t.Error("it has to wait for ever")
	}
}

func TestSessions(t *testing.T) {
	s := guarded(nil)
	here := stranger("192.0.2.1")
	login := func(p *peer, token string) (*http.Response, string) {
		res := askAs(s, p, "POST", "/api/login", `{"token": "`+token+`"}`)
		if len(res.Cookies()) == 0 {
			return res, ""
		}
		c := res.Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge < 3600 {
			t.Errorf("cookie %v", c)
		}
		return res, c.Name + "=" + c.Value
	}
	if res, cookie := login(here, "wrong-token-of-the-test"); res.StatusCode != 401 || cookie != "" {
		t.Errorf("with a wrong token: %s", res.Status)
	}
	if res := askAs(s, here, "POST", "/api/login", `{"tokn": "x"}`); res.StatusCode != 400 {
		t.Errorf("with an unknown key: %s", res.Status)
	}
	res, full := login(here, fullToken)
	var told Session
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil || told.ReadOnly || time.Until(told.Expires) < time.Hour {
		t.Errorf("%+v, %v", told, err)
	}
	_, look := login(here, lookToken)
	check := func(name string, p *peer, cookie, method, path string, want int) {
		t.Helper()
		if res := askAs(s, p, method, path, "", "Cookie", cookie); res.StatusCode != want {
			t.Errorf("%s: %s, want %d", name, res.Status, want)
		}
	}
	check("may change", here, full, "POST", "/api/stop", 501)
	check("may look", here, look, "GET", "/api/state", 200)
	check("may only look", here, look, "POST", "/api/stop", 403)
	check("from another address", stranger("192.0.2.2"), full, "GET", "/api/state", 200)
	check("logs out", here, full, "POST", "/api/logout", 200)
	check("after that", here, full, "GET", "/api/state", 401)

	// Browsers send cookies to every port of a host: another user's server may have seen this
	// one.
	_, mine := login(neighbour(4711), fullToken)
	check("the same user", neighbour(4711), mine, "GET", "/api/state", 200)
	check("another user", neighbour(4712), mine, "GET", "/api/state", 401)

	_, full = login(here, fullToken)
	for range 2 * maxSessions {
		login(here, lookToken)
	}
	check("beside too many who may only look", here, full, "GET", "/api/state", 200)
	for range 2 * maxSessions {
		login(here, fullToken)
	}
	if n := len(s.gate.sessions.byID); n > 2*maxSessions {
		t.Errorf("%d sessions are kept", n)
	}
}

func TestSessionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all sessions
		r := httptest.NewRequest("GET", "/", nil)
		p := stranger("192.0.2.1")
		r.AddCookie(cookie(r, all.open(p, true, time.Now())))
		time.Sleep(sessionTime - time.Second)
		if _, ok := all.find(r, p, time.Now()); !ok {
			t.Error("it has ended too early")
		}
		time.Sleep(time.Second)
		if _, ok := all.find(r, p, time.Now()); ok {
			t.Error("it has not ended")
		}
	})
}

// A stream ends with the session that it belongs to.
func TestSessionsEndTheirStreams(t *testing.T) {
	for name, end := range map[string]func(s *Server, cookie string){
		"logout": func(s *Server, cookie string) {
			askAs(s, stranger("192.0.2.1"), "POST", "/api/logout", "", "Cookie", cookie)
		},
		"expiry": func(*Server, string) { time.Sleep(sessionTime) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := guarded(nil)
			p := stranger("192.0.2.1")
			c := askAs(s, p, "POST", "/api/login", `{"token": "`+fullToken+`"}`).Cookies()[0]
			ended := make(chan struct{})
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), peerKey{}, p))
			go func() {
				defer close(ended)
				r := httptest.NewRequest("GET", "http://localhost/api/stream", nil)
				r.AddCookie(c)
				s.Handler().ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
			}()
			synctest.Wait()
			select {
			case <-ended:
				t.Errorf("%s: the stream has ended before", name)
			default:
			}
			end(s, c.Name+"="+c.Value)
			synctest.Wait()
			select {
			case <-ended:
			default:
				t.Errorf("%s: the stream goes on", name)
			}
			cancel()
		})
	}
}

func TestCookiesAreSecureOverTLS(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if cookie(r, "x").Secure {
		t.Error("a cookie of plain HTTP would never come back")
	}
	r.TLS = new(tls.ConnectionState)
	if !cookie(r, "x").Secure {
		t.Error("a cookie of TLS would go over plain HTTP")
	}
}

func TestOwnerOfAConnection(t *testing.T) {
	table := []byte(`  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0 0 10 0
   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 101 1 0 20 4 30 10 -1
   2: 0100007F:9C41 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
   3: 0100007F:9C42 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
   4: 00000000000000000000000001000000:9C43 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 103 1
   5: 0000000000000000FFFF00000100007F:9C44 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 104 1
   6: short
`)
	for _, tt := range []struct {
		theirs, ours string
		uid          int
		known        bool
	}{
		{"127.0.0.1:40000", "127.0.0.1:8080", 1000, true},
		{"127.0.0.1:40001", "127.0.0.1:8080", 0, false}, // closed by its process: the system lists it as root's
		{"127.0.0.1:40002", "127.0.0.1:8080", 0, false},
		{"[::1]:40003", "[::1]:8080", 1001, true},
		{"127.0.0.1:40004", "127.0.0.1:8080", 1002, true},
		{"127.0.0.1:40000", "127.0.0.1:8081", 0, false},
		{"127.0.0.2:40000", "127.0.0.1:8080", 0, false},
	} {
		uid, known := findOwner(table, netip.MustParseAddrPort(tt.theirs), netip.MustParseAddrPort(tt.ours))
		if uid != tt.uid || known != tt.known {
			t.Errorf("%s: %d, %v; want %d, %v", tt.theirs, uid, known, tt.uid, tt.known)
		}
	}
}

// A client that has closed its side is nobody, not root.
func TestOwnerOfARealConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	at := func(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
	if uid, known := tcpOwner(at(server.RemoteAddr()), at(server.LocalAddr())); !known || uid != os.Geteuid() {
		t.Errorf("uid %d, %v", uid, known)
	}
	client.Close()
	_, _ = io.ReadAll(server) // until its end has arrived
	if uid, known := tcpOwner(at(server.RemoteAddr()), at(server.LocalAddr())); known {
		t.Errorf("closed: uid %d", uid)
	}
}

func FuzzFindOwner(f *testing.F) {
	f.Add([]byte("   1: 0100007F:9C40 0100007F:1F90 01 0:0 00:0 0  1000        0 101 1\n"))
	f.Fuzz(func(t *testing.T, table []byte) {
		findOwner(table, netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:8080"))
	})
}
