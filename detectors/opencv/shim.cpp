//go:build cgo

#include "shim.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <numeric>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/objdetect.hpp>

namespace {

void tell(char *why, const char *text) { std::snprintf(why, RVO_WHY, "%s", text); }

// Runs f. A C++ exception is written to why and becomes -1.
template <class F> int guard(char *why, F f) noexcept {
	*why = 0;
	try {
		return f();
	} catch (const cv::Exception &e) {
		tell(why, e.err.empty() ? e.what() : e.err.c_str());
	} catch (const std::exception &e) {
		tell(why, e.what());
	} catch (...) {
		tell(why, "unknown C++ exception");
	}
	return -1;
}

cv::CascadeClassifier *cascade_of(void *p) { return static_cast<cv::CascadeClassifier *>(p); }

// Copies boxes to found, highest score first.
void hand_over(const std::vector<cv::Rect> &boxes, const std::vector<double> &scores, rvo_found *found) {
	std::vector<size_t> order(boxes.size());
	std::iota(order.begin(), order.end(), size_t(0));
	std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
	found->count = 0;
	for (size_t i : order) {
		if (found->count == RVO_BOXES) return;
		const cv::Rect &b = boxes[i];
		found->box[found->count++] = {b.x, b.y, b.width, b.height, scores[i]};
	}
}

} // namespace

int rvo_cascade_load(void *cascade, const char *path, char *why) {
	return guard(why, [&] {
		cv::CascadeClassifier *c = cascade_of(cascade);
		if (!c->load(path) || c->empty()) {
			tell(why, "not a cascade");
			return -1;
		}
		// A cascade that loads may still be unusable: try it on a small image.
		cv::Mat blank(64, 64, CV_8UC1, cv::Scalar(0));
		std::vector<cv::Rect> boxes;
		std::vector<int> levels;
		std::vector<double> scores;
		c->detectMultiScale(blank, boxes, levels, scores, 1.1, 3, 0, cv::Size(), cv::Size(), true);
		return 0;
	});
}

int rvo_cascade_find(void *cascade, void *gray, int min_size, rvo_found *found) {
	return guard(found->why, [&] {
		std::vector<cv::Rect> boxes;
		std::vector<int> levels;
		std::vector<double> scores;
		cv::Size least(min_size, min_size);
		cascade_of(cascade)->detectMultiScale(*static_cast<cv::Mat *>(gray), boxes, levels, scores, 1.1, 5, 0, least, cv::Size(), true);
		hand_over(boxes, scores, found);
		return 0;
	});
}

int rvo_hog_people(void *hog, char *why) {
	return guard(why, [&] {
		static_cast<cv::HOGDescriptor *>(hog)->setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
		return 0;
	});
}

int rvo_hog_find(void *hog, void *gray, double threshold, rvo_found *found) {
	return guard(found->why, [&] {
		std::vector<cv::Rect> boxes;
		std::vector<double> scores;
		auto *h = static_cast<cv::HOGDescriptor *>(hog);
		h->detectMultiScale(*static_cast<cv::Mat *>(gray), boxes, scores, threshold, cv::Size(8, 8), cv::Size(8, 8), 1.1, 0);
		hand_over(boxes, scores, found);
		return 0;
	});
}

void rvo_threads(int n) {
	char why[RVO_WHY];
	guard(why, [&] {
		cv::setNumThreads(n);
		return 0;
	});
}
