#include "mux.h"
#include "version.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>

// copier copies the packets of a file. It holds each until the next one of its track gives its exact duration:
// FFmpeg reports an average.
typedef struct {
	AVFormatContext *in, *out;
	AVPacket *held[MAX_TRACKS];
	int64_t begin[MAX_TRACKS];
} copier;

// write_held writes the held packet of a track, which lasts until end (AV_NOPTS_VALUE: FFmpeg's duration).
static int write_held(copier *c, int track, int64_t end) {
	AVPacket *pkt = c->held[track];
	AVStream *from = c->in->streams[track], *to = c->out->streams[track];
	if (!pkt->data) return 0;
	if (end != AV_NOPTS_VALUE) pkt->duration = FFMAX(0, end - pkt->dts);
	av_packet_rescale_ts(pkt, from->time_base, to->time_base);
	pkt->pos = -1;
	pkt->flags &= AV_PKT_FLAG_KEY;
	int err = av_interleaved_write_frame(c->out, pkt);
	av_packet_unref(pkt);
	return err < 0 ? err : FFMIN(c->out->pb->error, 0);
}

// copy_held copies all packets, then those that are still held.
static int copy_held(copier *c, AVPacket *pkt) {
	int err, whole = 1;
	while ((err = av_read_frame(c->in, pkt)) >= 0) {
		if (pkt->flags & AV_PKT_FLAG_CORRUPT) { // truncated: nothing follows
			av_packet_unref(pkt);
			whole = 0;
			break;
		}
		int n = pkt->stream_index;
		if (c->begin[n] == AV_NOPTS_VALUE) c->begin[n] = pkt->dts;
		if ((err = write_held(c, n, pkt->dts)) < 0) return err;
		av_packet_move_ref(c->held[n], pkt);
	}
	if (err < 0 && err != AVERROR_EOF && err != AVERROR_INVALIDDATA) return err;
	for (unsigned i = 0; i < c->in->nb_streams; i++) {
		int64_t length = c->in->streams[i]->duration; // includes samples that are missing
		err = write_held(c, i, whole && length != AV_NOPTS_VALUE ? c->begin[i] + length : AV_NOPTS_VALUE);
		if (err < 0) return err;
	}
	return 0;
}

// copy_packets writes every complete packet of in to out.
static int copy_packets(AVFormatContext *in, AVFormatContext *out, AVPacket *pkt) {
	copier c = {in, out};
	int err = in->nb_streams > MAX_TRACKS ? AVERROR_INVALIDDATA : 0;
	for (int i = 0; i < MAX_TRACKS; i++) {
		c.begin[i] = AV_NOPTS_VALUE;
		if (!(c.held[i] = av_packet_alloc())) err = AVERROR(ENOMEM);
	}
	if (err >= 0) err = copy_held(&c, pkt);
	av_packet_unref(pkt);
	for (int i = 0; i < MAX_TRACKS; i++) av_packet_free(&c.held[i]);
	return err;
}

// needs_format reports whether a track must be probed first: the MP4 header of its codec needs the pixel format.
static int needs_format(AVFormatContext *in) {
	for (unsigned i = 0; i < in->nb_streams; i++)
		if (in->streams[i]->codecpar->codec_id == AV_CODEC_ID_VP9) return 1;
	return 0;
}

static int copy_movie(AVFormatContext *in, AVFormatContext *out, AVPacket *pkt, const char *to) {
	for (unsigned i = 0; i < in->nb_streams; i++) {
		AVStream *from = in->streams[i], *st = avformat_new_stream(out, NULL);
		if (!st) return AVERROR(ENOMEM);
		int err = avcodec_parameters_copy(st->codecpar, from->codecpar);
		if (err < 0) return err;
		st->codecpar->codec_tag = 0;
		if (st->codecpar->codec_id == AV_CODEC_ID_AAC) st->codecpar->frame_size = 1024; // else the track has no duration
		st->time_base = from->time_base;
		st->sample_aspect_ratio = from->sample_aspect_ratio;
#if !RVO_SIDE_DATA_OF_PARAMETERS // else copied with the parameters
		for (int n = 0; n < from->nb_side_data; n++) {
			const AVPacketSideData *side = &from->side_data[n];
			uint8_t *data = av_stream_new_side_data(st, side->type, side->size);
			if (!data) return AVERROR(ENOMEM);
			memcpy(data, side->data, side->size);
		}
#endif
	}
	int err = avio_open(&out->pb, to, AVIO_FLAG_WRITE);
	if (err < 0) return err;
	AVDictionary *options = NULL;
	av_dict_set(&options, "movflags", "faststart", 0);
	av_dict_set(&options, "use_editlist", "1", 0);
	av_dict_set(&options, "avoid_negative_ts", "disabled", 0);
	err = avformat_write_header(out, &options);
	av_dict_free(&options);
	if (err < 0) return err;
	err = copy_packets(in, out, pkt);
	int bad = av_write_trailer(out);
	if (err >= 0) err = bad;
	if (err >= 0 && out->pb->error < 0) err = out->pb->error;
	return err;
}

int rvo_movie_finish(const char *from, const char *to) {
	AVFormatContext *in = NULL, *out = NULL;
	AVPacket *pkt = av_packet_alloc();
	int err = pkt ? avformat_open_input(&in, from, NULL, NULL) : AVERROR(ENOMEM);
	if (err >= 0 && needs_format(in)) err = avformat_find_stream_info(in, NULL);
	if (err >= 0) err = avformat_alloc_output_context2(&out, NULL, "mp4", to);
	if (err >= 0) err = copy_movie(in, out, pkt, to);
	if (out) {
		int bad = avio_closep(&out->pb);
		if (err >= 0) err = bad;
		avformat_free_context(out);
	}
	avformat_close_input(&in);
	av_packet_free(&pkt);
	return err < 0 ? err : 0;
}

