package rtsp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
)

const ms = time.Millisecond

func TestReadsPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.mustOpen("rtsp://cam/live?channel=1")
		tracks := s.Tracks()
		if len(tracks) != 1 || tracks[0].Codec != capture.H264 || tracks[0].Width != 320 || tracks[0].Height != 240 || len(tracks[0].Config) != 8+len(testSPS)+len(testPPS) {
			t.Fatalf("tracks %+v", tracks)
		}
		for i := range 60 {
			p := read(t, s, 1)[0]
			switch {
			case p.Track != tracks[0] || p.Damaged || p.Key != (i%25 == 0):
				t.Fatalf("packet %d: %+v", i, p)
			case p.PTS != time.Duration(i)*40*ms || p.DTS != p.PTS:
				t.Fatalf("packet %d: PTS %v, DTS %v", i, p.PTS, p.DTS)
			case !bytes.Equal(p.Data, append([]byte{0, 0, 0, 1}, nal(p.Key, byte(i))...)):
				t.Fatalf("packet %d: % x", i, p.Data)
			case !p.Captured.Equal(time.Now()) || !p.Arrived.Equal(time.Now()) || p.Lag != 0:
				t.Fatalf("packet %d: captured %v ago, arrived %v ago, lag %v", i, time.Since(p.Captured), time.Since(p.Arrived), p.Lag)
			}
		}
		want := []string{"OPTIONS rtsp://cam/live?channel=1", "DESCRIBE rtsp://cam/live?channel=1", "SETUP rtsp://cam/live?channel=1/track1", "PLAY rtsp://cam/live?channel=1"}
		if got := f.log(); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("requests:\n%s", strings.Join(got, "\n"))
		}
	})
}

// A camera that allows one session allows the next after every way to end one.
func TestEverySessionEndsWithTeardown(t *testing.T) {
	for name, end := range map[string]func(f *fake, s *source, cancel func()){
		"closed":        func(_ *fake, s *source, _ func()) { s.Close() },
		"context ended": func(_ *fake, s *source, cancel func()) { cancel(); s.Close() },
		"while it reads": func(_ *fake, s *source, cancel func()) {
			time.AfterFunc(20*ms, cancel)
			for {
				if _, err := s.Read(); err != nil {
					break
				}
			}
			s.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.single = true
				for i := range 3 {
					ctx, cancel := context.WithCancel(t.Context())
					s, err := f.open(ctx, "rtsp://cam/")
					if err != nil {
						t.Fatalf("session %d: %v", i+1, err)
					}
					read(t, s, 3)
					if _, err := f.open(t.Context(), "rtsp://cam/"); err == nil || !strings.Contains(err.Error(), "accepts no more connections") {
						t.Fatalf("a second session: %v", err)
					}
					began := time.Now()
					end(f, s, cancel)
					if took := time.Since(began); took > 100*ms {
						t.Errorf("it took %v", took)
					}
					cancel()
				}
			})
		})
	}
}

// The session is ended even if opening fails after it was set up.
func TestFailedOpeningEndsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.answers["PLAY"] = "455 Method Not Valid in This State"
		if _, err := f.open(t.Context(), "rtsp://cam/"); err == nil {
			t.Fatal("opened")
		}
		synctest.Wait()
		if n := f.sessionsOpen(); n != 0 {
			t.Errorf("%d sessions are open", n)
		}
	})
}

// A camera that hangs does not delay Close.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.answers["TEARDOWN"] = "silence"
		s := f.mustOpen("rtsp://cam/")
		read(t, s, 1)
		began := time.Now()
		s.Close()
		if took := time.Since(began); took > teardownTimeout+100*ms {
			t.Errorf("closing took %v", took)
		}
		s.Close()
	})
}

func TestContextEndsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.play = nil
		ctx, cancel := context.WithCancel(t.Context())
		s, err := f.open(ctx, "rtsp://cam/")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if _, err := s.Read(); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestServerThatEndsIsTold(t *testing.T) {
	for name, end := range map[string]func(c *fakeConn){
		"closed":   func(c *fakeConn) { c.hangUp() },
		"cut off":  func(c *fakeConn) { c.bytes([]byte{'$', 0, 9, 9, 1, 2}); c.hangUp() },
		"goodbye":  func(c *fakeConn) { c.data(1, []byte{0x81, 203, 0, 1, 0, 0, 0, 1}) },
		"teardown": func(c *fakeConn) { c.text("TEARDOWN rtsp://cam/ RTSP/1.0\r\nCSeq: 1\r\n\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.play = func(c *fakeConn) {
					c.rtp(0, 0, true, nal(true, 0))
					end(c)
				}
				s := f.mustOpen("rtsp://cam/")
				read(t, s, 1)
				if _, err := s.Read(); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

func TestSessionIsKeptAlive(t *testing.T) {
	for name, c := range map[string]struct {
		public, answer string
		timeout        int
		want           string
	}{
		"GET_PARAMETER": {", GET_PARAMETER", "", 10, "GET_PARAMETER"},
		"OPTIONS":       {"", "", 10, "OPTIONS"},
		"promised only": {", GET_PARAMETER", "501 Not Implemented", 10, "OPTIONS"},
		"default":       {", GET_PARAMETER", "", 0, "GET_PARAMETER"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.public, f.timeout = c.public, c.timeout
				if c.answer != "" {
					f.answers["GET_PARAMETER"] = c.answer
				}
				every := 5 * time.Second
				if c.timeout == 0 {
					every = 30 * time.Second
				}
				s := f.mustOpen("rtsp://cam/")
				began := time.Now()
				for time.Since(began) < 4*every+every/2 {
					read(t, s, 1)
				}
				alive := 0
				for _, r := range f.log()[4:] {
					if strings.HasPrefix(r, c.want) {
						alive++
					}
				}
				if alive != 4 {
					t.Errorf("%d of 4 times: %q", alive, f.log())
				}
				if want, got := int(time.Since(began)/reportEvery), f.reportsSeen(); got < want-1 || got > want {
					t.Errorf("%d receiver reports, want %d", got, want)
				}
			})
		})
	}
}

func TestSessionThatExpiredIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.timeout, f.public = 10, ", GET_PARAMETER"
		f.answers["GET_PARAMETER"] = "454 Session Not Found"
		s := f.mustOpen("rtsp://cam/")
		for {
			if _, err := s.Read(); err != nil {
				if !strings.Contains(err.Error(), "ended the session") {
					t.Error(err)
				}
				return
			}
		}
	})
}

func TestServerRequestsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.play = func(c *fakeConn) {
			c.bytes([]byte("\r\n\r\n")) // as some cameras do
			c.text("OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n")
			c.text("ANNOUNCE rtsp://cam/ RTSP/1.0\r\nCSeq: 8\r\nContent-Length: 4\r\n\r\nv=0\n")
			c.bytes([]byte{0xff, 1, 2, 'A', 'B'}) // data of no known channel
			stream(c)
		}
		s := f.mustOpen("rtsp://cam/")
		read(t, s, 3)
	})
}

// A camera with one key frame in twelve seconds counts as alive.
func TestPacketsFlowWithoutKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.play = func(c *fakeConn) {
			for i := 0; c.wait(40 * ms); i++ {
				c.rtp(uint16(i), uint32(i*3600), true, nal(i == 300, byte(i)))
			}
		}
		s := f.mustOpen("rtsp://cam/")
		for i, p := range read(t, s, 310) {
			if p.Key != (i == 300) {
				t.Fatalf("packet %d: key %v", i, p.Key)
			}
		}
	})
}

// The clock of a camera that is off by 3 s and drifts is estimated within 20 ms, on a network
// that delays by up to 80 ms.
func TestCaptureTimeFromSenderReports(t *testing.T) {
	for _, off := range []time.Duration{3 * time.Second, -3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, 4))
			f := newFake(t)
			var taken []time.Time
			f.play = func(c *fakeConn) {
				start := time.Now()
				clock := func(at time.Duration) time.Duration {
					return 100*time.Hour + off + at + at/5000 // 200 ppm fast
				}
				for i := 0; ; i++ {
					at := time.Duration(i) * 40 * ms
					sent := at + time.Duration(random.Int64N(int64(80*ms)))
					if !c.wait(time.Until(start.Add(sent))) {
						return
					}
					stamp := uint32(i*3600 + i*3600/5000)
					if i%100 == 7 {
						c.report(1, clock(at), stamp)
					}
					taken = append(taken, start.Add(at))
					c.rtp(uint16(i), stamp, true, nal(i%25 == 0, byte(i)))
				}
			}
			s := f.mustOpen("rtsp://cam/")
			for i, p := range read(t, s, 25*120) {
				if wrong := p.Captured.Sub(taken[i]).Abs(); i > 50 && wrong > 20*ms {
					t.Fatalf("packet %d: captured %v from the truth", i, p.Captured.Sub(taken[i]))
				}
			}
		})
	}
}

