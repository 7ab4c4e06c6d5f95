#include "mux.h"
#include "version.h"

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include <string.h>

#define NS ((AVRational){1, 1000000000})
#define VIDEO_BASE ((AVRational){1, 90000})

// Gaps in sound up to this are filled with silence; longer ones stay gaps.
#define MAX_SILENCE_SECONDS 10
// Smaller deviations of sound are timestamp jitter, not gaps.
#define SOUND_JITTER_MS 60

typedef struct {
	AVStream *st;
	int encode, max_width;
	int64_t step, due; // of encoded video, nanoseconds
	int64_t last_dts;
	AVPacket *held; // the last packet, in the time base of st, held until the next one gives its duration
	AVCodecContext *dec, *enc;
	struct SwsContext *sws;
	AVFrame *in, *out;
	int64_t last_pts;  // of encoded frames, in the time base of the encoder
	int64_t end;       // of the last decoded frame, in that time base
	int filled;        // samples in out
	int64_t next;      // when the next sample of sound is due, in samples
} track;

struct rvo_mux {
	AVFormatContext *ctx;
	AVPacket *pkt;
	track tracks[MAX_TRACKS];
	int started;
};

int rvo_mux_new(const char *path, rvo_mux **out) {
	rvo_mux *m = av_mallocz(sizeof(*m));
	if (!m) return AVERROR(ENOMEM);
	int err = avformat_alloc_output_context2(&m->ctx, NULL, "mp4", path);
	if (err >= 0) err = avio_open(&m->ctx->pb, path, AVIO_FLAG_WRITE);
	if (err >= 0 && !(m->pkt = av_packet_alloc())) err = AVERROR(ENOMEM);
	if (err < 0) {
		rvo_mux_end(m);
		return err;
	}
	*out = m;
	return 0;
}

// padded returns a copy with the padding that decoders and muxers require.
static uint8_t *padded(const uint8_t *data, int size) {
	uint8_t *p = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
	if (p) memcpy(p, data, size);
	return p;
}

static int set_extradata(AVCodecParameters *par, const uint8_t *config, int size) {
	if (size <= 0) return 0;
	if (!(par->extradata = padded(config, size))) return AVERROR(ENOMEM);
	par->extradata_size = size;
	return 0;
}

// opus_head makes the Opus header, which RTP does not carry.
static int opus_head(AVCodecParameters *par) {
	uint8_t head[19] = "OpusHead";
	head[8] = 1;
	head[9] = par->ch_layout.nb_channels;
	AV_WL32(head + 12, par->sample_rate);
	return set_extradata(par, head, sizeof(head));
}

// extract_config takes the parameter sets from a key packet, for sources that did not announce them.
static int extract_config(AVCodecParameters *par, AVPacket *pkt) {
	const AVBitStreamFilter *filter = av_bsf_get_by_name("extract_extradata");
	const enum AVCodecID *id = filter ? filter->codec_ids : NULL;
	while (id && *id != AV_CODEC_ID_NONE && *id != par->codec_id) id++;
	if (!id || *id == AV_CODEC_ID_NONE) return 0; // no parameter sets in this codec
	AVBSFContext *bsf = NULL;
	AVPacket *copy = av_packet_clone(pkt);
	int err = copy ? av_bsf_alloc(filter, &bsf) : AVERROR(ENOMEM);
	if (err >= 0) err = avcodec_parameters_copy(bsf->par_in, par);
	if (err >= 0) err = av_bsf_init(bsf);
	if (err >= 0) err = av_bsf_send_packet(bsf, copy);
	if (err >= 0) err = av_bsf_receive_packet(bsf, copy);
	if (err >= 0) {
		size_t size = 0;
		uint8_t *data = av_packet_get_side_data(copy, AV_PKT_DATA_NEW_EXTRADATA, &size);
		if (data) err = set_extradata(par, data, size);
	}
	av_bsf_free(&bsf);
	av_packet_free(&copy);
	return err;
}

