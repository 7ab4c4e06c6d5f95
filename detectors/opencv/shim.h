//go:build cgo

// The C side of this package: OpenCV's cascade and HOG detectors with every C++
// exception caught and turned into text. Every function that takes why writes a
// terminated message of at most RVO_WHY bytes there when it fails.
#ifndef RVO_DETECTORS_OPENCV_SHIM_H
#define RVO_DETECTORS_OPENCV_SHIM_H

#ifdef __cplusplus
extern "C" {
#endif

enum { RVO_WHY = 512, RVO_BOXES = 256 };

// What was found, in pixels of the picture as it was looked at.
typedef struct {
	int x, y, width, height;
	double score;
} rvo_box;

typedef struct {
	int count;         // of box; what is beyond RVO_BOXES is left out, the lowest scores first
	int width, height; // of the picture as it was looked at
	rvo_box box[RVO_BOXES];
} rvo_found;

// A picture: packed BGR, and the width that it is scaled down to, 0 or more than
// its own: as it is.
typedef struct {
	const unsigned char *pix;
	int width, height, work_width;
} rvo_picture;

// One call: what is looked at, what is found in it, and why it failed. It lives
// in C's memory.
typedef struct {
	rvo_picture picture;
	rvo_found found;
	char why[RVO_WHY];
} rvo_call;

typedef struct rvo_cascade rvo_cascade;
typedef struct rvo_hog rvo_hog;

rvo_cascade *rvo_cascade_new(const char *path, char *why);
// Finds what is at least min_size of the picture's height. 0: done.
int rvo_cascade_detect(rvo_cascade *c, double min_size, rvo_call *call);
void rvo_cascade_free(rvo_cascade *c);

rvo_hog *rvo_hog_new(char *why);
// Finds standing people whose score is at least threshold, each once. 0: done.
int rvo_hog_detect(rvo_hog *h, double threshold, rvo_call *call);
void rvo_hog_free(rvo_hog *h);

void rvo_threads(int n);

#ifdef __cplusplus
}
#endif

#endif
