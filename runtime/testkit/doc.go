// Package testkit builds pipelines of scripted cameras, scripted detectors and a
// recording sink, for tests. In a testing/synctest bubble, times and counts are exact.
// Cameras start 10 ms late, because a bubble orders events at the same time randomly,
// and snapshots are published at 0.
package testkit
