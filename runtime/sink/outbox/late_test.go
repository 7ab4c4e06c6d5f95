package outbox

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/runtime"
)

// An output that delivers slower than events come says so, but not one with a rate limit.
func TestSlowReceiverIsLate(t *testing.T) {
	file := storeFile(t)
	synctest.Test(t, func(t *testing.T) {
		slow := newReceiver("slow", func(o *Output) {
			o.Send = func(ctx context.Context, _ Delivery) error {
				select {
				case <-time.After(30 * time.Second):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
		limited := newReceiver("limited", func(o *Output) { o.PerHour = 1 })
		o := start(newOutbox(file, nil, slow, limited))
		for i := range 60 {
			o.Offer(event(i))
		}
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if v := output(o.Outbox, "slow"); v.Reason != "" {
			t.Errorf("too early: %q", v.Reason)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if v := output(o.Outbox, "slow"); v.State != runtime.SinkOK || !strings.Contains(v.Reason, "messages wait, the first for 11m0s") || v.Remedy == "" {
			t.Errorf("late: %+v", v)
		}
		if v := output(o.Outbox, "limited"); v.Reason != "" || v.Backlog == 0 {
			t.Errorf("with a rate limit: %+v", v)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if v := output(o.Outbox, "slow"); v.Reason != "" || v.Backlog != 0 {
			t.Errorf("afterwards: %+v", v)
		}
		must(t, o.end())
	})
}
