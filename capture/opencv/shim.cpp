//go:build cgo

#include "shim.h"

#include "hooks.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

extern "C" {
#include <libswscale/swscale.h>
}

namespace {

void tell(char *why, const char *text) { std::snprintf(why, RVO_WHY, "%s", text); }

// Runs f; a C++ exception becomes text and the value bad.
template <class T, class F> T guard(T bad, char *why, F f) noexcept {
	try {
		return f();
	} catch (const cv::Exception &e) {
		tell(why, e.err.empty() ? e.what() : e.err.c_str());
	} catch (const std::exception &e) {
		tell(why, e.what());
	} catch (...) {
		tell(why, "unknown C++ exception");
	}
	return bad;
}

void scale(const cv::Mat &from, cv::Mat &to) {
	bool shrinks = to.cols <= from.cols && to.rows <= from.rows;
	cv::resize(from, to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
}

} // namespace

struct rvo_capture {
	rvo::Link link; // outlives video, which calls it back
	cv::VideoCapture video;
	cv::Mat picture; // where a picture waits that has to be scaled, or that nobody had room for
	bool waiting = false;

	// What OpenCV converts rightly: pictures as the first one.
	int width = 0, height = 0, format = -1;
	SwsContext *convert = nullptr; // all others

	~rvo_capture() {
		avformat_close_input(&link.ready); // if OpenCV did not take it
		sws_freeContext(convert);
	}

	// Whether the picture that was decoded last is not like the first one.
	bool changed() const {
		const AVFrame *p = link.picture;
		return p != nullptr && (link.ahead || p->width != width || p->height != height || p->format != format);
	}

