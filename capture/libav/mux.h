// The movie writer: packets in, MP4 out. Every function that can fail returns a negative AVERROR.
#ifndef RVO_MUX_H
#define RVO_MUX_H

#include <stdint.h>

#define MAX_TRACKS 4 // per movie

typedef struct rvo_mux rvo_mux;

// The properties of a track that rvo_mux_add cannot read from its bytes.
typedef struct {
	int width, height, rotation, mirror, aspect_num, aspect_den;
	int primaries, transfer, matrix, full_range; // H.273 code points, used where the bitstream has none; 0 or 2: unknown
	int sample_rate, channels;
	int encode;        // decode, and encode as H.264 (video) or AAC (sound)
	int max_width;     // of encoded video; 0: unchanged
	int64_t step_ns;   // shortest interval between encoded frames; 0: every frame
} rvo_track;

// rvo_mux_new begins a fragmented movie in a new file.
int rvo_mux_new(const char *path, rvo_mux **out);
// rvo_mux_add adds a track and returns its index. first is a packet at which a decoder can start.
int rvo_mux_add(rvo_mux *m, const char *codec, const uint8_t *config, int config_size, const uint8_t *first, int first_size, const rvo_track *t);
// rvo_mux_start writes the header. Call it once, between the last rvo_mux_add and the first rvo_mux_write.
int rvo_mux_start(rvo_mux *m);
// rvo_mux_write writes one packet. Times are nanoseconds since the start of the movie and may be negative.
int rvo_mux_write(rvo_mux *m, int track, const uint8_t *data, int size, int64_t pts, int64_t dts, int64_t duration, int key);
// rvo_mux_end writes all buffered packets, closes the file and frees m.
int rvo_mux_end(rvo_mux *m);

// The contents of a movie, found by reading it to its end.
typedef struct {
	int frames, hidden;        // video packets, and how many of them the edit list hides
	int key_frames, samples;   // key frames of video, packets of sound
	int64_t duration_ns;       // as a player shows it
	int64_t *times;            // presentation time of each video packet in nanoseconds; rvo_movie_free frees it
	int width, height;
	char codec[16], sound[16]; // "" where there is none
	int cut;                   // the last fragment is incomplete
} rvo_movie;

// rvo_movie_finish remuxes a fragmented movie to a plain MP4 with its index at the front. Incomplete packets are left out.
int rvo_movie_finish(const char *from, const char *to);
// rvo_movie_read reads a movie to its end and decodes its first frame.
int rvo_movie_read(const char *path, rvo_movie *out);
void rvo_movie_free(rvo_movie *m);

#endif
