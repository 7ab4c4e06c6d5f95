package sink

// Config is the [events] section of the configuration.
type Config struct {
	// Log is a file to which events are appended as JSON lines. Empty: none.
	Log string `toml:"log"`
}
