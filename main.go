// Command rvo-tui reads live video, runs detectors on the newest frames within latency budgets, and
// turns their signals into confirmed events with evidence.
package main

import (
	_ "embed"
	"os"

	"rvo-tui/internal/app"
)

//go:embed rvo.toml
var builtIn []byte

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, builtIn)) }
