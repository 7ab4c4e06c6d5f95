// Package clips keeps evidence: what a camera saw from some time before an
// event to some time after it, whole or not at all.
//
// The live path only offers and tries: Ring.Offer, Recorder.Note and
// Recorder.Save never block, encode, allocate a picture or touch the disk, and
// count what they had to drop. Encoding, building, syncing and retention happen
// in the goroutines of Recorder.Run.
package clips
