//go:build cgo

// What gocv 0.31.0 cannot do:
//   - return the scores of cascades and HOG, not just boxes
//   - load a broken cascade without aborting the process
//   - set the coefficients of the people detector: HOGDefaultPeopleDetector returns
//     a Mat over freed memory
//   - set the number of threads
// No C++ exception leaves these functions. One that takes why (or found) returns -1 on
// failure and writes a message of at most RVO_WHY bytes there, terminator included.
#ifndef RVO_DETECTORS_OPENCV_SHIM_H
#define RVO_DETECTORS_OPENCV_SHIM_H

#ifdef __cplusplus
extern "C" {
#endif

enum { RVO_WHY = 512, RVO_BOXES = 1024 };

// A box in pixels, and its score.
typedef struct {
	int x, y, width, height;
	double score;
} rvo_box;

typedef struct {
	int count; // of box, by falling score; beyond RVO_BOXES, those with the lowest scores are left out
	rvo_box box[RVO_BOXES];
	char why[RVO_WHY];
} rvo_found;

// cascade, hog and gray point to gocv's cv::CascadeClassifier, cv::HOGDescriptor and
// cv::Mat. 0 is success.
int rvo_cascade_load(void *cascade, const char *path, char *why);
int rvo_cascade_find(void *cascade, void *gray, int min_size, rvo_found *found);
int rvo_hog_people(void *hog, char *why);
int rvo_hog_find(void *hog, void *gray, double threshold, rvo_found *found);
void rvo_threads(int n);

#ifdef __cplusplus
}
#endif

#endif
