//go:build cgo

#include <malloc.h>

// glibc creates up to eight arenas per core and rarely returns their memory. Decoders
// and encoders come and go on any thread, so freed memory would pile up in many arenas.
// Two arenas reuse it. Large blocks, such as frames, are mapped on their own and
// returned at once. A thread keeps the arena of its first allocation, so this must run
// before Go starts threads.
__attribute__((constructor)) static void bound_memory(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}
