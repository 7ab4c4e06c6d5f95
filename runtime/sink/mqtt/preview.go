package mqtt

import (
	"context"
	"slices"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"rvo-tui/runtime"
)

const (
	previewWidth = 640
	previewCheck = time.Second // how often to check for changes of the cameras
)

// preview publishes frames of all cameras at a low rate while there is a connection,
// until the context ends. Frames may be lost.
func (c *client) preview(ctx context.Context) {
	tick := time.NewTicker(previewCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if cameras := c.previewed(); len(cameras) > 0 {
			c.stills(ctx, cameras)
		}
	}
}

// previewed returns the cameras to publish previews of now.
func (c *client) previewed() []string {
	if state, _ := c.link.state(); state != runtime.OutputConnected {
		return nil
	}
	return names(c.opts.Runtime.Snapshot())
}

// stills publishes frames until the set of cameras changes.
func (c *client) stills(ctx context.Context, cameras []string) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // its thread keeps the low priority
		defer close(done)
		// It ends with the context, or with a camera.
		_ = c.opts.Runtime.Stills(ctx, cameras, previewWidth, 1/time.Duration(c.cfg.Preview).Seconds(), func(s runtime.Still) error {
			if c.link.publish(ctx, &paho.Publish{Topic: c.topics.preview(s.Camera), Payload: s.JPEG}) == nil {
				c.counts.previews.Add(1)
			}
			return nil
		})
	}()
	tick := time.NewTicker(previewCheck)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if slices.Equal(cameras, c.previewed()) {
				continue
			}
			cancel()
		case <-ctx.Done():
		case <-done:
		}
		cancel()
		<-done
		return
	}
}
