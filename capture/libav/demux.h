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

// What a track is, as the container says. params lives as long as the demuxer.
typedef struct {
	const AVCodecParameters *params; // after the bitstream filter: Annex B
	int rotation, mirror;            // for display, clockwise
	int64_t interval_ns;             // between frames at the nominal rate, 0: unknown
	int64_t frames;                  // that the header promises, 0: unknown
	int64_t length_ns;               // of the track, that the header promises, 0: unknown
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

// rvo_demux_new returns a demuxer that is to be opened, NULL without memory. With
// a fetcher, a cgo handle, everything that it opens is read through Go.
rvo_demux *rvo_demux_new(uintptr_t fetcher);
// rvo_demux_open opens url. options are keys and values in turn, ended by NULL.
int rvo_demux_open(rvo_demux *d, const char *url, const char **options);
// rvo_demux_tracks fills in at most max tracks that can be used and returns how
// many those are. Indexes in it are those of packets.
int rvo_demux_tracks(rvo_demux *d, rvo_track_info *out, int max);
// rvo_demux_mute drops a track before it is parsed.
void rvo_demux_mute(rvo_demux *d, int track);
int rvo_demux_read(rvo_demux *d, rvo_packet *out);
// rvo_demux_endless tells whether nothing says how long the input is.
int rvo_demux_endless(rvo_demux *d);
// rvo_demux_stop makes calls under way in other threads return soon.
void rvo_demux_stop(rvo_demux *d);
// rvo_demux_log returns the warnings of the last call.
const char *rvo_demux_log(rvo_demux *d);
void rvo_demux_free(rvo_demux *d);

// rvo_log_begin collects what libav logs in this thread in buf, of RVO_LOG bytes,
// until rvo_log_end. quiet keeps it from standard error.
void rvo_log_begin(char *buf, int quiet);
void rvo_log_end(void);
// rvo_log_install routes libav's log. Calls after the first do nothing.
void rvo_log_install(void);

#endif
