package notify

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rvo-tui/runtime/sink/outbox"
)

// mailServer is an SMTP server with scripted responses.
type mailServer struct {
	addr string

	mu     sync.Mutex
	silent bool              // accept connections and say nothing
	reject map[string]string // responses to lines with such a prefix
	got    []string          // accepted messages, with their recipients in front
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &mailServer{addr: ln.Addr().String(), reject: map[string]string{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				s.serve(c)
			})
		}
	})
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { ln.Close() })
	return s
}

func (s *mailServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *mailServer) messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *mailServer) serve(c net.Conn) {
	s.mu.Lock()
	silent := s.silent
	s.mu.Unlock()
	if silent {
		_, _ = io.Copy(io.Discard, c) // until the client gives up
		return
	}
	in := bufio.NewReader(c)
	to := ""
	for answer := "220 ready"; ; {
		if _, err := io.WriteString(c, answer+"\r\n"); err != nil {
			return
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer = "250 ok"
		s.mu.Lock()
		for prefix, said := range s.reject {
			if strings.HasPrefix(line, prefix) {
				answer = said
			}
		}
		s.mu.Unlock()
		switch {
		case answer != "250 ok":
		case strings.HasPrefix(line, "AUTH"):
			answer = "235 ok"
		case strings.HasPrefix(line, "RCPT"):
			to += line
		case strings.HasPrefix(line, "DATA"):
			_, _ = io.WriteString(c, "354 go on\r\n")
			body := ""
			for line != ".\r\n" {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
				body += line
			}
			s.mu.Lock()
			if said := s.reject["."]; said != "" {
				answer = said
			} else {
				s.got = append(s.got, to+body)
			}
			s.mu.Unlock()
		case strings.HasPrefix(line, "QUIT"):
			_, _ = io.WriteString(c, "221 bye\r\n")
			return
		}
	}
}

// A recipient who is deferred for long does not hold up the others. With
// clienthost=auto the greeting has the name of this machine.
func TestMailIsDeferredForLong(t *testing.T) {
	s := newMailServer(t)
	s.set(func() {
		s.reject["RCPT TO:<you"] = "452 mailbox full"
		if name, _ := os.Hostname(); !strings.HasPrefix(name, "localhost") {
			s.reject["EHLO localhost"], s.reject["HELO localhost"] = "550 who?", "550 who?"
		}
	})
	o := newSender(t, config("smtp://"+s.addr+"/?fromaddress=nvr@example.org&toaddresses=root,you@example.org&clienthost=auto", nil))
	must(t, send(t, o, delivery())) // of an old event
	if all := s.messages(); len(all) != 1 || !strings.Contains(all[0], "To: root,\r\n <you@example.org>\r\n") {
		t.Errorf("got %q", all)
	}
}

// A mail server that accepts a connection and says nothing costs one attempt, not the output.
func TestSilentMailServer(t *testing.T) {
	s := newMailServer(t)
	s.set(func() { s.silent = true })
	o := newSender(t, config("smtp://"+s.addr+"/?fromaddress=nvr@example.org&toaddresses=me@example.org", func(c *Config) { c.Timeout = 200_000_000 }))
	if err := send(t, o, delivery()); err == nil || !strings.Contains(err.Error(), "no answer within 200ms") {
		t.Errorf("got %v", err)
	}
	s.set(func() { s.silent = false })
	for deadline := time.Now().Add(20 * time.Second); send(t, o, delivery()) != nil; { // a slow machine misses the timeout
		if time.Now().After(deadline) {
			t.Fatal("the output does not recover")
		}
	}
}

func TestMailIsWellFormed(t *testing.T) {
	s := newMailServer(t)
	o := newSender(t, config("smtp://"+s.addr+"/?fromaddress=nvr@example.org&fromname=K%C3%BCche&toaddresses=me@example.org,you@example.org", func(c *Config) {
		c.Title, c.Template, c.Link = "Tür {{.Camera}}\r\nBcc: all@example.org", "Füße\n.\n"+strings.Repeat("x", 2000), "https://nvr.example/{{.ID}}"
	}))
	must(t, send(t, o, delivery()))
	all := s.messages()
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	to, raw := all[0][:strings.LastIndex(all[0], "RCPT")], all[0][strings.LastIndex(all[0], "RCPT"):]
	last, raw, _ := strings.Cut(raw, "\n")
	if got := to + last; got != "RCPT TO:<me@example.org>\r\nRCPT TO:<you@example.org>\r" {
		t.Errorf("recipients %q", got)
	}
	for line := range strings.Lines(raw) {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("line %q", line)
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	must(t, err)
	from, err := mail.ParseAddress(m.Header.Get("From"))
	must(t, err)
	if subject != "Tür door Bcc: all@example.org" || m.Header.Get("Bcc") != "" || from.Name != "Küche" || from.Address != "nvr@example.org" ||
		m.Header.Get("To") != "<me@example.org>, <you@example.org>" || m.Header.Get("Message-Id") != "<"+delivery().ID+"@example.org>" {
		t.Errorf("header %v", m.Header)
	}
	if _, err := m.Header.Date(); err != nil {
		t.Error(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	must(t, err)
	if want := "Füße\r\n..\r\n" + strings.Repeat("x", 2000) + "\r\nhttps://nvr.example/" + delivery().ID; !strings.HasPrefix(string(body), want) {
		t.Errorf("body %q", body)
	}
}

func TestMailServerRefuses(t *testing.T) {
	const refuse = "550 5.1.1 <you@example.org> user unknown"
	tests := []struct {
		line, said string
		want       string // empty: delivered
		refused    bool
	}{
		{"RCPT TO:<you", refuse, "", false},
		{"RCPT", refuse, "550 5.1.1 <you@example.org> user unknown; correct toaddresses", false},
		{"RCPT TO:<you", "450 greylisted", "450 greylisted; it is retried", false},
		{"MAIL", "553 not yours", "553 not yours; correct fromaddress", false},
		{"RCPT", "450 greylisted", "450 greylisted; it is retried", false},
		{".", "554 spam", "554 spam; check what", true},
		{".", "452 disk full", "452 disk full; it is retried", false},
		{"QUIT", "500 what?", "", false},
		{"AUTH", "535 not sesame12", "535 not ***; correct the user and password", false},
	}
	for _, tt := range tests {
		s := newMailServer(t)
		s.set(func() { s.reject[tt.line] = tt.said })
		o := newSender(t, config("smtp://door:sesame12@"+s.addr+"/?fromaddress=nvr@example.org&toaddresses=me@example.org,you@example.org", nil))
		d := delivery()
		d.Record.Event.Time = time.Now()
		err := send(t, o, d)
		var e *outbox.Error
		switch {
		case tt.want == "" && (err != nil || len(s.messages()) != 1):
			t.Errorf("%s: got %v, %d messages", tt.said, err, len(s.messages()))
		case tt.want == "":
		case !errors.As(err, &e) || !strings.HasPrefix(e.Error(), tt.want) || e.Refused != tt.refused || len(s.messages()) != 0:
			t.Errorf("%s: got %v, %d messages", tt.said, err, len(s.messages()))
		}
	}
}
