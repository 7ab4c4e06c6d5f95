//go:build cgo

#include <malloc.h>

// glibc gives each thread an arena of its own, up to eight for each core, and keeps in
// each what was ever used there. Decoders and encoders come and go with cameras, on
// whichever thread: what they leave in arena after arena is memory that nobody uses
// again. With two arenas it is used again, and what is large, such as frames, is mapped by
// itself and given back at once. A thread has its arena from its first call on, so this
// must come before Go starts any.
__attribute__((constructor)) static void bound_memory(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}
