//go:build cgo

#include "decode.h"
#include "demux.h"

#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>
#include <string.h>

// Above this many pixels, one thread cannot keep up with a camera. Below it, frame
// threads would add delay and slice threads would disable error concealment.
#define RVO_THREADS_ABOVE (3840 * 2160)

// Nanoseconds for which frames predicted from a damaged one count as damaged when no
// key frame ends it. Intra refresh is assumed to have repaired it by then.
#define RVO_SPREAD 5000000000

struct rvo_decoder {
	AVCodecContext *codec;
	AVPacket *packet;
	AVFrame *frame;
	// Times of the first and the last damaged packet or frame since the last intact
	// key frame; RVO_NO_TIME: none.
	int64_t hurt, hurt_last;
	enum AVPixelFormat surface; // of hardware decoding; AV_PIX_FMT_NONE: software
};

static int key(const AVFrame *f) {
#ifdef AV_FRAME_FLAG_KEY
	return (f->flags & AV_FRAME_FLAG_KEY) != 0;
#else
	return f->key_frame;
#endif
}

static void hurt(rvo_decoder *d, int64_t at) {
	if (d->hurt == RVO_NO_TIME || at < d->hurt) d->hurt = at;
	if (d->hurt_last == RVO_NO_TIME || at > d->hurt_last) d->hurt_last = at;
}

static void heal(rvo_decoder *d) { d->hurt = d->hurt_last = RVO_NO_TIME; }

static int damaged(const AVFrame *f) { return f->decode_error_flags != 0 || (f->flags & AV_FRAME_FLAG_CORRUPT); }

// Reports whether a frame was predicted from a damaged one.
static int spread(rvo_decoder *d, const AVFrame *f, int64_t at) {
	if (d->hurt == RVO_NO_TIME || at == RVO_NO_TIME || at < d->hurt) return 0;
	if (at > d->hurt_last && (key(f) || at - d->hurt_last > RVO_SPREAD)) heal(d);
	return d->hurt != RVO_NO_TIME;
}

AVCodecParameters *rvo_params_copy(const AVCodecParameters *p) {
	AVCodecParameters *c = avcodec_parameters_alloc();
	if (c != NULL && avcodec_parameters_copy(c, p) < 0) avcodec_parameters_free(&c);
	return c;
}

AVCodecParameters *rvo_params_new(const char *codec, const uint8_t *config, int config_size, int width, int height) {
	const AVCodecDescriptor *desc = avcodec_descriptor_get_by_name(codec);
	AVCodecParameters *p = avcodec_parameters_alloc();
	if (desc == NULL || p == NULL) goto failed;
	p->codec_type = desc->type;
	p->codec_id = desc->id;
	p->width = width;
	p->height = height;
	if (config_size > 0) {
		p->extradata = av_mallocz(config_size + AV_INPUT_BUFFER_PADDING_SIZE);
		if (p->extradata == NULL) goto failed;
		memcpy(p->extradata, config, config_size);
		p->extradata_size = config_size;
	}
	return p;
failed:
	avcodec_parameters_free(&p);
	return NULL;
}

void rvo_params_free(AVCodecParameters *p) { avcodec_parameters_free(&p); }

static enum AVPixelFormat pick(AVCodecContext *codec, const enum AVPixelFormat *offered) {
	rvo_decoder *d = codec->opaque;
	for (const enum AVPixelFormat *f = offered; *f != AV_PIX_FMT_NONE; f++)
		if (*f == d->surface) return *f;
	return avcodec_default_get_format(codec, offered);
}

// Gives the decoder the first device of the wanted kind that the machine has.
static int accelerate(rvo_decoder *d, const AVCodec *codec, enum AVHWDeviceType wanted) {
	const AVCodecHWConfig *c;
	for (int i = 0; (c = avcodec_get_hw_config(codec, i)) != NULL; i++) {
		if (!(c->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX)) continue;
		if (wanted != AV_HWDEVICE_TYPE_NONE && c->device_type != wanted) continue;
		if (av_hwdevice_ctx_create(&d->codec->hw_device_ctx, c->device_type, NULL, NULL, 0) < 0) continue;
		d->surface = c->pix_fmt;
		d->codec->get_format = pick;
		d->codec->extra_hw_frames = 16; // frames that callers may hold
		return 1;
	}
	return 0;
}

static int try_open(const AVCodecParameters *p, const AVCodec *codec, const char *accel, rvo_decoder **out, int *accelerated) {
	rvo_decoder *d = av_mallocz(sizeof *d);
	if (d == NULL) return AVERROR(ENOMEM);
	d->surface = AV_PIX_FMT_NONE;
	heal(d);
	d->packet = av_packet_alloc();
	d->frame = av_frame_alloc();
	d->codec = avcodec_alloc_context3(codec);
	int err = AVERROR(ENOMEM);
	if (d->packet == NULL || d->frame == NULL || d->codec == NULL) goto failed;
	if ((err = avcodec_parameters_to_context(d->codec, p)) < 0) goto failed;
	d->codec->opaque = d;
	d->codec->pkt_timebase = (AVRational){1, 1000000000};
	d->codec->thread_count = 1;
	if ((int64_t)p->width * p->height > RVO_THREADS_ABOVE) {
		d->codec->thread_count = 4;
		d->codec->thread_type = FF_THREAD_FRAME;
	}
	*accelerated = 0;
	if (strcmp(accel, "none") != 0) {
		enum AVHWDeviceType wanted = strcmp(accel, "any") == 0 ? AV_HWDEVICE_TYPE_NONE : av_hwdevice_find_type_by_name(accel);
		*accelerated = accelerate(d, codec, wanted);
	}
	if ((err = avcodec_open2(d->codec, codec, NULL)) < 0) goto failed;
	*out = d;
	return 0;
failed:
	rvo_decoder_free(d);
	return err;
}

