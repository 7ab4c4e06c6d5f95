//go:build cgo

#include "demux.h"
#include "_cgo_export.h"
#include "version.h"

#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/intreadwrite.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rvo_demux {
	AVFormatContext *input;
	AVPacket *packet;
	atomic_int stop;
	uintptr_t fetcher; // 0: none
	AVIOContext *main; // opened by the fetcher, so it must not be closed by libav
	int64_t start;     // of the input, in microseconds
	AVBSFContext *filters[RVO_MAX_TRACKS]; // NULL: packets as they are
	int changed;                           // index of the track whose parameters changed, -1: none
	int draining;                          // index of the filter to drain at the end of input, -1: not at the end
	char log[RVO_LOG];
};

static int interrupted(void *opaque) {
	return atomic_load_explicit(&((rvo_demux *)opaque)->stop, memory_order_relaxed);
}

static int read_fetched(void *opaque, uint8_t *buf, int size) {
	int n = rvoFetchRead((uintptr_t)opaque, buf, size);
	return n == 0 ? AVERROR_EOF : n < 0 ? AVERROR(EIO) : n;
}

static int64_t seek_fetched(void *opaque, int64_t offset, int whence) {
	if (whence & AVSEEK_SIZE) return rvoFetchSize((uintptr_t)opaque);
	if ((whence & ~AVSEEK_FORCE) != SEEK_SET) return AVERROR(EINVAL); // libav computes absolute offsets
	return rvoFetchSeek((uintptr_t)opaque, offset) == 0 ? offset : AVERROR(EIO);
}

// Opens a URL through Go. Playlists ask for a byte range with the options offset
// and end_offset.
static int open_fetched(AVFormatContext *s, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
	rvo_demux *d = s->opaque;
	if (flags & AVIO_FLAG_WRITE) return AVERROR(EPERM);
	int64_t from = 0, end = 0;
	AVDictionaryEntry *e;
	if (options != NULL && (e = av_dict_get(*options, "offset", NULL, 0)) != NULL) from = strtoll(e->value, NULL, 10);
	if (options != NULL && (e = av_dict_get(*options, "end_offset", NULL, 0)) != NULL) end = strtoll(e->value, NULL, 10);
	uintptr_t body = rvoFetch(d->fetcher, (char *)url, from, end);
	if (body == 0) return AVERROR(EIO);
	const int size = 32 << 10;
	uint8_t *buffer = av_malloc(size);
	*pb = buffer != NULL ? avio_alloc_context(buffer, size, 0, (void *)body, read_fetched, NULL, rvoFetchSize(body) > 0 ? seek_fetched : NULL) : NULL;
	if (*pb == NULL) {
		av_free(buffer);
		rvoFetchClose(body);
		return AVERROR(ENOMEM);
	}
	return 0;
}

static int close_fetched(AVFormatContext *s, AVIOContext *pb) {
	(void)s;
	if (pb == NULL) return 0;
	rvoFetchClose((uintptr_t)pb->opaque);
	av_freep(&pb->buffer);
	avio_context_free(&pb);
	return 0;
}

rvo_demux *rvo_demux_new(uintptr_t fetcher) {
	rvo_demux *d = av_mallocz(sizeof *d);
	if (d == NULL) return NULL;
	d->draining = -1;
	d->packet = av_packet_alloc();
	d->input = avformat_alloc_context();
	if (d->packet == NULL || d->input == NULL) {
		rvo_demux_free(d);
		return NULL;
	}
	d->input->interrupt_callback = (AVIOInterruptCB){interrupted, d};
	if (fetcher != 0) {
		d->fetcher = fetcher;
		d->input->opaque = d;
		d->input->io_open = open_fetched;
		d->input->io_close2 = close_fetched;
	}
	return d;
}

// The filter that a track needs: Annex B for video out of MP4, no ADTS headers for AAC.
static const char *filter_of(const AVCodecParameters *p) {
	switch (p->codec_id) {
	case AV_CODEC_ID_H264: return "h264_mp4toannexb";
	case AV_CODEC_ID_HEVC: return "hevc_mp4toannexb";
	case AV_CODEC_ID_AAC: return p->extradata_size == 0 ? "aac_adtstoasc" : NULL;
	default: return NULL;
	}
}

static int usable(const AVStream *s) {
	const AVCodecParameters *p = s->codecpar;
	if (s->disposition & AV_DISPOSITION_ATTACHED_PIC) return 0;
	return p->codec_id != AV_CODEC_ID_NONE && (p->codec_type == AVMEDIA_TYPE_VIDEO || p->codec_type == AVMEDIA_TYPE_AUDIO);
}

