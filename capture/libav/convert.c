//go:build cgo

#include "convert.h"

#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <string.h>
#include <turbojpeg.h>

static int full_range(const AVFrame *f, const AVPixFmtDescriptor *desc) {
	switch (f->format) {
	case AV_PIX_FMT_YUVJ420P:
	case AV_PIX_FMT_YUVJ422P:
	case AV_PIX_FMT_YUVJ444P:
	case AV_PIX_FMT_YUVJ440P:
	case AV_PIX_FMT_YUVJ411P: return 1;
	}
	// swscale treats grey as full range, too.
	return f->color_range == AVCOL_RANGE_JPEG || desc->nb_components < 3;
}

void rvo_frame_look(const AVFrame *f, rvo_frame_info *out) {
	memset(out, 0, sizeof *out);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(f->format);
	out->width = f->width;
	out->height = f->height;
	out->aspect_num = f->sample_aspect_ratio.num;
	out->aspect_den = f->sample_aspect_ratio.den;
	if (desc == NULL) return;
	snprintf(out->format, sizeof out->format, "%s", desc->name);
	out->surface = (desc->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0;
	out->subsampled = desc->log2_chroma_w == 1 && desc->log2_chroma_h == 1;
	const uint64_t not = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_FLOAT;
	if (desc->flags & not || desc->nb_components == 0) return;
	const AVComponentDescriptor *y = &desc->comp[0];
	// Where samples are aligned to the top of 16 bits, the upper byte serves as luma.
	int wide = y->depth > 8 && y->depth + y->shift == 16;
	if (y->plane != 0 || !(y->depth == 8 && y->shift == 0) && !wide || f->linesize[0] <= 0) return;
	out->luma = f->data[0] + y->offset + (wide ? 1 : 0);
	out->stride = f->linesize[0];
	out->step = y->step;
	out->luma_size = out->stride * (f->height - 1) + (ptrdiff_t)(f->width - 1) * y->step + 1;
	out->limited = !full_range(f, desc);
}

int rvo_frame_download(const AVFrame *f, AVFrame **out) {
	AVFrame *sw = av_frame_alloc();
	if (sw == NULL) return AVERROR(ENOMEM);
	int err = av_hwframe_transfer_data(sw, f, 0);
	if (err >= 0) err = av_frame_copy_props(sw, f);
	if (err < 0)
		av_frame_free(&sw);
	*out = sw;
	return err;
}

void rvo_frame_free(AVFrame *f) { av_frame_free(&f); }

AVFrame *rvo_wrap(const uint8_t *pixels, int width, int height, int stride, int format) {
	AVFrame *f = av_frame_alloc();
	if (f == NULL) return NULL;
	f->data[0] = (uint8_t *)pixels;
	f->linesize[0] = stride;
	f->width = width;
	f->height = height;
	f->format = format == RVO_BGR ? AV_PIX_FMT_BGR24 : format == RVO_RGB ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_GRAY8;
	return f;
}

struct rvo_scaler {
	struct SwsContext *context;
	int colorspace, range, target; // that context is set up for
	uint8_t *turned;               // pixels before rotation
	size_t turned_size;
};

rvo_scaler *rvo_scaler_new(void) { return av_mallocz(sizeof(rvo_scaler)); }

void rvo_scaler_free(rvo_scaler *s) {
	if (s == NULL) return;
	sws_freeContext(s->context);
	av_free(s->turned);
	av_free(s);
}

// Maps the deprecated full-range formats to the plain ones. swscale replaces the
// former internally, so a cached context would never match.
static enum AVPixelFormat plain(enum AVPixelFormat format) {
	switch (format) {
	case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
	case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
	case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
	case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
	case AV_PIX_FMT_YUVJ411P: return AV_PIX_FMT_YUV411P;
	default: return format;
	}
}

static void swap_row(uint8_t *p, int n) {
	for (int x = 0; x < n; x++, p += 3) {
		uint8_t b = p[0];
		p[0] = p[2];
		p[2] = b;
	}
}

static int scale(rvo_scaler *s, const AVFrame *f, enum AVPixelFormat format, uint8_t *dst, int stride, int w, int h) {
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(f->format);
	if (desc == NULL || f->data[0] == NULL) return AVERROR(EINVAL);
	int smaller = w < f->width || h < f->height;
	int flags = smaller ? SWS_AREA : SWS_BICUBIC; // FFmpeg's default
	// swscale has fast scaling code for BGR only.
	int swap = format == AV_PIX_FMT_RGB24 && (w != f->width || h != f->height);
	if (swap) format = AV_PIX_FMT_BGR24;
	struct SwsContext *before = s->context;
	s->context = sws_getCachedContext(s->context, f->width, f->height, plain(f->format), w, h, format, flags, NULL, NULL, NULL);
	if (s->context == NULL) return AVERROR(ENOSYS);
	int range = full_range(f, desc);
	if (s->context != before || s->colorspace != f->colorspace || s->range != range) {
		const int *inverse = sws_getCoefficients(f->colorspace);
		// This fails where there is nothing to set, such as from RGB to RGB.
		sws_setColorspaceDetails(s->context, inverse, range, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
		s->colorspace = f->colorspace;
		s->range = range;
	}
	uint8_t *planes[4] = {dst};
	int strides[4] = {stride};
	int done = sws_scale(s->context, (const uint8_t *const *)f->data, f->linesize, 0, f->height, planes, strides);
	if (done < 0) return done;
	if (swap)
		for (int y = 0; y < h; y++) swap_row(dst + (ptrdiff_t)y * stride, w);
	return 0;
}

// Mirrors packed pixels and then rotates them clockwise. w and h are the size before
// rotation, size is the bytes per pixel.
static void turn(const uint8_t *src, int src_stride, int w, int h, const rvo_target *t, int size) {
	for (int y = 0; y < t->height; y++) {
		uint8_t *to = t->dst + (ptrdiff_t)y * t->stride;
		int sx, sy;
		ptrdiff_t dx, dy = 0;
		switch (t->rotation) {
		case 90: sx = y, sy = h - 1, dx = 0, dy = -1; break;
		case 180: sx = w - 1, sy = h - 1 - y, dx = -1; break;
		case 270: sx = w - 1 - y, sy = 0, dx = 0, dy = 1; break;
		default: sx = 0, sy = y, dx = 1; break;
		}
		if (t->mirror) sx = w - 1 - sx, dx = -dx;
		const uint8_t *from = src + (ptrdiff_t)sy * src_stride + (ptrdiff_t)sx * size;
		ptrdiff_t step = dy * src_stride + dx * size;
		for (int x = 0; x < t->width; x++, to += size, from += step)
			for (int i = 0; i < size; i++) to[i] = from[i];
	}
}

int rvo_frame_scale(rvo_scaler *s, const AVFrame *f, const rvo_target *t) {
	static const enum AVPixelFormat formats[] = {AV_PIX_FMT_BGR24, AV_PIX_FMT_RGB24, AV_PIX_FMT_GRAY8};
	enum AVPixelFormat format = formats[t->format];
	if (t->rotation == 0 && !t->mirror) return scale(s, f, format, t->dst, t->stride, t->width, t->height);
	int size = t->format == RVO_GRAY ? 1 : 3;
	int w = t->rotation % 180 == 0 ? t->width : t->height, h = t->rotation % 180 == 0 ? t->height : t->width;
	int stride = (w * size + 63) & ~63;
	size_t need = (size_t)stride * h + 64;
	if (need > s->turned_size) {
		av_freep(&s->turned);
		s->turned_size = 0;
		if ((s->turned = av_malloc(need)) == NULL) return AVERROR(ENOMEM);
		s->turned_size = need;
	}
	int err = scale(s, f, format, s->turned, stride, w, h);
	if (err < 0) return err;
	turn(s->turned, stride, w, h, t, size);
	return 0;
}

int rvo_jpeg_encode(const uint8_t *bgr, int width, int height, int quality, uint8_t **out, unsigned long *size, char *why, int why_size) {
	*out = NULL;
	*size = 0;
	tjhandle h = tjInitCompress();
	if (h == NULL) {
		snprintf(why, why_size, "%s", tjGetErrorStr());
		return -1;
	}
	int err = tjCompress2(h, bgr, width, 0, height, TJPF_BGR, out, size, TJSAMP_420, quality, 0);
	if (err != 0) {
		snprintf(why, why_size, "%s", tjGetErrorStr2(h));
		tjFree(*out);
		*out = NULL;
	}
	tjDestroy(h);
	return err;
}

void rvo_jpeg_free(uint8_t *p) { tjFree(p); }

int rvo_jpeg_look(const uint8_t *file, unsigned long file_size, rvo_jpeg_layout *out) {
	int colors = -1;
	tjhandle h = tjInitDecompress();
	int err = h == NULL || tjDecompressHeader3(h, file, file_size, &out->width, &out->height, &out->sampling, &colors);
	if (h != NULL) tjDestroy(h);
	if (err || colors != TJCS_YCbCr || out->sampling < 0 || out->sampling == TJSAMP_GRAY) return -1;
	out->size = 0;
	for (int i = 0; i < 3; i++) {
		out->strides[i] = tjPlaneWidth(i, out->width, out->sampling);
		out->offsets[i] = out->size;
		if (out->strides[i] <= 0) return -1;
		out->size += (unsigned long)out->strides[i] * tjPlaneHeight(i, out->height, out->sampling);
	}
	return 0;
}

int rvo_jpeg_to_planes(const uint8_t *file, unsigned long file_size, uint8_t *planes, const rvo_jpeg_layout *l, char *why, int why_size) {
	tjhandle h = tjInitDecompress();
	if (h == NULL) {
		snprintf(why, why_size, "%s", tjGetErrorStr());
		return -1;
	}
	int err = tjDecompressToYUV2(h, file, file_size, planes, l->width, 1, l->height, 0);
	if (err != 0) snprintf(why, why_size, "%s", tjGetErrorStr2(h));
	tjDestroy(h);
	return err;
}

int rvo_jpeg_from_planes(const uint8_t *planes, const rvo_jpeg_layout *l, int quality, uint8_t **out, unsigned long *size, char *why, int why_size) {
	*out = NULL;
	*size = 0;
	tjhandle h = tjInitCompress();
	if (h == NULL) {
		snprintf(why, why_size, "%s", tjGetErrorStr());
		return -1;
	}
	int err = tjCompressFromYUV(h, planes, l->width, 1, l->height, l->sampling, out, size, quality, 0);
	if (err != 0) {
		snprintf(why, why_size, "%s", tjGetErrorStr2(h));
		tjFree(*out);
		*out = NULL;
	}
	tjDestroy(h);
	return err;
}
