// Package ui is the terminal dashboard. It draws the snapshots that a Runtime
// publishes, and turns keys into its commands. Nothing in the runtime waits for
// the screen: a terminal that takes its output too slowly makes the dashboard
// late and nothing else.
package ui
