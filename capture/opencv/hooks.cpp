//go:build cgo

#include "hooks.h"

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <dlfcn.h>
#include <mutex>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
}

namespace {

thread_local rvo::Call *current = nullptr;

rvo::Link *link_of_thread() { return current != nullptr ? current->link : nullptr; }

template <class F> F real(const char *name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }

int interrupted(void *opaque) {
	auto *link = static_cast<rvo::Link *>(opaque);
	if (link->stop.load(std::memory_order_relaxed)) return 1;
	return link->timeout.callback != nullptr ? link->timeout.callback(link->timeout.opaque) : 0;
}

// OpenCV says only that something was not opened; the cause is in what FFmpeg
// logs in the same thread meanwhile.
void on_log(void *source, int level, const char *format, va_list args) {
	if (rvo::Call *call = current; call != nullptr && level <= AV_LOG_WARNING) {
		char line[512];
		int prefix = 1;
		va_list copy;
		va_copy(copy, args);
		av_log_format_line2(source, level, format, copy, line, sizeof line, &prefix);
		va_end(copy);
		try {
			if (call->log.size() + std::strlen(line) < rvo::Call::max_log) call->log += line;
		} catch (...) {
			// Without memory the cause stays unknown.
		}
		if (call->quiet) return;
	}
	av_log_default_callback(source, level, format, args);
}

} // namespace

namespace rvo {

Call::Call(Link *link, bool quiet) : link(link), quiet(quiet) {
	static std::once_flag once;
	std::call_once(once, [] { av_log_set_callback(on_log); });
	current = this;
}

Call::~Call() { current = nullptr; }

} // namespace rvo

extern "C" {

// OpenCV can be given timeouts, but not be told to stop. And FFmpeg watches a
// stream for 20 pictures, or five seconds, to learn its rate and delay, which for
// a slow camera takes longer than opening may.
int avformat_open_input(AVFormatContext **context, const char *url, const AVInputFormat *format, AVDictionary **options) {
	static const auto next = real<decltype(&avformat_open_input)>("avformat_open_input");
	if (rvo::Link *link = link_of_thread(); link != nullptr && context != nullptr && *context != nullptr) {
		link->timeout = (*context)->interrupt_callback;
		(*context)->interrupt_callback = {interrupted, link};
		if (link->live) {
			av_opt_set_int(*context, "fpsprobesize", 2, 0);
			av_opt_set_int(*context, "analyzeduration", link->probe_us, 0);
		}
	}
	int err = next(context, url, format, options);
	if (rvo::Link *link = link_of_thread(); link != nullptr) link->input = err >= 0 ? *context : nullptr;
	return err;
}

// OpenCV has FFmpeg decode in as many threads as there are cores, each of which
// takes a picture of its own: on 16 cores the newest picture comes out 15
// pictures late. For a camera, threads share one picture instead.
int avcodec_open2(AVCodecContext *context, const AVCodec *codec, AVDictionary **options) {
	static const auto next = real<decltype(&avcodec_open2)>("avcodec_open2");
	if (rvo::Link *link = link_of_thread(); link != nullptr && context != nullptr) {
		context->thread_count = std::min(context->thread_count, 4);
		if (link->live) context->thread_type = FF_THREAD_SLICE;
	}
	return next(context, codec, options);
}

// When a stream changes its size, OpenCV 4.6 goes on converting as if it had
// not, and reads beyond the picture when it has become smaller.
int avcodec_receive_frame(AVCodecContext *context, AVFrame *frame) {
	static const auto next = real<decltype(&avcodec_receive_frame)>("avcodec_receive_frame");
	int err = next(context, frame);
	if (rvo::Link *link = link_of_thread(); link != nullptr && err >= 0) {
		link->picture = frame;
		link->ahead = context->width != frame->width || context->height != frame->height;
	}
	return err;
}

} // extern "C"
