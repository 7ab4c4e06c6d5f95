// Package testkit builds whole pipelines out of scripted parts: cameras that
// take pictures at exact times, detectors that answer, wait, fail, hang and panic
// as told, and a sink that remembers what it was given. All of it goes through the
// public ways of package runtime, and works inside a testing/synctest bubble,
// where times and counts are exact.
//
// A test that counts must not let two things happen at one instant: a bubble
// orders them at random. Cameras therefore begin 10 ms after the start unless told
// otherwise, away from the instants at which snapshots are published.
package testkit
