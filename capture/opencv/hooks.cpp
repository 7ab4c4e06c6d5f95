//go:build cgo

#include "hooks.h"

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <dlfcn.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/time.h>
}

namespace {

thread_local rvo::Call *current = nullptr;

rvo::Link *link_of_thread() { return current != nullptr ? current->link : nullptr; }

template <class F> F real(const char *name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }

int interrupted(void *opaque) {
	auto *link = static_cast<rvo::Link *>(opaque);
	if (link->stop.load(std::memory_order_relaxed)) return 1;
	if (link->deadline_us != 0 && av_gettime_relative() >= link->deadline_us) return 1;
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
	// Each time: OpenCV, when it is used first and its environment variables tell it
	// to, has FFmpeg call a function of its own, which prints to standard output.
	av_log_set_callback(on_log);
	current = this;
}

Call::~Call() { current = nullptr; }

bool prepare(Call &call, const char *uri, const char *transport, int64_t open_us) {
	Link *link = call.link;
	AVFormatContext *input = avformat_alloc_context();
	if (input == nullptr) return false;
	input->interrupt_callback = {interrupted, link};
	link->deadline_us = av_gettime_relative() + open_us;
	AVDictionary *options = nullptr;
	if (link->live) {
		av_dict_set(&options, "rtsp_transport", transport, 0);
		// FFmpeg watches a stream for 20 pictures, or five seconds, to learn its
		// rate and delay, which for a slow camera takes longer than opening may.
		av_dict_set_int(&options, "fpsprobesize", 2, 0);
		av_dict_set_int(&options, "analyzeduration", open_us / 2, 0);
	} else {
		// A playlist must not make the program connect to anywhere.
		av_dict_set(&options, "protocol_whitelist", "file", 0);
	}
	int err = avformat_open_input(&input, uri, nullptr, &options); // frees input when it fails
	av_dict_free(&options);
	if (err >= 0) {
		err = avformat_find_stream_info(input, nullptr);
		if (err < 0) avformat_close_input(&input);
	}
	link->deadline_us = 0;
	if (err < 0) {
		char text[AV_ERROR_MAX_STRING_SIZE] = {};
		av_strerror(err, text, sizeof text);
		call.log += text;
		return false;
	}
	link->ready = input;
	return true;
}

} // namespace rvo

extern "C" {

int avformat_open_input(AVFormatContext **context, const char *url, const AVInputFormat *format, AVDictionary **options) {
	static const auto next = real<decltype(&avformat_open_input)>("avformat_open_input");
	rvo::Link *link = link_of_thread();
	if (link == nullptr || link->ready == nullptr) return next(context, url, format, options);
	if (*context != nullptr) link->timeout = (*context)->interrupt_callback;
	// OpenCV relies on it having been called before the first grab.
	if (link->timeout.callback != nullptr) link->timeout.callback(link->timeout.opaque);
	avformat_free_context(*context);
	*context = link->input = link->ready;
	link->ready = nullptr;
	return 0;
}

int avformat_find_stream_info(AVFormatContext *context, AVDictionary **options) {
	static const auto next = real<decltype(&avformat_find_stream_info)>("avformat_find_stream_info");
	rvo::Link *link = link_of_thread();
	return link != nullptr && link->input == context ? 0 : next(context, options);
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
	// OpenCV cannot be told how hard x264 is to try. Evidence is to cost little,
	// not to be small.
	if (codec != nullptr && context != nullptr && context->priv_data != nullptr && std::strcmp(codec->name, "libx264") == 0)
		av_opt_set(context->priv_data, "preset", "veryfast", 0);
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