static int put_packet(AVPacket *pkt, const uint8_t *data, int size) {
	int err = av_new_packet(pkt, size);
	if (err >= 0) memcpy(pkt->data, data, size);
	return err;
}

static AVCodecContext *open_decoder(const AVCodecParameters *par, int *err) {
	const AVCodec *codec = avcodec_find_decoder(par->codec_id);
	AVCodecContext *dec = codec ? avcodec_alloc_context3(codec) : NULL;
	if (!dec) {
		*err = codec ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
		return NULL;
	}
	*err = avcodec_parameters_to_context(dec, par);
	dec->thread_count = 1;
	dec->pkt_timebase = NS;
	if (*err >= 0) *err = avcodec_open2(dec, codec, NULL);
	if (*err < 0) avcodec_free_context(&dec);
	return dec;
}

// describe completes the parameters of a stream by decoding one packet into frame.
static int describe(AVCodecParameters *par, AVPacket *pkt, AVFrame *frame) {
	int err;
	AVCodecContext *dec = open_decoder(par, &err);
	if (!dec) return err;
	err = avcodec_send_packet(dec, pkt);
	if (err >= 0) err = avcodec_send_packet(dec, NULL);
	if (err >= 0) err = avcodec_receive_frame(dec, frame);
	if (err >= 0) {
		AVRational aspect = par->sample_aspect_ratio;
		err = avcodec_parameters_from_context(par, dec);
		if (aspect.num > 0) par->sample_aspect_ratio = aspect;
		par->codec_tag = 0;
	}
	avcodec_free_context(&dec);
	return err;
}

static int set_display(AVStream *st, int rotation, int mirror) {
	if (rotation % 360 == 0 && !mirror) return 0;
	int32_t *matrix;
#if RVO_SIDE_DATA_OF_PARAMETERS
	AVPacketSideData *side = av_packet_side_data_new(&st->codecpar->coded_side_data, &st->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t), 0);
	matrix = side ? (int32_t *)side->data : NULL;
#else
	matrix = (int32_t *)av_stream_new_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t));
#endif
	if (!matrix) return AVERROR(ENOMEM);
	// This function takes clockwise degrees, unlike av_display_rotation_get. A flip afterwards reverses the rotation.
	av_display_rotation_set(matrix, mirror ? -rotation : rotation);
	if (mirror) av_display_matrix_flip(matrix, 1, 0);
	return 0;
}

static int open_encoder(rvo_mux *m, track *t, AVCodecContext *enc, const AVCodec *codec, AVDictionary **options) {
	enc->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	enc->thread_count = 1;
	int err = avcodec_open2(enc, codec, options);
	if (err >= 0) err = avcodec_parameters_from_context(t->st->codecpar, enc);
	if (err >= 0) t->st->time_base = enc->time_base;
	if (err >= 0 && !(t->in = av_frame_alloc())) err = AVERROR(ENOMEM);
	if (err >= 0 && !(t->out = av_frame_alloc())) err = AVERROR(ENOMEM);
	return err;
}

// plain_format returns the format of a frame without its range, and whether the range is full.
static enum AVPixelFormat plain_format(const AVFrame *f, int *full) {
	*full = 1;
	switch (f->format) {
	case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
	case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
	case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
	case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
	}
	*full = f->color_range == AVCOL_RANGE_JPEG;
	return f->format;
}

