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

// The result of one call of rvo_decode.
typedef struct {
	AVFrame *frame;   // the newest, owned by the caller. NULL: none came out
	int64_t pts;      // of frame; RVO_NO_TIME: unknown
	int damaged;      // frame has concealed errors, or was predicted from a frame that has
	int frames;       // that came out, frame included
	int damaged_frames; // with errors of their own
	int refused;      // packets that the decoder rejected
} rvo_decoded;

// rvo_params_new describes a track that libav did not demux. NULL: out of memory, or
// an unknown codec.
AVCodecParameters *rvo_params_new(const char *codec, const uint8_t *config, int config_size, int width, int height);
void rvo_params_free(AVCodecParameters *p);
AVCodecParameters *rvo_params_copy(const AVCodecParameters *p);

// rvo_decoder_new opens a decoder. accel is "none", "any", "vaapi" or "qsv";
// *accelerated tells whether that acceleration was available.
int rvo_decoder_new(const AVCodecParameters *p, const char *accel, rvo_decoder **out, int *accelerated);
// rvo_decode feeds units in order and keeps only the newest frame. With drain, the
// decoder outputs everything it holds and is then reset.
int rvo_decode(rvo_decoder *d, const rvo_unit *units, int n, int drain, rvo_decoded *out);
// rvo_decoder_drain returns the next frame that the decoder still holds at the end
// of a stream. When there is none left, the decoder is reset.
int rvo_decoder_drain(rvo_decoder *d, rvo_decoded *out);
// rvo_decoder_flush discards everything that the decoder holds.
void rvo_decoder_flush(rvo_decoder *d);
void rvo_decoder_free(rvo_decoder *d);

#endif
