//go:build cgo

// What OpenCV's FFmpeg backend does not let its callers see or set. Functions of
// FFmpeg that OpenCV calls are defined here once more; being in the program
// itself they come before FFmpeg's own, do their part and call those.
#ifndef RVO_CAPTURE_OPENCV_HOOKS_H
#define RVO_CAPTURE_OPENCV_HOOKS_H

#include <atomic>
#include <string>

extern "C" {
#include <libavformat/avformat.h>
}

namespace rvo {

// What one capture tells the hooks, and they tell it.
struct Link {
	bool live = false;                  // a camera: decode without the delay of frame threads
	int64_t probe_us = 0;             // how long a camera's stream is watched before it counts as open
	std::atomic<bool> stop{false};    // set from any thread: opening and reading end soon
	AVIOInterruptCB timeout = {};     // OpenCV's own
	int64_t deadline_us = 0;          // while it is opened: when to give up, on av_gettime_relative's clock
	AVFormatContext *ready = nullptr; // opened, for OpenCV to take over
	AVFormatContext *input = nullptr; // OpenCV's, valid while the capture is open
	const AVFrame *picture = nullptr; // decoded last; OpenCV's, valid until the next grab
	bool ahead = false;               // its decoder is at pictures of another size already
};

// Call connects what FFmpeg does and logs in this thread with a capture, as long
// as it lives. One at a time in a thread.
class Call {
public:
	// quiet: the caller reports what FFmpeg logs, so that the log need not.
	explicit Call(Link *link, bool quiet);
	~Call();
	Call(const Call &) = delete;
	Call &operator=(const Call &) = delete;

	Link *link;
	bool quiet;
	std::string log; // what FFmpeg warned of, at most max_log bytes
	static constexpr size_t max_log = 1000;
};

// Opens uri, which OpenCV then takes over instead of opening it: OpenCV holds a
// lock of the whole process while it opens, so that one camera that does not
// answer would hold up all others. It is given up after open_us. A camera is
// watched for half of that at most. False: call.log says why.
bool prepare(Call &call, const char *uri, const char *transport, int64_t open_us);

} // namespace rvo

#endif