static int open_video_encoder(rvo_mux *m, track *t, const AVFrame *first) {
	const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
	if (!codec) codec = avcodec_find_encoder(AV_CODEC_ID_H264);
	if (!codec) return AVERROR_ENCODER_NOT_FOUND;
	AVCodecContext *enc = t->enc = avcodec_alloc_context3(codec);
	if (!enc) return AVERROR(ENOMEM);
	enc->width = first->width;
	enc->height = first->height;
	if (t->max_width > 0 && enc->width > t->max_width) {
		enc->height = av_rescale(enc->height, t->max_width, enc->width);
		enc->width = t->max_width;
	}
	enc->width = FFMAX(enc->width & ~1, 2); // 4:2:0 has no odd sizes
	enc->height = FFMAX(enc->height & ~1, 2);
	enc->pix_fmt = AV_PIX_FMT_YUV420P;
	enc->sample_aspect_ratio = first->sample_aspect_ratio;
	enc->color_range = AVCOL_RANGE_MPEG;
	enc->colorspace = first->colorspace == AVCOL_SPC_RGB ? AVCOL_SPC_UNSPECIFIED : first->colorspace;
	enc->color_primaries = first->color_primaries;
	enc->color_trc = first->color_trc;
	enc->time_base = VIDEO_BASE;
	enc->framerate = (AVRational){30, 1}; // only a hint for rate control: intervals vary
	enc->gop_size = 60;
	enc->max_b_frames = 0;
	AVDictionary *options = NULL;
	av_dict_set(&options, "preset", "veryfast", 0);
	av_dict_set(&options, "crf", "23", 0);
	int err = open_encoder(m, t, enc, codec, &options);
	av_dict_free(&options);
	return err;
}

static int open_sound_encoder(rvo_mux *m, track *t) {
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
	if (!codec) return AVERROR_ENCODER_NOT_FOUND;
	AVCodecContext *enc = t->enc = avcodec_alloc_context3(codec);
	if (!enc) return AVERROR(ENOMEM);
	enc->sample_rate = t->dec->sample_rate;
	enc->sample_fmt = AV_SAMPLE_FMT_FLTP;
	enc->bit_rate = 48000 * t->dec->ch_layout.nb_channels;
	enc->time_base = (AVRational){1, enc->sample_rate};
	int err = av_channel_layout_copy(&enc->ch_layout, &t->dec->ch_layout);
	if (err >= 0) err = open_encoder(m, t, enc, codec, NULL);
	if (err < 0) return err;
	t->next = AV_NOPTS_VALUE;
	t->out->nb_samples = enc->frame_size;
	t->out->format = enc->sample_fmt;
	err = av_channel_layout_copy(&t->out->ch_layout, &enc->ch_layout);
	return err < 0 ? err : av_frame_get_buffer(t->out, 0);
}

static int add_track(rvo_mux *m, track *t, const char *codec, const uint8_t *config, int config_size, const rvo_track *want) {
	const AVCodecDescriptor *desc = avcodec_descriptor_get_by_name(codec);
	AVFrame *frame = av_frame_alloc();
	if (!desc || !frame) {
		av_frame_free(&frame);
		return desc ? AVERROR(ENOMEM) : AVERROR_DECODER_NOT_FOUND;
	}
	AVCodecParameters *par = t->st->codecpar;
	par->codec_type = desc->type;
	par->codec_id = desc->id;
	t->encode = want->encode;
	t->max_width = want->max_width;
	t->step = want->step_ns;
	t->last_dts = t->last_pts = t->due = INT64_MIN;
	int err = set_extradata(par, config, config_size);
	if (err >= 0 && desc->type == AVMEDIA_TYPE_VIDEO) {
		t->st->time_base = VIDEO_BASE;
		par->width = want->width;
		par->height = want->height;
		if (want->aspect_num > 0 && want->aspect_den > 0) par->sample_aspect_ratio = (AVRational){want->aspect_num, want->aspect_den};
		if (!par->extradata) err = extract_config(par, m->pkt);
		if (err >= 0) err = describe(par, m->pkt, frame);
		if (err < 0 && !t->encode && par->width > 0 && par->extradata) err = 0; // a damaged frame: use the parameters of the source
		t->st->sample_aspect_ratio = par->sample_aspect_ratio;
		if (par->color_space == AVCOL_SPC_UNSPECIFIED && want->matrix > 0) {
			par->color_primaries = frame->color_primaries = want->primaries > 0 ? want->primaries : AVCOL_PRI_UNSPECIFIED;
			par->color_trc = frame->color_trc = want->transfer > 0 ? want->transfer : AVCOL_TRC_UNSPECIFIED;
			par->color_space = frame->colorspace = want->matrix;
			if (want->full_range) par->color_range = AVCOL_RANGE_JPEG;
		}
		if (err >= 0 && t->encode) {
			if (!(t->dec = open_decoder(par, &err))) goto end;
			err = open_video_encoder(m, t, frame);
		}
		if (err >= 0) err = set_display(t->st, want->rotation, want->mirror);
	} else if (err >= 0) {
		par->sample_rate = want->sample_rate;
		av_channel_layout_default(&par->ch_layout, FFMAX(want->channels, 1));
		t->st->time_base = (AVRational){1, par->sample_rate};
		if (par->codec_id == AV_CODEC_ID_AAC) par->frame_size = 1024;
		if (par->codec_id == AV_CODEC_ID_OPUS && !par->extradata) err = opus_head(par);
		if (err >= 0 && t->encode) {
			if (!(t->dec = open_decoder(par, &err))) goto end;
			err = open_sound_encoder(m, t);
		}
	}
end:
	av_frame_free(&frame);
	return err;
}

