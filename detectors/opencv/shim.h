//go:build cgo

// What gocv 0.31.0 cannot do:
//   - scores of cascades and HOG: it returns boxes alone
//   - loading a broken cascade: the exception aborts the process
//   - the people detector's coefficients: HOGDefaultPeopleDetector returns a Mat over
//     memory that is freed already
//   - the number of threads
// Every C++ exception is caught and turned into text. A function that takes why
// writes a terminated message of at most RVO_WHY bytes there when it fails.
#ifndef RVO_DETECTORS_OPENCV_SHIM_H
#define RVO_DETECTORS_OPENCV_SHIM_H

#ifdef __cplusplus
extern "C" {
#endif

enum { RVO_WHY = 512, RVO_BOXES = 1024 };

// What was found, in pixels, by falling score.
typedef struct {
	int x, y, width, height;
	double score;
} rvo_box;

typedef struct {
	int count; // of box; what is beyond RVO_BOXES is left out, the lowest scores first
	rvo_box box[RVO_BOXES];
	char why[RVO_WHY];
} rvo_found;

// Cascade, hog and gray are a cv::CascadeClassifier, a cv::HOGDescriptor and a
// cv::Mat of gocv's. 0: done.
int rvo_cascade_load(void *cascade, const char *path, char *why);
int rvo_cascade_find(void *cascade, void *gray, int min_size, rvo_found *found);
int rvo_hog_people(void *hog, char *why);
int rvo_hog_find(void *hog, void *gray, double threshold, rvo_found *found);
void rvo_threads(int n);

#ifdef __cplusplus
}
#endif

#endif
