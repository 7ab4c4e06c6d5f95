#include "mux.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libswscale/swscale.h>

struct rvo_frames {
	AVFormatContext *in;
	AVCodecContext *dec, *jpeg;
	struct SwsContext *sws;
	AVFrame *frame, *scaled;
	AVPacket *pkt;
	int stream, max_width, ended;
};

int rvo_frames_open(const char *path, int max_width, rvo_frames **out) {
	rvo_frames *f = av_mallocz(sizeof(*f));
	if (!f) return AVERROR(ENOMEM);
	const AVCodec *codec = NULL;
	f->max_width = max_width;
	f->frame = av_frame_alloc();
	f->scaled = av_frame_alloc();
	f->pkt = av_packet_alloc();
	int err = f->frame && f->scaled && f->pkt ? avformat_open_input(&f->in, path, NULL, NULL) : AVERROR(ENOMEM);
	if (err >= 0) err = f->stream = av_find_best_stream(f->in, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
	if (err >= 0 && !(f->dec = avcodec_alloc_context3(codec))) err = AVERROR(ENOMEM);
	if (err >= 0) err = avcodec_parameters_to_context(f->dec, f->in->streams[f->stream]->codecpar);
	if (err >= 0) {
		f->dec->thread_count = 1;
		f->dec->pkt_timebase = f->in->streams[f->stream]->time_base;
		err = avcodec_open2(f->dec, codec, NULL);
	}
	if (err < 0) {
		rvo_frames_close(f);
		return err;
	}
	*out = f;
	return 0;
}

// decode_next leaves the next frame that is shown in f->frame.
static int decode_next(rvo_frames *f) {
	for (;;) {
		int err = avcodec_receive_frame(f->dec, f->frame);
		if (err >= 0) {
			if (f->frame->best_effort_timestamp >= 0) return 0;
			av_frame_unref(f->frame); // decoded for those that follow
			continue;
		}
		if (err != AVERROR(EAGAIN) || f->ended) return err;
		err = av_read_frame(f->in, f->pkt);
		if (err < 0) {
			f->ended = 1;
			avcodec_send_packet(f->dec, NULL);
			continue;
		}
		if (f->pkt->stream_index == f->stream) avcodec_send_packet(f->dec, f->pkt); // a damaged frame is left out
		av_packet_unref(f->pkt);
	}
}

static int open_jpeg(rvo_frames *f) {
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
	if (!codec) return AVERROR_ENCODER_NOT_FOUND;
	if (!(f->jpeg = avcodec_alloc_context3(codec))) return AVERROR(ENOMEM);
	AVRational aspect = f->frame->sample_aspect_ratio;
	int width = f->frame->width, height = f->frame->height;
	if (aspect.num > 0 && aspect.den > 0) width = av_rescale(width, aspect.num, aspect.den);
	if (f->max_width > 0 && width > f->max_width) {
		height = FFMAX(av_rescale(height, f->max_width, width), 1);
		width = f->max_width;
	}
	f->jpeg->width = f->scaled->width = width;
	f->jpeg->height = f->scaled->height = height;
	f->jpeg->pix_fmt = f->scaled->format = AV_PIX_FMT_YUVJ420P;
	f->jpeg->color_range = f->scaled->color_range = AVCOL_RANGE_JPEG;
	f->jpeg->time_base = (AVRational){1, 25};
	f->jpeg->flags |= AV_CODEC_FLAG_QSCALE;
	f->jpeg->global_quality = 4 * FF_QP2LAMBDA;
	f->jpeg->thread_count = 1;
	int err = avcodec_open2(f->jpeg, codec, NULL);
	return err < 0 ? err : av_frame_get_buffer(f->scaled, 0);
}

int rvo_frames_next(rvo_frames *f, const uint8_t **data, int *size, int64_t *at_ns) {
	av_packet_unref(f->pkt);
	int err = decode_next(f);
	if (err >= 0 && !f->jpeg) err = open_jpeg(f);
	if (err >= 0) err = av_frame_make_writable(f->scaled);
	if (err < 0) return err == AVERROR_EOF ? 0 : err;
	AVFrame *in = f->frame;
	int full;
	enum AVPixelFormat format = rvo_plain_format(in, &full);
	f->sws = sws_getCachedContext(f->sws, in->width, in->height, format, f->scaled->width, f->scaled->height, AV_PIX_FMT_YUV420P, SWS_BICUBIC, NULL, NULL, NULL);
	if (!f->sws) return AVERROR(EINVAL);
	const int *from = sws_getCoefficients(in->colorspace == AVCOL_SPC_RGB ? SWS_CS_DEFAULT : in->colorspace);
	sws_setColorspaceDetails(f->sws, from, full, sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16, 1 << 16);
	sws_scale(f->sws, (const uint8_t *const *)in->data, in->linesize, 0, in->height, f->scaled->data, f->scaled->linesize);
	*at_ns = av_rescale_q(in->best_effort_timestamp, f->dec->pkt_timebase, (AVRational){1, 1000000000});
	f->scaled->pts++;
	f->scaled->quality = f->jpeg->global_quality;
	av_frame_unref(in);
	err = avcodec_send_frame(f->jpeg, f->scaled);
	if (err >= 0) err = avcodec_receive_packet(f->jpeg, f->pkt);
	if (err < 0) return err;
	*data = f->pkt->data;
	*size = f->pkt->size;
	return 1;
}

void rvo_frames_close(rvo_frames *f) {
	if (!f) return;
	avcodec_free_context(&f->dec);
	avcodec_free_context(&f->jpeg);
	sws_freeContext(f->sws);
	av_frame_free(&f->frame);
	av_frame_free(&f->scaled);
	av_packet_free(&f->pkt);
	avformat_close_input(&f->in);
	av_free(f);
}