static int add_filter(rvo_demux *d, int i) {
	AVStream *s = d->input->streams[i];
	const char *name = filter_of(s->codecpar);
	if (name == NULL) return 0;
	const AVBitStreamFilter *f = av_bsf_get_by_name(name);
	if (f == NULL) return AVERROR_BSF_NOT_FOUND;
	int err = av_bsf_alloc(f, &d->filters[i]);
	if (err < 0) return err;
	AVBSFContext *b = d->filters[i];
	err = avcodec_parameters_copy(b->par_in, s->codecpar);
	b->time_base_in = s->time_base;
	return err < 0 ? err : av_bsf_init(b);
}

static int open_input(rvo_demux *d, const char *url, const char **options) {
	AVDictionary *dict = NULL;
	for (; *options != NULL; options += 2) av_dict_set(&dict, options[0], options[1], 0);
	int err = 0;
	char final[8192]; // addresses in a playlist are relative to it
	snprintf(final, sizeof final, "%s", url);
	if (d->fetcher != 0 && (err = open_fetched(d->input, &d->main, url, AVIO_FLAG_READ, NULL)) >= 0) {
		d->input->pb = d->main;
		rvoFetchFound((uintptr_t)d->main->opaque, final, sizeof final);
	}
	if (err >= 0) err = avformat_open_input(&d->input, final, NULL, &dict); // frees input when it fails
	av_dict_free(&dict);
	if (err < 0) return err;
	err = avformat_find_stream_info(d->input, NULL);
	if (err < 0) return err;
	d->start = d->input->start_time == AV_NOPTS_VALUE ? 0 : d->input->start_time;
	int found = 0;
	for (unsigned i = 0; i < d->input->nb_streams; i++) {
		AVStream *s = d->input->streams[i];
		if (i >= RVO_MAX_TRACKS || !usable(s)) {
			s->discard = AVDISCARD_ALL;
			continue;
		}
		if ((err = add_filter(d, i)) < 0) return err;
		found |= s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
	}
	return found ? 0 : AVERROR_STREAM_NOT_FOUND;
}

int rvo_demux_open(rvo_demux *d, const char *url, const char **options) {
	rvo_log_begin(d->log, 1);
	int err = open_input(d, url, options);
	rvo_log_end();
	return err;
}

// Reads rotation and mirroring from a display matrix, whose angles are
// counterclockwise.
static void orientation(const int32_t *matrix, rvo_track_info *out) {
	int32_t m[9];
	memcpy(m, matrix, sizeof m);
	if ((int64_t)m[0] * m[4] < (int64_t)m[1] * m[3]) {
		out->mirror = 1;
		av_display_matrix_flip(m, 1, 0);
	}
	double angle = av_display_rotation_get(m);
	if (isnan(angle)) return;
	int turn = (int)lround(-angle / 90) * 90;
	// The matrix mirrors after rotating, we mirror before.
	out->rotation = ((out->mirror ? -turn : turn) % 360 + 360) % 360;
}

