// Package testkit builds whole pipelines out of scripted parts: cameras that
// deliver frames at exact times, detectors that answer, wait, fail, hang and panic
// as told, and a sink that remembers what it was given. Everything works inside a
// testing/synctest bubble. Cameras start 10 ms late, because a bubble runs two
// things of one instant in random order, and snapshots are published at 0.
package testkit