int rvo_decoder_new(const AVCodecParameters *p, const char *accel, rvo_decoder **out, int *accelerated) {
	const AVCodec *codec = avcodec_find_decoder(p->codec_id);
	if (codec == NULL) return AVERROR_DECODER_NOT_FOUND;
	if (strcmp(accel, "qsv") == 0) {
		char name[64];
		snprintf(name, sizeof name, "%s_qsv", avcodec_get_name(p->codec_id));
		const AVCodec *q = avcodec_find_decoder_by_name(name);
		if (q != NULL && try_open(p, q, accel, out, accelerated) == 0) {
			if (*accelerated) return 0;
			rvo_decoder_free(*out);
		}
		accel = "none";
	}
	return try_open(p, codec, accel, out, accelerated);
}

// Takes the next frame that is ready.
static int receive(rvo_decoder *d, rvo_decoded *out) {
	int err = avcodec_receive_frame(d->codec, d->frame);
	if (err < 0) return err;
	if (out->frame == NULL && (out->frame = av_frame_alloc()) == NULL) return AVERROR(ENOMEM);
	av_frame_unref(out->frame);
	av_frame_move_ref(out->frame, d->frame);
	out->frames++;
	out->pts = out->frame->best_effort_timestamp == AV_NOPTS_VALUE ? RVO_NO_TIME : out->frame->best_effort_timestamp;
	out->damaged = damaged(out->frame);
	out->damaged_frames += out->damaged;
	if (out->damaged && out->pts != RVO_NO_TIME) hurt(d, out->pts);
	out->damaged = out->damaged || spread(d, out->frame, out->pts);
	return 0;
}

// Takes every frame that is ready.
static int collect(rvo_decoder *d, rvo_decoded *out) {
	int err = 0;
	while (err >= 0) err = receive(d, out);
	return err;
}

static int feed(rvo_decoder *d, const AVPacket *packet, rvo_decoded *out) {
	for (int tries = 0; tries < 2; tries++) {
		int sent = avcodec_send_packet(d->codec, packet);
		if (sent == AVERROR_INVALIDDATA) out->refused++;
		int err = collect(d, out);
		if (err == AVERROR(ENOMEM)) return err;
		if (err == AVERROR_INVALIDDATA && sent != err) out->refused++;
		if (sent != AVERROR(EAGAIN)) return sent == AVERROR(ENOMEM) ? sent : 0;
	}
	return 0;
}

int rvo_decode(rvo_decoder *d, const rvo_unit *units, int n, int drain, rvo_decoded *out) {
	memset(out, 0, sizeof *out);
	out->pts = RVO_NO_TIME;
	int err = 0;
	for (int i = 0; i < n && err >= 0; i++) {
		const rvo_unit *u = &units[i];
		AVPacket *p = d->packet;
		p->data = (uint8_t *)u->data;
		p->size = u->size;
		p->pts = u->pts == RVO_NO_TIME ? AV_NOPTS_VALUE : u->pts;
		p->dts = u->dts == RVO_NO_TIME ? AV_NOPTS_VALUE : u->dts;
		p->flags = u->hidden ? AV_PKT_FLAG_DISCARD : 0;
		if (u->damaged && u->pts != RVO_NO_TIME) hurt(d, u->pts);
		err = feed(d, p, out);
	}
	if (drain && err >= 0) {
		err = feed(d, NULL, out);
		rvo_decoder_flush(d);
	}
	if (out->frame != NULL && (err < 0 || out->frames == 0)) av_frame_free(&out->frame);
	return err;
}

int rvo_decoder_drain(rvo_decoder *d, rvo_decoded *out) {
	memset(out, 0, sizeof *out);
	out->pts = RVO_NO_TIME;
	avcodec_send_packet(d->codec, NULL); // fails after the first call, which is fine
	int err = receive(d, out);
	if (err == AVERROR_INVALIDDATA) out->refused++;
	if (err < 0) rvo_decoder_flush(d);
	return err == AVERROR(ENOMEM) ? err : 0;
}

void rvo_decoder_flush(rvo_decoder *d) {
	avcodec_flush_buffers(d->codec);
	heal(d);
}

void rvo_decoder_free(rvo_decoder *d) {
	if (d == NULL) return;
	avcodec_free_context(&d->codec);
	if (d->packet != NULL) {
		d->packet->data = NULL;
		d->packet->size = 0;
	}
	av_packet_free(&d->packet);
	av_frame_free(&d->frame);
	av_free(d);
}
