package ui

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A headless dashboard draws all the same, so that it can be measured.
func TestRunHeadlessDraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		sent, err := RunHeadless(ctx, newFake(), Options{Config: DefaultConfig(), Kinds: testKinds()}, 120, 40)
		if err != nil {
			t.Fatal(err)
		}
		if sent < 2000 {
			t.Errorf("%d bytes were sent, less than a screen has", sent)
		}
	})
}
