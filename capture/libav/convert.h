// Access to the planes of decoded frames, and conversion to packed pixels.
#ifndef RVO_CONVERT_H
#define RVO_CONVERT_H

#include <libavutil/frame.h>
#include <stddef.h>
#include <stdint.h>

enum { RVO_BGR, RVO_RGB, RVO_GRAY };

typedef struct {
	int width, height;       // as coded
	int aspect_num, aspect_den;
	int surface;             // in the memory of a graphics card
	const uint8_t *luma;     // NULL: there is no 8-bit plane
	ptrdiff_t luma_size, stride;
	int step;                // bytes from one sample to the next
	int limited;             // black is 16 and white 235
	int subsampled;          // 4:2:0
	char format[24];
} rvo_frame_info;

// rvo_frame_look describes a frame without copying it.
void rvo_frame_look(const AVFrame *f, rvo_frame_info *out);
// rvo_frame_download copies a surface to main memory. Free *out with rvo_frame_free.
int rvo_frame_download(const AVFrame *f, AVFrame **out);
void rvo_frame_free(AVFrame *f);

// A scaler caches the swscale context of one conversion.
typedef struct rvo_scaler rvo_scaler;

typedef struct {
	uint8_t *dst;
	int stride, format; // RVO_BGR …
	int width, height;  // of dst, after rotation
	int rotation, mirror;
} rvo_target;

rvo_scaler *rvo_scaler_new(void);
// rvo_frame_scale writes width x height pixels. dst must have room for 64 bytes
// more: swscale may write past the last row.
int rvo_frame_scale(rvo_scaler *s, const AVFrame *f, const rvo_target *t);
void rvo_scaler_free(rvo_scaler *s);

// rvo_wrap makes a frame of packed pixels without copying them. format is RVO_BGR …
AVFrame *rvo_wrap(const uint8_t *pixels, int width, int height, int stride, int format);

// rvo_jpeg_encode compresses packed BGR. Free *out with rvo_jpeg_free.
int rvo_jpeg_encode(const uint8_t *bgr, int width, int height, int quality, uint8_t **out, unsigned long *size, char *why, int why_size);
void rvo_jpeg_free(uint8_t *p);

// The planes of a JPEG file, one after the other, each padded to whole blocks.
typedef struct {
	int width, height, sampling; // one of TJSAMP_…
	unsigned long size;          // of all planes, in bytes
	int strides[3];
	unsigned long offsets[3];    // of the planes
} rvo_jpeg_layout;

// rvo_jpeg_look returns -1 unless the file has Y, Cb and Cr planes.
int rvo_jpeg_look(const uint8_t *file, unsigned long file_size, rvo_jpeg_layout *out);
int rvo_jpeg_to_planes(const uint8_t *file, unsigned long file_size, uint8_t *planes, const rvo_jpeg_layout *l, char *why, int why_size);
// Free *out of rvo_jpeg_from_planes with rvo_jpeg_free.
int rvo_jpeg_from_planes(const uint8_t *planes, const rvo_jpeg_layout *l, int quality, uint8_t **out, unsigned long *size, char *why, int why_size);

#endif
