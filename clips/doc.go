// Package clips records evidence: what a camera saw from some time before an event
// to some time after it, whole or not at all. The live path calls Ring.Offer,
// Recorder.Note and Recorder.Save, which never block, encode or touch the disk,
// and count what they drop. Recorder.Run does the rest in its own goroutines.
package clips
