//go:build cgo

#include "shim.h"

#include "guard.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

namespace {

// Returns the picture at its working width; into is reused where it is scaled.
cv::Mat at_work(const rvo_picture *p, cv::Mat &into) {
	cv::Mat whole(p->height, p->width, CV_8UC3, const_cast<unsigned char *>(p->pix));
	if (p->work_width <= 0 || p->work_width >= p->width) return whole;
	cv::Size size(p->work_width, std::max(1, int(int64_t(p->height) * p->work_width / p->width)));
	cv::resize(whole, into, size, 0, 0, cv::INTER_AREA);
	return into;
}

// Keeps boxes by falling score and leaves out those that are mostly inside one
// that is kept, or the other way round: detectors answer many times to one thing.
void keep(const std::vector<cv::Rect> &boxes, const std::vector<double> &scores, double overlap, rvo_found *found) {
	std::vector<size_t> order(boxes.size());
	std::iota(order.begin(), order.end(), size_t(0));
	std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
	found->count = 0;
	for (size_t i : order) {
		const cv::Rect &b = boxes[i];
		bool twice = false;
		for (int k = 0; k < found->count && !twice; k++) {
			const rvo_box &o = found->box[k];
			cv::Rect other(o.x, o.y, o.width, o.height);
			twice = (b & other).area() > overlap * std::min(b.area(), other.area());
		}
		if (twice) continue;
		if (found->count == RVO_BOXES) return;
		found->box[found->count++] = {b.x, b.y, b.width, b.height, scores[i]};
	}
}

} // namespace

struct rvo_cascade {
	cv::CascadeClassifier classifier;
	cv::Mat scaled, gray;
	std::vector<cv::Rect> boxes;
	std::vector<int> levels;
	std::vector<double> scores;
};

rvo_cascade *rvo_cascade_new(const char *path, char *why) {
	rvo_cascade *c = nullptr;
	bool ok = guard(false, why, [&] {
		c = new rvo_cascade;
		if (!c->classifier.load(path) || c->classifier.empty()) {
			tell(why, "not a cascade");
			return false;
		}
		// What loads may still be unusable; one small picture tells.
		cv::Mat blank(64, 64, CV_8UC1, cv::Scalar(0));
		c->classifier.detectMultiScale(blank, c->boxes, c->levels, c->scores, 1.1, 3, 0, cv::Size(), cv::Size(), true);
		return true;
	});
	if (ok) return c;
	rvo_cascade_free(c);
	return nullptr;
}

int rvo_cascade_detect(rvo_cascade *c, double min_size, rvo_call *call) {
	return guard(-1, call->why, [&] {
		rvo_found *found = &call->found;
		cv::Mat picture = at_work(&call->picture, c->scaled);
		cv::cvtColor(picture, c->gray, cv::COLOR_BGR2GRAY);
		cv::equalizeHist(c->gray, c->gray);
		int least = std::max(1, int(min_size * c->gray.rows + 0.5));
		c->classifier.detectMultiScale(c->gray, c->boxes, c->levels, c->scores, 1.1, 5, 0, cv::Size(least, least), cv::Size(), true);
		found->width = c->gray.cols;
		found->height = c->gray.rows;
		keep(c->boxes, c->scores, 0.5, found);
		return 0;
	});
}

void rvo_cascade_free(rvo_cascade *c) {
	char why[RVO_WHY];
	guard(0, why, [&] {
		delete c;
		return 0;
	});
}

struct rvo_hog {
	cv::HOGDescriptor hog;
	cv::Mat scaled, gray;
	std::vector<cv::Rect> boxes;
	std::vector<double> scores;
};

rvo_hog *rvo_hog_new(char *why) {
	return guard(static_cast<rvo_hog *>(nullptr), why, [&] {
		auto *h = new rvo_hog;
		try {
			h->hog.setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
		} catch (...) {
			delete h;
			throw;
		}
		return h;
	});
}

int rvo_hog_detect(rvo_hog *h, double threshold, rvo_call *call) {
	return guard(-1, call->why, [&] {
		rvo_found *found = &call->found;
		cv::Mat picture = at_work(&call->picture, h->scaled);
		found->count = 0;
		found->width = picture.cols;
		found->height = picture.rows;
		// A picture that the detector's window does not fit in has nobody in it.
		if (picture.cols < h->hog.winSize.width || picture.rows < h->hog.winSize.height) return 0;
		// In grey it finds as many people as in colour, in half the time.
		cv::cvtColor(picture, h->gray, cv::COLOR_BGR2GRAY);
		h->hog.detectMultiScale(h->gray, h->boxes, h->scores, threshold, cv::Size(8, 8), cv::Size(8, 8), 1.1, 0);
		keep(h->boxes, h->scores, 0.5, found);
		// The windows that the detector was taught with show a person with a
		// margin around; most of it is taken off.
		for (int i = 0; i < found->count; i++) {
			rvo_box &b = found->box[i];
			int dx = b.width / 6, dy = b.height / 12;
			b.x += dx;
			b.y += dy;
			b.width -= 2 * dx;
			b.height -= 2 * dy;
		}
		return 0;
	});
}

void rvo_hog_free(rvo_hog *h) {
	char why[RVO_WHY];
	guard(0, why, [&] {
		delete h;
		return 0;
	});
}

void rvo_threads(int n) {
	char why[RVO_WHY];
	guard(0, why, [&] {
		cv::setNumThreads(n);
		return 0;
	});
}