int rvo_mux_add(rvo_mux *m, const char *codec, const uint8_t *config, int config_size, const uint8_t *first, int first_size, const rvo_track *want) {
	if (m->ctx->nb_streams == MAX_TRACKS) return AVERROR(EINVAL);
	int n = m->ctx->nb_streams;
	track *t = &m->tracks[n];
	if (!(t->st = avformat_new_stream(m->ctx, NULL)) || !(t->held = av_packet_alloc())) return AVERROR(ENOMEM);
	int err = put_packet(m->pkt, first, first_size);
	if (err >= 0) {
		m->pkt->flags = AV_PKT_FLAG_KEY;
		err = add_track(m, t, codec, config, config_size, want);
	}
	av_packet_unref(m->pkt);
	return err < 0 ? err : n;
}

int rvo_mux_start(rvo_mux *m) {
	AVDictionary *options = NULL;
	av_dict_set(&options, "movflags", "frag_keyframe+delay_moov+default_base_moof", 0);
	av_dict_set(&options, "frag_duration", "1000000", 0);
	av_dict_set(&options, "use_editlist", "1", 0);
	av_dict_set(&options, "avoid_negative_ts", "disabled", 0);
	av_dict_set(&options, "flush_packets", "1", 0);
	int err = avformat_write_header(m->ctx, &options);
	av_dict_free(&options);
	m->started = err >= 0;
	return err;
}

// write_held writes the held packet. Its duration must be exact: FFmpeg starts the next fragment where this packet ends.
static int write_held(rvo_mux *m, track *t) {
	if (!t->held->data) return 0;
	int err = av_write_frame(m->ctx, t->held);
	if (err >= 0 && m->ctx->pb->error < 0) err = m->ctx->pb->error;
	av_packet_unref(t->held);
	return err;
}

// put holds m->pkt, whose times are in base, and writes the packet held before.
static int put(rvo_mux *m, track *t, AVRational base) {
	AVPacket *pkt = m->pkt;
	pkt->stream_index = t->st->index;
	av_packet_rescale_ts(pkt, base, t->st->time_base);
	// MP4 requires increasing decoding times. Correct a source that repeats one rather than lose the clip.
	if (t->last_dts != INT64_MIN && pkt->dts <= t->last_dts) pkt->dts = t->last_dts + 1;
	if (pkt->pts < pkt->dts) pkt->pts = pkt->dts;
	t->last_dts = pkt->dts;
	if (t->held->data) t->held->duration = pkt->dts - t->held->dts;
	int err = write_held(m, t);
	av_packet_move_ref(t->held, pkt);
	return err;
}

// encode encodes a frame and writes the resulting packets. NULL drains the encoder.
static int encode(rvo_mux *m, track *t, const AVFrame *frame) {
	int err = avcodec_send_frame(t->enc, frame);
	while (err >= 0) {
		err = avcodec_receive_packet(t->enc, m->pkt);
		if (err == AVERROR(EAGAIN) || err == AVERROR_EOF) return 0;
		if (err >= 0 && t->enc->codec_type == AVMEDIA_TYPE_VIDEO && m->pkt->pts == t->last_pts) m->pkt->duration = FFMAX(0, t->end - t->last_pts);
		if (err >= 0) err = put(m, t, t->enc->time_base);
	}
	return err;
}

