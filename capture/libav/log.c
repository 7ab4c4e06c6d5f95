//go:build cgo

#include "demux.h"

#include <libavutil/log.h>
#include <stdio.h>
#include <string.h>

// libav has one log callback for the whole process. What it logs in a thread that
// opens or reads an input is kept as the cause of a failure. Everything else goes to
// standard error, which the program copies into its own log.
static _Thread_local char *kept;
static _Thread_local int hush;

static void on_log(void *source, int level, const char *format, va_list args) {
	if (kept != NULL && level <= AV_LOG_WARNING) {
		char line[512];
		int prefix = 1;
		va_list copy;
		va_copy(copy, args);
		av_log_format_line2(source, level, format, copy, line, sizeof line, &prefix);
		va_end(copy);
		size_t have = strlen(kept);
		if (have + strlen(line) + 1 < RVO_LOG) strcpy(kept + have, line);
		if (hush) return;
	}
	if (level <= AV_LOG_ERROR) av_log_default_callback(source, level, format, args);
}

void rvo_log_install(void) { av_log_set_callback(on_log); }

void rvo_log_begin(char *buf, int quiet) {
	*buf = 0;
	kept = buf;
	hush = quiet;
}

void rvo_log_end(void) { kept = NULL; }
