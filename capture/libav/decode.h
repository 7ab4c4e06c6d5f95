// Decoding packets into frames. Functions that can fail return a negative AVERROR.
#ifndef RVO_DECODE_H
#define RVO_DECODE_H

#include <libavcodec/avcodec.h>
#include <stdint.h>

typedef struct rvo_decoder rvo_decoder;

// One packet for a decoder; times as in demux.h.
typedef struct {
	const uint8_t *data;
	int size, hidden, damaged;
	int64_t pts, dts;
} rvo_unit;

// What a call of rvo_decode did.
typedef struct {
	AVFrame *frame;   // the newest; the caller's. NULL: none came out
	int64_t pts;      // of it, RVO_NO_TIME: unknown
	int damaged;      // it has errors that were concealed, or comes of a frame that has
	int frames;       // that came out, it included
	int damaged_frames; // that have errors themselves
	int refused;      // packets that the decoder could make nothing of
} rvo_decoded;

// rvo_params_new describes a track of a source that is none of libav's.
AVCodecParameters *rvo_params_new(const char *codec, const uint8_t *config, int config_size, int width, int height);
void rvo_params_free(AVCodecParameters *p);
AVCodecParameters *rvo_params_copy(const AVCodecParameters *p);

// rvo_decoder_new opens a decoder. accel is "none", "any", "vaapi" or "qsv";
// accelerated says whether it was to be had.
int rvo_decoder_new(const AVCodecParameters *p, const char *accel, rvo_decoder **out, int *accelerated);
// rvo_decode feeds units in turn and keeps the newest frame that comes out. With
// drain, everything that was fed comes out, and the decoder begins anew.
int rvo_decode(rvo_decoder *d, const rvo_unit *units, int n, int drain, rvo_decoded *out);
// rvo_decoder_drain returns the next frame that is held back, at the end of a
// stream. Once there is none, the decoder begins anew.
int rvo_decoder_drain(rvo_decoder *d, rvo_decoded *out);
// rvo_decoder_flush forgets everything that was fed.
void rvo_decoder_flush(rvo_decoder *d);
void rvo_decoder_free(rvo_decoder *d);

#endif
