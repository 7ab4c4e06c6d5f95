//go:build cgo

// The C side of this package: the few OpenCV calls that it needs, with every C++
// exception caught and turned into text. Every function that takes why writes a
// terminated message of at most RVO_WHY bytes there when it fails; nothing in
// the messages is fit for a log before passwords are taken out.
#ifndef RVO_CAPTURE_OPENCV_SHIM_H
#define RVO_CAPTURE_OPENCV_SHIM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RVO_WHY = 1024 };

enum {
	RVO_OK = 0,
	RVO_NONE = 1,    // no picture: the end, a timeout, a broken connection
	RVO_RESIZED = 2, // the picture has another size than asked for
	RVO_ERROR = -1,  // an exception, or something that OpenCV does not support
};

typedef struct rvo_capture rvo_capture;

typedef struct {
	int device;        // number of a local device; below 0: uri
	const char *uri;   // what FFmpeg opens
	const char *transport; // of a camera: tcp or udp
	int open_ms;       // FFmpeg alone
	int read_ms;       // FFmpeg alone
	int accel;         // FFmpeg alone: cv::VideoAccelerationType
	int width, height; // devices alone: asked for; 0: the device's own
	double fps;        // devices alone
	int fourcc;        // devices alone
} rvo_options;

typedef struct {
	int width, height;
	double fps;    // nominal, may be 0
	double frames; // of a file, as its header says; may be 0 or less
	int accel;     // what decodes: cv::VideoAccelerationType
} rvo_info;

// Makes a capture that is not open; live: a camera. NULL: no memory.
rvo_capture *rvo_new(int live, char *why);
// Opens it, once: RVO_OK, RVO_NONE with what FFmpeg logged, RVO_ERROR.
int rvo_open(rvo_capture *c, const rvo_options *options, rvo_info *info, char *why);
// Makes an opening or a grab that FFmpeg is at return soon, and all later ones at
// once. The only function that another thread may call meanwhile.
void rvo_stop(rvo_capture *c);
// Waits for the next picture: RVO_OK with its presentation time (NaN: it has none), RVO_NONE, RVO_ERROR.
int rvo_grab(rvo_capture *c, double *pts_ms, char *why);
// Writes the picture of the last grab, which is width x height, as out_width x
// out_height packed BGR to dst. RVO_RESIZED: it is not; *width and *height then
// say what it is, dst is untouched, and the next call gets the same picture.
int rvo_retrieve(rvo_capture *c, unsigned char *dst, int *width, int *height, int out_width, int out_height, char *why);
void rvo_close(rvo_capture *c);

typedef struct rvo_movie rvo_movie;

// Begins an H.264 file at path; the size of its pictures is that of the first one.
rvo_movie *rvo_movie_new(const char *path, double fps, char *why);
// Writes one JPEG picture repeat times.
int rvo_movie_add(rvo_movie *m, const unsigned char *jpeg, size_t len, int repeat, char *why);
// Ends the file, which is when its index is written, and frees the movie.
void rvo_movie_end(rvo_movie *m);

#ifdef __cplusplus
}
#endif

#endif