static int encode_video(rvo_mux *m, track *t) {
	AVFrame *in = t->in, *out = t->out;
	AVCodecContext *enc = t->enc;
#if LIBAVUTIL_VERSION_MAJOR >= 58
	int64_t duration = in->duration;
#else
	int64_t duration = in->pkt_duration;
#endif
	// A skipped frame lengthens the one before.
	t->end = av_rescale_q(in->pts + duration, NS, enc->time_base);
	// With half an interval of tolerance, a source of exactly that rate keeps all its frames.
	if (t->step > 0 && t->due != INT64_MIN && in->pts < t->due - t->step / 2) return 0;
	if (t->step > 0) t->due = t->due == INT64_MIN || in->pts > t->due + t->step ? in->pts + t->step : t->due + t->step;
	int full;
	enum AVPixelFormat format = plain_format(in, &full);
	t->sws = sws_getCachedContext(t->sws, in->width, in->height, format, enc->width, enc->height, enc->pix_fmt, SWS_BICUBIC, NULL, NULL, NULL);
	if (!t->sws) return AVERROR(EINVAL);
	const int *matrix = sws_getCoefficients(in->colorspace == AVCOL_SPC_RGB ? SWS_CS_DEFAULT : in->colorspace);
	sws_setColorspaceDetails(t->sws, matrix, full, matrix, 0, 0, 1 << 16, 1 << 16);
	if (!out->buf[0]) {
		out->width = enc->width;
		out->height = enc->height;
		out->format = enc->pix_fmt;
		out->color_range = enc->color_range;
		int err = av_frame_get_buffer(out, 0);
		if (err < 0) return err;
	}
	int err = av_frame_make_writable(out);
	if (err < 0) return err;
	sws_scale(t->sws, (const uint8_t *const *)in->data, in->linesize, 0, in->height, out->data, out->linesize);
	out->pts = av_rescale_q(in->pts, NS, enc->time_base);
	if (t->last_pts != INT64_MIN && out->pts <= t->last_pts) out->pts = t->last_pts + 1;
	t->last_pts = out->pts;
	return encode(m, t, out);
}

// sample_of returns one sample of one channel, from -1 to 1.
static float sample_of(const AVFrame *f, int at, int channel) {
	int n = at * f->ch_layout.nb_channels + channel;
	switch (f->format) {
	case AV_SAMPLE_FMT_S16: return ((const int16_t *)f->data[0])[n] / 32768.0f;
	case AV_SAMPLE_FMT_S32: return ((const int32_t *)f->data[0])[n] / 2147483648.0f;
	case AV_SAMPLE_FMT_FLT: return ((const float *)f->data[0])[n];
	case AV_SAMPLE_FMT_S16P: return ((const int16_t *)f->extended_data[channel])[at] / 32768.0f;
	case AV_SAMPLE_FMT_S32P: return ((const int32_t *)f->extended_data[channel])[at] / 2147483648.0f;
	case AV_SAMPLE_FMT_FLTP: return ((const float *)f->extended_data[channel])[at];
	}
	return 0; // no camera codec uses the other formats
}

// push_sample appends one sample per channel, or silence if in is NULL, and encodes the frame when it is full.
static int push_sample(rvo_mux *m, track *t, const AVFrame *in, int at) {
	AVFrame *out = t->out;
	for (int c = 0; c < t->enc->ch_layout.nb_channels; c++) ((float *)out->extended_data[c])[t->filled] = in ? sample_of(in, at, c) : 0;
	t->next++;
	if (++t->filled < t->enc->frame_size) return 0;
	out->pts = t->next - t->filled;
	t->filled = 0;
	int err = encode(m, t, out);
	return err < 0 ? err : av_frame_make_writable(out);
}

