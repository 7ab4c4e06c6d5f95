// Package testkit builds pipelines of scripted cameras, scripted detectors and a
// capturing sink, for tests. In a testing/synctest bubble, times and counts are exact.
// Cameras start 10 ms late: a bubble runs two things of one instant in random order,
// and snapshots are published at 0.
package testkit