	// Returns the presentation time of the picture that was decoded last, or NaN.
	// OpenCV's CAP_PROP_POS_MSEC is 0 for pictures that come out of the decoder
	// after the end of the file, and where there is none.
	double pts_ms() const {
		if (link.input == nullptr || link.picture == nullptr || link.picture->best_effort_timestamp == AV_NOPTS_VALUE) return NAN;
		for (unsigned i = 0; i < link.input->nb_streams; i++) {
			const AVStream *s = link.input->streams[i];
			if (s->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue; // OpenCV takes the first one too
			int64_t start = s->start_time == AV_NOPTS_VALUE ? 0 : s->start_time;
			return double(link.picture->best_effort_timestamp - start) * av_q2d(s->time_base) * 1000;
		}
		return NAN;
	}

	// Does what retrieve does, for a picture that is not like the first one.
	bool retrieve_changed() {
		const AVFrame *p = link.picture;
		if (p->hw_frames_ctx != nullptr || p->data[0] == nullptr) return false;
		auto from = static_cast<AVPixelFormat>(p->format);
		convert = sws_getCachedContext(convert, p->width, p->height, from, p->width, p->height, AV_PIX_FMT_BGR24,
			SWS_BICUBIC, nullptr, nullptr, nullptr);
		if (convert == nullptr) return false;
		// swscale may write beyond the end of a row that is not aligned.
		cv::Mat rows(p->height + 1, (p->width + 63) & ~63, CV_8UC3), got = rows(cv::Rect(0, 0, p->width, p->height));
		uint8_t *data[4] = {got.data};
		int step[4] = {int(got.step)};
		if (sws_scale(convert, p->data, p->linesize, 0, p->height, data, step) != p->height) return false;
		picture = got;
		return true;
	}
};

rvo_capture *rvo_new(int live, char *why) {
	*why = 0;
	return guard(static_cast<rvo_capture *>(nullptr), why, [&] {
		auto *c = new rvo_capture;
		c->link.live = live != 0;
		return c;
	});
}

int rvo_open(rvo_capture *c, const rvo_options *o, rvo_info *info, char *why) {
	*why = 0;
	return guard(int(RVO_ERROR), why, [&] {
		rvo::Call call(&c->link, true);
		std::vector<int> params;
		auto set = [&](int key, int value) {
			params.push_back(key);
			params.push_back(value);
		};
		bool ok = false;
		if (o->device >= 0) {
			if (o->fourcc != 0) set(cv::CAP_PROP_FOURCC, o->fourcc);
			if (o->width > 0) set(cv::CAP_PROP_FRAME_WIDTH, o->width);
			if (o->height > 0) set(cv::CAP_PROP_FRAME_HEIGHT, o->height);
			if (o->fps > 0) set(cv::CAP_PROP_FPS, int(o->fps + 0.5));
			ok = c->video.open(o->device, cv::CAP_V4L2, params);
		} else if (rvo::prepare(call, o->uri, o->transport, o->open_ms * int64_t(1000))) {
			set(cv::CAP_PROP_READ_TIMEOUT_MSEC, o->read_ms);
			set(cv::CAP_PROP_HW_ACCELERATION, o->accel);
			ok = c->video.open(o->uri, cv::CAP_FFMPEG, params);
		}
		if (!ok) {
			tell(why, call.log.c_str());
			return int(RVO_NONE);
		}
		info->width = int(c->video.get(cv::CAP_PROP_FRAME_WIDTH));
		info->height = int(c->video.get(cv::CAP_PROP_FRAME_HEIGHT));
		info->fps = c->video.get(cv::CAP_PROP_FPS);
		info->frames = o->device >= 0 ? 0 : c->video.get(cv::CAP_PROP_FRAME_COUNT);
		info->accel = o->device >= 0 ? 0 : int(c->video.get(cv::CAP_PROP_HW_ACCELERATION));
		bool upright = o->device >= 0 || int(c->video.get(cv::CAP_PROP_ORIENTATION_META)) % 180 == 0;
		c->width = upright ? info->width : info->height;
		c->height = upright ? info->height : info->width;
		c->link.picture = nullptr; // that of FFmpeg's probing
		return int(RVO_OK);
	});
}

void rvo_stop(rvo_capture *c) { c->link.stop.store(true); }

int rvo_grab(rvo_capture *c, double *pts_ms, char *why) {
	*why = 0;
	return guard(int(RVO_ERROR), why, [&] {
		rvo::Call call(&c->link, false);
		c->waiting = false;
		c->link.picture = nullptr;
		if (!c->video.grab()) {
			tell(why, call.log.c_str());
			return int(RVO_NONE);
		}
		if (c->format < 0 && c->link.picture != nullptr) c->format = c->link.picture->format;
		*pts_ms = c->pts_ms();
		return int(RVO_OK);
	});
}

int rvo_retrieve(rvo_capture *c, unsigned char *dst, int *width, int *height, int out_width, int out_height, char *why) {
	*why = 0;
	return guard(int(RVO_ERROR), why, [&] {
		cv::Mat out(out_height, out_width, CV_8UC3, dst);
		bool direct = *width == out_width && *height == out_height;
		if (!c->waiting && c->changed()) {
			if (!c->retrieve_changed()) {
				tell(why, "the stream changed to pictures that cannot be converted");
				return int(RVO_NONE);
			}
			c->waiting = true;
		}
		if (!c->waiting) {
			// OpenCV fills the matrix that it is given if size and type fit, and
			// otherwise gives it other memory.
			cv::Mat got = direct ? out : c->picture;
			if (!c->video.retrieve(got) || got.empty()) {
				tell(why, "no picture in what was read");
				return int(RVO_NONE);
			}
			if (got.type() != CV_8UC3) {
				tell(why, "pictures are not in a colour format that OpenCV converts to BGR");
				return int(RVO_ERROR);
			}
			if (direct && got.data == dst) return int(RVO_OK);
			c->picture = got;
			c->waiting = true;
		}
		if (c->picture.cols != *width || c->picture.rows != *height) {
			*width = c->picture.cols;
			*height = c->picture.rows;
			return int(RVO_RESIZED);
		}
		if (direct)
			c->picture.copyTo(out);
		else
			scale(c->picture, out);
		c->waiting = false;
		return int(RVO_OK);
	});
}

void rvo_close(rvo_capture *c) {
	char why[RVO_WHY];
	guard(0, why, [&] {
		delete c;
		return 0;
	});
}

struct rvo_movie {
	std::string path;
	double fps;
	cv::VideoWriter writer;
	cv::Mat picture;
	cv::Size size;
};

rvo_movie *rvo_movie_new(const char *path, double fps, char *why) {
	*why = 0;
	return guard(static_cast<rvo_movie *>(nullptr), why, [&] { return new rvo_movie{path, fps, {}, {}, {}}; });
}

int rvo_movie_add(rvo_movie *m, const unsigned char *jpeg, size_t len, int repeat, char *why) {
	*why = 0;
	return guard(int(RVO_ERROR), why, [&] {
		cv::Mat bytes(1, int(len), CV_8UC1, const_cast<unsigned char *>(jpeg));
		cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION, &m->picture);
		if (m->picture.empty()) {
			tell(why, "picture is not a JPEG file that OpenCV reads");
			return int(RVO_ERROR);
		}
		if (!m->writer.isOpened()) {
			rvo::Call call(nullptr, true);
			m->size = m->picture.size();
			if (m->size.width < 2 || m->size.height < 2) {
				tell(why, "pictures are smaller than 2x2");
				return int(RVO_ERROR);
			}
			if (!m->writer.open(m->path, cv::CAP_FFMPEG, cv::VideoWriter::fourcc('a', 'v', 'c', '1'), m->fps, m->size)) {
				tell(why, call.log.c_str());
				return int(RVO_NONE);
			}
		}
		if (m->picture.size() != m->size) {
			tell(why, "pictures differ in size");
			return int(RVO_ERROR);
		}
		for (int i = 0; i < repeat; i++) m->writer.write(m->picture);
		return int(RVO_OK);
	});
}

void rvo_movie_end(rvo_movie *m) {
	char why[RVO_WHY];
	guard(0, why, [&] {
		delete m;
		return 0;
	});
}
