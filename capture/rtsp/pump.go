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
	// pumpDepth is how many datagrams wait for their reader.
	pumpDepth = 1024
	// socketBuffer holds a key frame that comes at once.
	socketBuffer = 1 << 20
)

// pump receives what comes by UDP, and what comes on the connection beside it,
// in goroutines of its own, which close waits for.
type pump struct {
	wire    *wire
	events  chan event
	stop    chan struct{}
	done    sync.WaitGroup
	sockets []*net.UDPConn // two for each track: RTP, RTCP
	peers   []netip.AddrPort
	hosts   []netip.Addr // who may send; fixed once it runs
	timer   *time.Timer
	running bool

	mu      sync.Mutex
	dropped uint64 // because events was full
}

func newPump(w *wire) *pump {
	p := &pump{wire: w, events: make(chan event, pumpDepth), stop: make(chan struct{}), timer: time.NewTimer(0)}
	if host, ok := w.RemoteAddr().(*net.TCPAddr); ok {
		p.hosts = append(p.hosts, host.AddrPort().Addr().Unmap())
	}
	return p
}

// open opens the two sockets of a further track, the even port for RTP, on the
// address that the connection has here.
func (p *pump) open() (port int, err error) {
	local := &net.UDPAddr{}
	if here, ok := p.wire.LocalAddr().(*net.TCPAddr); ok {
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
				p.sockets = append(p.sockets, media, control)
				p.peers = append(p.peers, netip.AddrPort{}, netip.AddrPort{})
				return local.Port - 1, nil
			}
		}
		media.Close()
	}
	return 0, errors.New("no two neighbouring UDP ports are free")
}

// meet says where the latest track comes from.
func (p *pump) meet(source string, rtp, rtcp int) {
	if len(p.hosts) == 0 {
		return
	}
	host := p.hosts[0]
	if ip, err := netip.ParseAddr(source); err == nil && !ip.IsUnspecified() && !slices.Contains(p.hosts, ip.Unmap()) {
		p.hosts = append(p.hosts, ip.Unmap())
	}
	n := len(p.peers)
	if rtp > 0 && rtp < 1<<16 && rtcp > 0 && rtcp < 1<<16 {
		p.peers[n-2], p.peers[n-1] = netip.AddrPortFrom(host, uint16(rtp)), netip.AddrPortFrom(host, uint16(rtcp))
	}
}

// run begins to receive. To open the way through a NAT, something is sent first.
func (p *pump) run() error {
	if err := p.wire.SetReadDeadline(time.Time{}); err != nil {
		return bare(err)
	}
	p.running = true
	for i := range p.sockets {
		if i%2 == 0 {
			p.send(i, []byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		} else {
			p.send(i, []byte{0x80, 201, 0, 1, 0, 0, 0, 0})
		}
		p.done.Go(func() { p.receive(i) })
	}
	p.done.Go(p.control)
	return nil
}

// send sends a datagram from a socket. One that is lost is no loss.
func (p *pump) send(socket int, data []byte) {
	if socket < len(p.peers) && p.peers[socket].IsValid() {
		_, _ = p.sockets[socket].WriteToUDPAddrPort(data, p.peers[socket])
	}
}

// receive hands on the datagrams of a socket until it is closed.
func (p *pump) receive(socket int) {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := p.sockets[socket].ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil || !slices.Contains(p.hosts, from.Addr().Unmap()):
			continue // somebody refuses what we sent, or sends what we do not want
		}
		select {
		case p.events <- event{channel: socket, data: slices.Clone(buf[:n])}:
		default:
			p.mu.Lock()
			p.dropped++
			p.mu.Unlock()
		}
	}
}

// control hands on the messages of the connection until it ends or stop does.
func (p *pump) control() {
	for {
		var e event
		e.channel, e.data, e.msg, e.err = p.wire.next()
		if e.err == nil && e.msg == nil {
			continue // nothing is interleaved here
		}
		select {
		case p.events <- e:
		case <-p.stop:
			return
		}
		if e.err != nil {
			return
		}
	}
}

// next returns what comes until a moment.
func (p *pump) next(ctx context.Context, until time.Time) event {
	p.timer.Reset(time.Until(until))
	select {
	case e := <-p.events:
		return e
	case <-p.timer.C:
		return event{err: os.ErrDeadlineExceeded}
	case <-ctx.Done():
		return event{err: ctx.Err()}
	}
}

// close ends the goroutines and frees the sockets. The connection has been
// closed before.
func (p *pump) close() {
	close(p.stop)
	for _, s := range p.sockets {
		s.Close()
	}
	p.done.Wait()
	p.timer.Stop()
}

// overflow returns how many datagrams there was no room for.
func (p *pump) overflow() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}
