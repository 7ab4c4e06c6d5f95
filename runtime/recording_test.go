package runtime

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
)

// hose is a connection that delivers a packet every 100 ms.
type hose struct{ ctx context.Context }

var hoseTrack = &capture.Track{Video: true, Codec: capture.H264, Width: 64, Height: 48}

func (h hose) Tracks() []*capture.Track { return []*capture.Track{hoseTrack} }

func (h hose) Read() (*capture.Packet, error) {
	select {
	case <-time.After(100 * time.Millisecond):
		at := time.Duration(time.Now().UnixNano())
		return &capture.Packet{Track: hoseTrack, Data: []byte{1}, PTS: at, DTS: at, Key: true}, nil
	case <-h.ctx.Done():
		return nil, h.ctx.Err()
	}
}

func (hose) Live() bool { return true }

func (hose) Close() error { return nil }

type packetCount struct{ n atomic.Int64 }

func (c *packetCount) OfferPacket(*capture.Packet) { c.n.Add(1) }

// The second stream is connected while something keeps it and the camera is not paused, and is
// never decoded.
func TestRecordingFollowsRingAndPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open, connected := 0, map[string]int{}
		drivers := capture.Drivers{capture.KindRTSP: func(ctx context.Context, cfg capture.Config, _ capture.Address) (capture.Connection, error) {
			open++
			connected[cfg.Source]++
			return hose{ctx}, nil
		}}
		cfg := capture.DefaultConfig()
		cfg.Name, cfg.Source, cfg.EvidenceSource = "door", "rtsp://h/sub", "rtsp://h/main"
		pool := capture.NewPool(1, nil)
		defer pool.Close()
		var ring *packetCount
		r := newRecording(cfg, drivers, pool, func() capture.PacketSink {
			if ring == nil {
				return nil
			}
			return ring
		}, slog.New(slog.DiscardHandler))
		r.adjust()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.camera.Run(ctx) }()
		time.Sleep(10 * time.Second)
		if v := r.view(); open != 0 || v.State != capture.Paused {
			t.Errorf("nothing is kept: connected %d times, %+v", open, v)
		}
		ring = new(packetCount)
		r.adjust()
		time.Sleep(10 * time.Second)
		if v := r.view(); open != 1 || connected["rtsp://h/main"] != 1 || ring.n.Load() < 90 || v.State != capture.Live || v.Packets == 0 {
			t.Errorf("with a ring: connected %v, %d packets, %+v", connected, ring.n.Load(), v)
		}
		r.pause(true)
		time.Sleep(time.Second)
		before := ring.n.Load()
		time.Sleep(10 * time.Second)
		if v := r.view(); ring.n.Load() != before || v.State != capture.Paused {
			t.Errorf("paused: %d packets more, %+v", ring.n.Load()-before, v)
		}
		r.pause(false)
		time.Sleep(10 * time.Second)
		if ring.n.Load() < before+80 {
			t.Errorf("resumed: %d packets more", ring.n.Load()-before)
		}
		cancel()
		<-done
	})
}