static const uint8_t *display_matrix(const AVStream *s) {
#if RVO_SIDE_DATA_OF_PARAMETERS
	const AVPacketSideData *sd = av_packet_side_data_get(s->codecpar->coded_side_data, s->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
	return sd != NULL && sd->size >= 36 ? sd->data : NULL;
#else
	size_t size = 0;
	const uint8_t *data = av_stream_get_side_data(s, AV_PKT_DATA_DISPLAYMATRIX, &size);
	return size >= 36 ? data : NULL;
#endif
}

int rvo_demux_tracks(rvo_demux *d, rvo_track_info *out, int max) {
	int n = d->input->nb_streams < RVO_MAX_TRACKS ? (int)d->input->nb_streams : RVO_MAX_TRACKS;
	if (n > max) n = max;
	int best = av_find_best_stream(d->input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
	for (int i = 0; i < n; i++) {
		AVStream *s = d->input->streams[i];
		rvo_track_info *t = &out[i];
		memset(t, 0, sizeof *t);
		if (!usable(s)) continue;
		t->params = d->filters[i] != NULL ? d->filters[i]->par_out : s->codecpar;
		AVRational rate = av_guess_frame_rate(d->input, s, NULL);
		if (rate.num > 0 && rate.den > 0) t->interval_ns = av_rescale(1000000000, rate.den, rate.num);
		t->frames = s->nb_frames;
		if (s->duration > 0 && d->input->duration_estimation_method == AVFMT_DURATION_FROM_STREAM)
			t->length_ns = av_rescale_q(s->duration - FFMAX(s->start_time, 0), s->time_base, (AVRational){1, 1000000000}); // the track may start later than the input
		t->channels = s->codecpar->ch_layout.nb_channels;
		t->default_track = i == best;
		// The container's aspect ratio overrides the codec's.
		AVRational aspect = av_guess_sample_aspect_ratio(d->input, s, NULL);
		if (aspect.num > 0) ((AVCodecParameters *)t->params)->sample_aspect_ratio = aspect;
		const uint8_t *matrix = display_matrix(s);
		if (matrix != NULL) orientation((const int32_t *)matrix, t);
	}
	return n;
}

void rvo_demux_mute(rvo_demux *d, int i) { d->input->streams[i]->discard = AVDISCARD_ALL; }

// Takes new codec parameters from a packet. Returns 1 if there were any, 0 if not.
static int learn(const AVPacket *packet, AVCodecParameters *p) {
	size_t size = 0;
	const uint8_t *extra = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
	if (extra == NULL || size == 0) return 0;
	uint8_t *copy = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
	if (copy == NULL) return AVERROR(ENOMEM);
	memcpy(copy, extra, size);
	av_freep(&p->extradata);
	p->extradata = copy;
	p->extradata_size = (int)size;
	return 1;
}

// Recreates the filter of a track whose parameters have changed.
static int renew(rvo_demux *d, int i) {
	int err = learn(d->packet, d->input->streams[i]->codecpar);
	if (err <= 0) return err;
	d->changed = i;
	av_bsf_free(&d->filters[i]);
	return add_filter(d, i);
}

// Reads the next packet of any track and filters it.
static int next(rvo_demux *d) {
	for (;;) {
		if (d->draining >= 0) {
			for (; d->draining < RVO_MAX_TRACKS; d->draining++) {
				AVBSFContext *b = d->filters[d->draining];
				if (b == NULL) continue;
				int err = av_bsf_receive_packet(b, d->packet);
				if (err >= 0) {
					d->packet->stream_index = d->draining;
					return 0;
				}
			}
			return AVERROR_EOF;
		}
		int err = av_read_frame(d->input, d->packet);
		if (err == AVERROR_EOF) {
			for (int i = 0; i < RVO_MAX_TRACKS; i++)
				if (d->filters[i] != NULL) av_bsf_send_packet(d->filters[i], NULL);
			d->draining = 0;
			continue;
		}
		if (err < 0) return err;
		int i = d->packet->stream_index;
		if (i >= RVO_MAX_TRACKS || d->input->streams[i]->discard == AVDISCARD_ALL) {
			av_packet_unref(d->packet);
			continue;
		}
		if ((err = renew(d, i)) < 0) return err;
		AVBSFContext *b = d->filters[i];
		if (b == NULL) return 0;
		if ((err = av_bsf_send_packet(b, d->packet)) < 0) {
			av_packet_unref(d->packet);
			if (err == AVERROR(ENOMEM)) return err;
			continue; // not a valid packet
		}
		err = av_bsf_receive_packet(b, d->packet);
		if (err == AVERROR(EAGAIN) || err == AVERROR_INVALIDDATA) continue;
		if (err < 0) return err;
		d->packet->stream_index = i;
		return 0;
	}
}

static int64_t nanoseconds(rvo_demux *d, int64_t t, AVRational base) {
	if (t == AV_NOPTS_VALUE) return RVO_NO_TIME;
	int64_t ns = av_rescale_q(t, base, (AVRational){1, 1000000000});
	return ns - d->start * 1000;
}

int rvo_demux_read(rvo_demux *d, rvo_packet *out) {
	memset(out, 0, sizeof *out);
	av_packet_unref(d->packet);
	d->changed = -1;
	rvo_log_begin(d->log, 0);
	int err = next(d);
	rvo_log_end();
	if (err < 0) return err;
	AVPacket *p = d->packet;
	AVBSFContext *b = d->filters[p->stream_index];
	AVRational base = b != NULL ? b->time_base_out : d->input->streams[p->stream_index]->time_base;
	out->data = p->data;
	out->size = p->size;
	out->track = p->stream_index;
	out->key = (p->flags & AV_PKT_FLAG_KEY) != 0;
	out->hidden = (p->flags & AV_PKT_FLAG_DISCARD) != 0;
	out->damaged = (p->flags & AV_PKT_FLAG_CORRUPT) != 0;
	out->pts = nanoseconds(d, p->pts, base);
	out->dts = nanoseconds(d, p->dts, base);
	out->duration = p->duration > 0 ? av_rescale_q(p->duration, base, (AVRational){1, 1000000000}) : 0;
	if (b != NULL && (err = learn(p, b->par_out)) < 0) return err;
	out->changed = err || d->changed == p->stream_index;
	return 0;
}

int rvo_demux_endless(rvo_demux *d) { return d->input->duration == AV_NOPTS_VALUE || d->input->duration <= 0; }

void rvo_demux_stop(rvo_demux *d) { atomic_store(&d->stop, 1); }

const char *rvo_demux_log(rvo_demux *d) { return d->log; }

void rvo_demux_free(rvo_demux *d) {
	if (d == NULL) return;
	for (int i = 0; i < RVO_MAX_TRACKS; i++) av_bsf_free(&d->filters[i]);
	avformat_close_input(&d->input);
	close_fetched(NULL, d->main);
	av_packet_free(&d->packet);
	av_free(d);
}
