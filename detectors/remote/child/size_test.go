package child

import (
	"context"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// Pixels that a detector does not need are not sent to its process, whatever the frame sizes and
// however often it restarts.
func TestFramesGoAsSmallAsTheyAreLookedAt(t *testing.T) {
	p, _ := pool(t, Options{})
	d := open(t, p, detectors.Config{Options: actorOptions{Model: "small"}})
	see := func(order byte, height int) error {
		pixels := capture.NewPool(1, nil)
		defer pixels.Close()
		f, err := pixels.Get("yard", 1, 60, height, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		defer f.Release()
		for i := range f.Pixels() {
			f.Pixels()[i] = order
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		out, err := d.Detect(ctx, f)
		if err != nil {
			return err
		}
		if got := out[0].Detections[0].Score; got != float64(60_000+height/3) {
			t.Errorf("of a frame of 60x%d it was sent one of %g", height, got)
		}
		return nil
	}
	for _, height := range []int{36, 36, 48, 36} {
		if err := see(doSize, height); err != nil {
			t.Fatal(err)
		}
	}
	if err := see(doExit, 36); err == nil {
		t.Fatal("it did not end")
	}
	eventually(t, "it answers again", func() bool { return see(doSize, 48) == nil })
}

// Capture times increase, even if the wall clock is set in between.
func TestCaptureTimesFollowNoClockThatIsSet(t *testing.T) {
	var in instance
	now := time.Now()
	const frame, age = 100 * time.Millisecond, 20 * time.Millisecond
	wall, last := now.UnixNano(), time.Time{}
	for i := range 40 {
		switch i {
		case 10:
			wall += int64(time.Hour)
		case 20:
			wall -= 2 * int64(time.Hour)
		}
		at := in.captured(now, wall-int64(age))
		if gap := at.Sub(last); i > 0 && (gap < frame-age || gap > frame+age) {
			t.Errorf("frame %d comes %v after the one before", i, gap)
		}
		if at.After(now) || now.Sub(at) > age {
			t.Errorf("frame %d is %v old", i, now.Sub(at))
		}
		now, wall, last = now.Add(frame), wall+int64(frame), at
	}
}
