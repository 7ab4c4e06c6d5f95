// Differences between the supported versions of FFmpeg: 5.1, 6.1 and 7.1.
#ifndef RVO_VERSION_H
#define RVO_VERSION_H

#include <libavcodec/version.h>

// Since 6.1, the display matrix is stored in the codec parameters; before, in the stream.
#define RVO_SIDE_DATA_OF_PARAMETERS (LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100))

#endif
