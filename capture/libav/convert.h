// Looking at frames: planes as they are, and conversions to packed pixels.
#ifndef RVO_CONVERT_H
#define RVO_CONVERT_H

#include <libavutil/frame.h>
#include <stddef.h>
#include <stdint.h>

enum { RVO_BGR, RVO_RGB, RVO_GRAY };

typedef struct {
	int width, height;       // as coded
	int aspect_num, aspect_den;
	int surface;             // it lies in a graphics card
	const uint8_t *luma;     // NULL: there is no plane of 8 bits
	ptrdiff_t luma_size, stride;
	int step;                // bytes from one sample to the next
	int limited;             // black is 16 and white 235
	int subsampled;          // 4:2:0
	char format[24];
} rvo_frame_info;

void rvo_frame_look(const AVFrame *f, rvo_frame_info *out);
// rvo_frame_download copies a surface to memory.
int rvo_frame_download(const AVFrame *f, AVFrame **out);
void rvo_frame_free(AVFrame *f);

// A scaler keeps what swscale computes for one kind of conversion.
typedef struct rvo_scaler rvo_scaler;

typedef struct {
	uint8_t *dst;
	int stride, format; // RVO_BGR …
	int width, height;  // of dst, turned
	int rotation, mirror;
} rvo_target;

rvo_scaler *rvo_scaler_new(void);
// rvo_frame_scale writes width x height pixels. The row after the last one may be
// written to: dst has room for 64 bytes more.
int rvo_frame_scale(rvo_scaler *s, const AVFrame *f, const rvo_target *t);
void rvo_scaler_free(rvo_scaler *s);

// rvo_wrap describes packed pixels of three bytes as a frame, without copying.
AVFrame *rvo_wrap(const uint8_t *pixels, int width, int height, int stride, int format);

// rvo_jpeg_encode compresses packed BGR. The result is to be freed with rvo_jpeg_free.
int rvo_jpeg_encode(const uint8_t *bgr, int width, int height, int quality, uint8_t **out, unsigned long *size, char *why, int why_size);
void rvo_jpeg_free(uint8_t *p);

// A JPEG file as planes, one behind the other, rows and columns padded to whole blocks.
typedef struct {
	int width, height, sampling; // one of TJSAMP_…
	unsigned long size;          // of all planes, in bytes
	int strides[3];
	unsigned long offsets[3];    // of the planes
} rvo_jpeg_layout;

// rvo_jpeg_look returns -1 where the file has no planes of Y, Cb and Cr.
int rvo_jpeg_look(const uint8_t *file, unsigned long file_size, rvo_jpeg_layout *out);
int rvo_jpeg_to_planes(const uint8_t *file, unsigned long file_size, uint8_t *planes, const rvo_jpeg_layout *l, char *why, int why_size);
// The result of rvo_jpeg_from_planes is to be freed with rvo_jpeg_free.
int rvo_jpeg_from_planes(const uint8_t *planes, const rvo_jpeg_layout *l, int quality, uint8_t **out, unsigned long *size, char *why, int why_size);

#endif
