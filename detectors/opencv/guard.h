// How C++ exceptions become text, for the C sides of this package.
#ifndef RVO_DETECTORS_OPENCV_GUARD_H
#define RVO_DETECTORS_OPENCV_GUARD_H

#include <cstdio>
#include <exception>

#include <opencv2/core.hpp>

#include "shim.h"

namespace {

void tell(char *why, const char *text) { std::snprintf(why, RVO_WHY, "%s", text); }

// Runs f; a C++ exception becomes text and the value bad.
template <class T, class F> T guard(T bad, char *why, F f) noexcept {
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
	return bad;
}

} // namespace

#endif
