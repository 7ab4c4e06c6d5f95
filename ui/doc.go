// Package ui is the terminal dashboard: what a Runtime does, drawn from the
// snapshots that it publishes, and keys that become its commands.
//
// Nothing in the runtime waits for the screen. Snapshots come over a channel
// that holds the newest one alone; a terminal that takes its output too slowly,
// or not at all, makes the dashboard late and nothing else.
package ui
