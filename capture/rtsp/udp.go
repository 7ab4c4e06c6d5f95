package rtsp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	// udpDepth is the maximum number of datagrams waiting for the reader.
	udpDepth = 1024
	// socketBuffer is large enough for a key frame that arrives in one burst.
	socketBuffer = 1 << 20
)

// udpReceiver receives the datagrams of all tracks and the messages of the control
// connection, in its own goroutines. close waits for them.
type udpReceiver struct {
	wire    *wire
	events  chan event
	stop    chan struct{}
	done    sync.WaitGroup
	sockets []*net.UDPConn // two for each track: RTP, RTCP
	peers   []netip.AddrPort
	hosts   []netip.Addr // allowed senders; fixed once it runs
	timer   *time.Timer
	running bool

	mu      sync.Mutex
	dropped uint64 // datagrams dropped because events was full
}

func newUDPReceiver(w *wire) *udpReceiver {
	u := &udpReceiver{wire: w, events: make(chan event, udpDepth), stop: make(chan struct{}), timer: time.NewTimer(0)}
	if host, ok := w.RemoteAddr().(*net.TCPAddr); ok {
		u.hosts = append(u.hosts, host.AddrPort().Addr().Unmap())
	}
	return u
}

// open opens the two sockets of another track, with the even port for RTP, on the local
// address of the connection.
func (u *udpReceiver) open() (port int, err error) {
	local := &net.UDPAddr{}
	if here, ok := u.wire.LocalAddr().(*net.TCPAddr); ok {
		local.IP, local.Zone = here.IP, here.Zone
	}
	for range 32 {
		local.Port = 0
		media, err := net.ListenUDP("udp", local)
		if err != nil {
			return 0, bare(err)
		}
		local.Port = media.LocalAddr().(*net.UDPAddr).Port + 1
		if local.Port%2 == 1 && local.Port < 1<<16 {
			if control, err := net.ListenUDP("udp", local); err == nil {
				_ = media.SetReadBuffer(socketBuffer) // the kernel may allow less
				u.sockets = append(u.sockets, media, control)
				u.peers = append(u.peers, netip.AddrPort{}, netip.AddrPort{})
				return local.Port - 1, nil
			}
		}
		media.Close()
	}
	return 0, errors.New("no two adjacent UDP ports are free")
}

// meet records the sender of the last track.
func (u *udpReceiver) meet(source string, rtp, rtcp int) {
	if len(u.hosts) == 0 {
		return
	}
	host := u.hosts[0]
	if ip, err := netip.ParseAddr(source); err == nil && !ip.IsUnspecified() && !slices.Contains(u.hosts, ip.Unmap()) {
		u.hosts = append(u.hosts, ip.Unmap())
	}
	n := len(u.peers)
	if rtp > 0 && rtp < 1<<16 && rtcp > 0 && rtcp < 1<<16 {
		u.peers[n-2], u.peers[n-1] = netip.AddrPortFrom(host, uint16(rtp)), netip.AddrPortFrom(host, uint16(rtcp))
	}
}

// run starts receiving. It first sends a datagram from each socket, to open a NAT.
func (u *udpReceiver) run() error {
	if err := u.wire.SetReadDeadline(time.Time{}); err != nil {
		return bare(err)
	}
	u.running = true
	for i := range u.sockets {
		if i%2 == 0 {
			u.send(i, []byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		} else {
			u.send(i, []byte{0x80, 201, 0, 1, 0, 0, 0, 0})
		}
		u.done.Go(func() { u.receive(i) })
	}
	u.done.Go(u.control)
	return nil
}

// send sends a datagram from a socket. Losses do not matter.
func (u *udpReceiver) send(socket int, data []byte) {
	if socket < len(u.peers) && u.peers[socket].IsValid() {
		_, _ = u.sockets[socket].WriteToUDPAddrPort(data, u.peers[socket])
	}
}

// receive passes on the datagrams of a socket until it is closed.
func (u *udpReceiver) receive(socket int) {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := u.sockets[socket].ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil || !slices.Contains(u.hosts, from.Addr().Unmap()):
			continue // an ICMP error, or a sender other than the camera
		}
		select {
		case u.events <- event{channel: socket, data: slices.Clone(buf[:n])}:
		default:
			u.mu.Lock()
			u.dropped++
			u.mu.Unlock()
		}
	}
}

// control passes on the messages of the connection until it or stop is closed.
func (u *udpReceiver) control() {
	for {
		var e event
		e.channel, e.data, e.msg, e.err = u.wire.next()
		if e.err == nil && e.msg == nil {
			continue // interleaved data is not expected here
		}
		select {
		case u.events <- e:
		case <-u.stop:
			return
		}
		if e.err != nil {
			return
		}
	}
}

// next returns the next event, or an error at the given time.
func (u *udpReceiver) next(ctx context.Context, until time.Time) event {
	u.timer.Reset(time.Until(until))
	select {
	case e := <-u.events:
		return e
	case <-u.timer.C:
		return event{err: os.ErrDeadlineExceeded}
	case <-ctx.Done():
		return event{err: ctx.Err()}
	}
}

// close ends the goroutines and closes the sockets. The connection must already be
// closed.
func (u *udpReceiver) close() {
	close(u.stop)
	for _, s := range u.sockets {
		s.Close()
	}
	u.done.Wait()
	u.timer.Stop()
}

// overflow returns how many datagrams were dropped because the queue was full.
func (u *udpReceiver) overflow() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.dropped
}
