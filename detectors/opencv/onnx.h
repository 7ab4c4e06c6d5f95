// The C side of the onnx detector: OpenCV's DNN module behind plain C, with every
// C++ exception turned into text.
#ifndef RVO_DETECTORS_OPENCV_ONNX_H
#define RVO_DETECTORS_OPENCV_ONNX_H

#include <stddef.h>

#include "shim.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RVO_OUTPUTS = 8, RVO_DIMS = 8 };

typedef struct {
	int x, y, width, height;
} rvo_rect;

// One output of a network. The numbers are the network's, until its next run.
typedef struct {
	int dims, shape[RVO_DIMS];
	const float *data;
	size_t count; // of data
} rvo_output;

// One run: the part of a picture that is shown to the network, where in the
// network's input it goes, how, and what comes out. It lives in C's memory.
typedef struct {
	rvo_picture picture;
	rvo_rect from, to;    // to: in the input; what it leaves free is grey
	int width, height;    // of the input
	int channels;         // of the input: 1 (grey) or 3
	int swap;             // red first
	double scale;         // after mean, which is in the order of the input, was taken off
	double mean[3];
	int outputs;          // of output; what is beyond RVO_OUTPUTS is left out
	rvo_output output[RVO_OUTPUTS];
	char why[RVO_WHY];
} rvo_run;

typedef struct rvo_net rvo_net;

// Reads a network from the bytes of a file, which it does not keep.
rvo_net *rvo_net_new(const char *model, size_t size, char *why);
int rvo_net_run(rvo_net *n, rvo_run *run); // 0: done
void rvo_net_free(rvo_net *n);

#ifdef __cplusplus
}
#endif

#endif