static int encode_sound(rvo_mux *m, track *t) {
	AVFrame *in = t->in;
	if (in->ch_layout.nb_channels != t->enc->ch_layout.nb_channels) return AVERROR_INVALIDDATA;
	int64_t rate = t->enc->sample_rate, at = av_rescale_q(in->pts, NS, t->enc->time_base);
	if (t->next == AV_NOPTS_VALUE) t->next = at;
	int64_t gap = at - t->next;
	int skip = 0, err = 0;
	if (gap > MAX_SILENCE_SECONDS * rate && t->filled == 0) {
		t->next = at;
	} else if (gap > SOUND_JITTER_MS * rate / 1000) {
		for (gap = FFMIN(gap, MAX_SILENCE_SECONDS * rate); gap > 0 && err >= 0; gap--) err = push_sample(m, t, NULL, 0);
	} else if (gap < -SOUND_JITTER_MS * rate / 1000) {
		skip = FFMIN(-gap, in->nb_samples); // already encoded
	}
	for (int i = skip; i < in->nb_samples && err >= 0; i++) err = push_sample(m, t, in, i);
	return err;
}

// transcode decodes m->pkt and encodes the frames. An empty packet drains the decoder.
static int transcode(rvo_mux *m, track *t) {
	int err = avcodec_send_packet(t->dec, m->pkt->data ? m->pkt : NULL);
	av_packet_unref(m->pkt);
	if (err == AVERROR_INVALIDDATA) return 0; // a damaged packet: skip it
	while (err >= 0) {
		err = avcodec_receive_frame(t->dec, t->in);
		if (err == AVERROR(EAGAIN) || err == AVERROR_EOF) return 0;
		if (err == AVERROR_INVALIDDATA) {
			err = 0;
			continue;
		}
		if (err < 0) break;
		err = t->enc->codec_type == AVMEDIA_TYPE_VIDEO ? encode_video(m, t) : encode_sound(m, t);
		av_frame_unref(t->in);
	}
	return err;
}

int rvo_mux_write(rvo_mux *m, int n, const uint8_t *data, int size, int64_t pts, int64_t dts, int64_t duration, int key) {
	track *t = &m->tracks[n];
	int err = put_packet(m->pkt, data, size);
	if (err < 0) return err;
	m->pkt->pts = pts;
	m->pkt->dts = dts;
	m->pkt->duration = duration;
	m->pkt->flags = key ? AV_PKT_FLAG_KEY : 0;
	return t->encode ? transcode(m, t) : put(m, t, NS);
}

// drain writes what decoders, encoders and tracks still hold. Sound that does not fill a last AAC frame is left out:
// padding it would make the movie too long.
static int drain(rvo_mux *m) {
	int first = 0;
	for (unsigned i = 0; i < m->ctx->nb_streams; i++) {
		track *t = &m->tracks[i];
		int err = t->encode ? transcode(m, t) : 0;
		if (err >= 0 && t->encode) err = encode(m, t, NULL);
		if (err >= 0) err = write_held(m, t);
		if (err < 0 && first == 0) first = err;
	}
	return first;
}

int rvo_mux_end(rvo_mux *m) {
	int err = 0;
	if (m->started) {
		err = drain(m);
		int bad = av_write_trailer(m->ctx);
		if (err >= 0) err = bad;
		if (err >= 0 && m->ctx->pb->error < 0) err = m->ctx->pb->error;
	}
	for (int i = 0; i < MAX_TRACKS; i++) {
		track *t = &m->tracks[i];
		avcodec_free_context(&t->dec);
		avcodec_free_context(&t->enc);
		sws_freeContext(t->sws);
		av_frame_free(&t->in);
		av_frame_free(&t->out);
		av_packet_free(&t->held);
	}
	av_packet_free(&m->pkt);
	if (m->ctx) {
		int bad = avio_closep(&m->ctx->pb);
		if (err >= 0) err = bad;
		avformat_free_context(m->ctx);
	}
	av_free(m);
	return err < 0 ? err : 0;
}
