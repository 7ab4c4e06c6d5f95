// Package clips saves video clips of events, with some time before and after. A clip is
// saved completely or not at all. The live path calls Ring.Offer, Recorder.Note and
// Recorder.Save, which never block, encode or touch the disk, and count what they drop.
// Recorder.Run does the rest in its own goroutines.
package clips
