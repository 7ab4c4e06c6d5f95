// What differs between the versions of FFmpeg that are built with: 5.1, 6.1 and 7.1.
#ifndef RVO_VERSION_H
#define RVO_VERSION_H

#include <libavcodec/version.h>

// From 6.1 on, the display matrix of a track is with the parameters of its codec, and before with its stream.
#define RVO_SIDE_DATA_OF_PARAMETERS (LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100))

#endif
