// Reading packets out of files and network streams. Functions that can fail
// return a negative AVERROR.
#ifndef RVO_DEMUX_H
#define RVO_DEMUX_H

#include <libavcodec/codec_par.h>
#include <stdint.h>

#define RVO_NO_TIME INT64_MIN
#define RVO_MAX_TRACKS 16
#define RVO_LOG 2000

typedef struct rvo_demux rvo_demux;

// A track as the container describes it. params lives as long as the demuxer.
typedef struct {
	const AVCodecParameters *params; // after the bitstream filter: Annex B
	int rotation, mirror;            // for display, clockwise
	int64_t interval_ns;             // between frames at the nominal rate, 0: unknown
	int64_t frames;                  // according to the header, 0: unknown
	int64_t length_ns;               // according to the header, 0: unknown
	int channels;
	int default_track;
} rvo_track_info;

// One packet. data is valid until the next rvo_demux_read.
typedef struct {
	const uint8_t *data;
	int size, track, key, hidden, damaged;
	int changed;        // the parameters of the track have changed
	int64_t pts, dts, duration; // nanoseconds; RVO_NO_TIME: none
} rvo_packet;

// rvo_demux_new returns a demuxer that is not open yet, or NULL when out of memory.
// With a fetcher (a cgo handle), it reads everything through Go.
rvo_demux *rvo_demux_new(uintptr_t fetcher);
// rvo_demux_open opens url. options is a list of key, value, key, value … NULL.
int rvo_demux_open(rvo_demux *d, const char *url, const char **options);
// rvo_demux_tracks fills in at most max tracks and returns their number. A packet's
// track is an index into them. params is NULL for a track that cannot be used.
int rvo_demux_tracks(rvo_demux *d, rvo_track_info *out, int max);
// rvo_demux_mute drops a track before it is parsed.
void rvo_demux_mute(rvo_demux *d, int track);
int rvo_demux_read(rvo_demux *d, rvo_packet *out);
// rvo_demux_endless reports whether the input has no known length.
int rvo_demux_endless(rvo_demux *d);
// rvo_demux_stop makes calls in other threads return soon.
void rvo_demux_stop(rvo_demux *d);
// rvo_demux_log returns the warnings of the last call.
const char *rvo_demux_log(rvo_demux *d);
void rvo_demux_free(rvo_demux *d);

// rvo_log_begin collects in buf, of RVO_LOG bytes, what libav logs in this thread
// until rvo_log_end. With quiet, it does not go to standard error as well.
void rvo_log_begin(char *buf, int quiet);
void rvo_log_end(void);
// rvo_log_install sets the log callback of the process. Calling it again is harmless.
void rvo_log_install(void);

#endif
