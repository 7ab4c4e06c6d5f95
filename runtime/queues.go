package runtime

// QueueText describes a queue.
type QueueText struct {
	Holds  string `json:"holds"`
	Full   string `json:"full"`   // what happens when it is full
	Remedy string `json:"remedy"` // what to do about drops
}

// QueueTexts returns the texts of all queues but outputs, by name.
func QueueTexts() map[string]QueueText {
	return map[string]QueueText{
		"frame":    {Holds: "the newest frame, until the engine takes it", Full: "a newer frame replaces it: nothing is processed late", Remedy: "nothing, this is normal; if almost all are replaced, lower the camera's fps"},
		"pool":     {Holds: "frames that detectors, clips and previews hold", Full: "the next frame is dropped", Remedy: "find the detector that is slow or stuck"},
		"capture":  {Holds: "frames between the stream and the pool", Full: "frames that came too late, too often or damaged are dropped", Remedy: "lag: decode less, or use a smaller stream; corrupt: check the connection"},
		"mailbox":  {Holds: "detectors that wait for a slot with their frame", Full: "the newest frame replaces theirs", Remedy: "allow more slots, or lower the max_fps of detectors that use them"},
		"live":     {Holds: "packets and results for viewers connected over the API", Full: "a viewer that is too slow misses some", Remedy: "request a smaller stream, or use a faster connection"},
		"commands": {Holds: "commands that wait to be executed", Full: "further ones are refused with an error", Remedy: "send fewer at a time"},
		"changes":  {Holds: "cameras to be added, removed and reloaded", Full: "further ones are refused with an error", Remedy: "send fewer at a time"},
		"remote":   {Holds: "running requests to model services", Full: "a detector has at most one", Remedy: "check the latency of the service"},
		"slots":    {Holds: "local detectors that are computing", Full: "others wait for a slot", Remedy: "allow more slots, or lower the max_fps of detectors that use them"},
		"evidence": {Holds: "recent packets from the camera, for clips", Full: "the oldest are dropped", Remedy: "evicted: clips lack their beginning; allow more memory, or a shorter time before the event"},
		"encoder":  {Holds: "frames that wait to be encoded for clips", Full: "the next frame is skipped", Remedy: "lower the camera's fps, or use a source whose packets need no encoding"},
		"disk":     {Holds: "clips", Full: "the oldest are deleted", Remedy: "allow more bytes or days in [clips], or free disk space"},
		"stored":   {Holds: "events for outputs, until they are delivered", Full: "the oldest are dropped", Remedy: "check why an output does not accept them"},
		"clips":    {Holds: "clips that wait to be written", Full: "the clip of the next event is lost, and logged", Remedy: "check whether the disk is slow or full"},
		"log":      {Holds: "lines that wait to be written to the log", Full: "lines are dropped", Remedy: "log less, or to a faster destination"},
	}
}