// A server that reports its clock before the first frame, which arrives in parts, is
// understood at once: the next report is seconds away.
func TestReportBeforeTheFirstFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.play = func(c *fakeConn) {
			c.report(1, 100*time.Hour, 0)
			for i := 0; c.wait(40 * ms); i++ {
				c.rtp(uint16(2*i), uint32(i*3600), false, nal(i == 0, byte(i)))
				c.rtp(uint16(2*i+1), uint32(i*3600), true, nal(i == 0, byte(i)))
			}
		}
		s := f.mustOpen("rtsp://cam/")
		if read(t, s, 3); !s.related {
			t.Error("the report is not used")
		}
	})
}

// Sender reports of both tracks synchronize sound and video.
func TestSoundIsBesideVideo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.sdp += soundSDP
		const late = 300 * ms // the sound's way through the camera
		f.play = func(c *fakeConn) {
			for i := 0; c.wait(20 * ms); i++ {
				at := time.Duration(i) * 20 * ms
				if i%100 == 50 {
					c.report(1, time.Hour+at, uint32(i*1800))
					c.report(3, time.Hour+at, uint32(1000+i*160))
				}
				if i%2 == 0 {
					c.rtp(uint16(i/2), uint32(i*1800), true, nal(i%50 == 0, byte(i)))
				}
				if n := i - int(late/(20*ms)); n >= 0 {
					c.media(2, 0, uint16(n), uint32(1000+n*160), true, make([]byte, 160))
				}
			}
		}
		s := f.mustOpen("rtsp://cam/")
		begun := time.Now()
		var last time.Duration
		for range 600 {
			p := read(t, s, 1)[0]
			if p.Track.Video {
				continue
			}
			if p.PTS <= last && last != 0 {
				t.Fatalf("sound goes back from %v to %v", last, p.PTS)
			}
			if last = p.PTS; time.Since(begun) > 1500*ms {
				if age := time.Since(begun) - p.PTS; age < late-25*ms || age > late+25*ms {
					t.Fatalf("sound of %v ago, want %v", age, late)
				}
			}
		}
	})
}

func TestSoundIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		sdp     string
		options Options
		refuse  bool
		tracks  int
	}{
		"wanted":        {soundSDP, Options{}, false, 2},
		"unlawful":      {soundSDP, Options{NoSound: true}, false, 1},
		"back-channel":  {"m=audio 0 RTP/AVP 0\r\na=control:track3\r\na=sendonly\r\n", Options{}, false, 1},
		"metadata":      {"m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:track4\r\n", Options{}, false, 1},
		"not known":     {"m=audio 0 RTP/AVP 98\r\na=rtpmap:98 G726-32/8000\r\na=control:track5\r\n", Options{}, false, 1},
		"not described": {"m=audio 0 RTP/AVP 98\r\na=rtpmap:98 MPEG4-GENERIC/48000/2\r\na=control:track6\r\n", Options{}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.sdp += c.sdp
				cfg, addr := config("rtsp://cam/")
				s, err := f.openWith(t.Context(), cfg, addr, c.options)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				setups := strings.Count(strings.Join(f.log(), "\n"), "SETUP")
				if len(s.Tracks()) != c.tracks || setups != c.tracks {
					t.Errorf("%d tracks, %d of them asked for, want %d", len(s.Tracks()), setups, c.tracks)
				}
			})
		})
	}
}

func TestNothingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.answers["DESCRIBE"] = "silence"
		began := time.Now()
		_, err := f.open(t.Context(), "rtsp://cam/")
		if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "no answer within 5s") || time.Since(began) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestWhatAnswersIsNoRTSP(t *testing.T) {
	for name, text := range map[string]string{
		"HTTP":    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + strings.Repeat("x", maxGarbage),
		"garbage": strings.Repeat("\x00\xff", maxGarbage),
		"endless": "RTSP/1.0 200 OK\r\nX: " + strings.Repeat("x", maxHeader+1),
		"large":   "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 999999999\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, addr := config("rtsp://cam/")
				dial := func(context.Context, string) (net.Conn, error) {
					client, server := net.Pipe()
					go func() {
						buf := make([]byte, 4096)
						_, _ = server.Read(buf)
						_, _ = io.WriteString(server, text)
						_, _ = io.Copy(io.Discard, server)
					}()
					return client, nil
				}
				if _, err := open(t.Context(), cfg, addr, Options{dial: dial}); err == nil {
					t.Error("opened")
				} else if strings.Contains(err.Error(), "xxx") {
					t.Errorf("the error tells what the server sent: %v", err)
				}
			})
		})
	}
}