// decode_first reports whether the first frame of a movie decodes.
static int decode_first(AVStream *st, AVPacket *pkt) {
	const AVCodec *codec = avcodec_find_decoder(st->codecpar->codec_id);
	AVCodecContext *dec = codec ? avcodec_alloc_context3(codec) : NULL;
	AVFrame *frame = av_frame_alloc();
	int err = dec && frame ? avcodec_parameters_to_context(dec, st->codecpar) : AVERROR(ENOMEM);
	pkt->flags &= ~AV_PKT_FLAG_DISCARD; // hidden by the edit list is not damaged
	if (err >= 0) err = avcodec_open2(dec, codec, NULL);
	if (err >= 0) err = avcodec_send_packet(dec, pkt);
	if (err >= 0) err = avcodec_send_packet(dec, NULL);
	if (err >= 0) err = avcodec_receive_frame(dec, frame);
	av_frame_free(&frame);
	avcodec_free_context(&dec);
	return err == AVERROR_EOF ? AVERROR_INVALIDDATA : err;
}

static int add_time(rvo_movie *out, int64_t at) {
	if (out->frames % 256 == 0) {
		int err = av_reallocp_array(&out->times, out->frames + 256, sizeof(*out->times));
		if (err < 0) return err;
	}
	out->times[out->frames++] = at;
	return 0;
}

static const AVRational ns = {1, 1000000000};

// A reach holds what is needed to compute the end of a track, in its time base.
typedef struct {
	int64_t begin; // decoding time of the first packet; AV_NOPTS_VALUE: none yet
	int64_t delay; // of the last packet, from decoding to presentation
} reach;

// last_end returns the end of the longest track in nanoseconds. It uses the duration of the track (of its samples, or
// of its edit list if that is shorter) because FFmpeg reports only an average duration for the last packet.
static int64_t last_end(const AVFormatContext *in, const reach *reaches) {
	int64_t end = 0;
	for (unsigned i = 0; i < FFMIN(in->nb_streams, MAX_TRACKS); i++) {
		const AVStream *st = in->streams[i];
		if (reaches[i].begin == AV_NOPTS_VALUE || st->duration == AV_NOPTS_VALUE) continue;
		int64_t length = st->duration + FFMAX(0, reaches[i].begin + reaches[i].delay);
		end = FFMAX(end, av_rescale_q(length, st->time_base, ns));
	}
	return end;
}

static int read_packet(AVFormatContext *in, const AVPacket *pkt, rvo_movie *out) {
	const AVStream *st = in->streams[pkt->stream_index];
	int64_t at = av_rescale_q(pkt->pts, st->time_base, ns);
	int64_t end = av_rescale_q(pkt->pts + pkt->duration, st->time_base, ns);
	if (end > out->duration_ns) out->duration_ns = end;
	if (st->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) {
		out->samples++;
		return 0;
	}
	if (pkt->flags & AV_PKT_FLAG_KEY) out->key_frames++;
	if (pkt->pts < 0) out->hidden++;
	return add_time(out, at);
}

int rvo_movie_read(const char *path, rvo_movie *out) {
	AVFormatContext *in = NULL;
	AVPacket *pkt = av_packet_alloc();
	int err = pkt ? avformat_open_input(&in, path, NULL, NULL) : AVERROR(ENOMEM);
	if (err < 0) {
		av_packet_free(&pkt);
		return err;
	}
	for (unsigned i = 0; i < in->nb_streams; i++) {
		const AVCodecParameters *par = in->streams[i]->codecpar;
		const char *name = avcodec_get_name(par->codec_id);
		if (par->codec_type == AVMEDIA_TYPE_AUDIO) av_strlcpy(out->sound, name, sizeof(out->sound));
		if (par->codec_type != AVMEDIA_TYPE_VIDEO) continue;
		av_strlcpy(out->codec, name, sizeof(out->codec));
		out->width = par->width;
		out->height = par->height;
	}
	reach reaches[MAX_TRACKS];
	for (int i = 0; i < MAX_TRACKS; i++) reaches[i] = (reach){AV_NOPTS_VALUE, 0};
	while ((err = av_read_frame(in, pkt)) >= 0) {
		AVStream *st = in->streams[pkt->stream_index];
		if (pkt->stream_index < MAX_TRACKS) {
			reach *r = &reaches[pkt->stream_index];
			if (r->begin == AV_NOPTS_VALUE) r->begin = pkt->dts;
			r->delay = pkt->pts - pkt->dts;
		}
		if (pkt->flags & AV_PKT_FLAG_CORRUPT) out->cut = 1;
		else err = read_packet(in, pkt, out);
		int first = out->frames == 1 && st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
		if (err >= 0 && first) err = decode_first(st, pkt);
		av_packet_unref(pkt);
		if (err < 0) break;
	}
	if (err == AVERROR_EOF) err = 0;
	if (in->pb && in->pb->error < 0) err = in->pb->error;
	if (!out->cut) out->duration_ns = FFMAX(out->duration_ns, last_end(in, reaches));
	avformat_close_input(&in);
	av_packet_free(&pkt);
	return err < 0 ? err : 0;
}

void rvo_movie_free(rvo_movie *m) { av_freep(&m->times); }
