/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files and pipes: pcap is read by libpcap, whose types only this file knows, pcapng in
 * capture_pcapng.c. What libpcap cannot tell clearly is looked at before it is asked, or after it
 * refused.
 */
#include <config.h>

#include "capture.h"

#include <errno.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture_pcapng.h"

struct capture {
	FILE *file;       /* the pcap_t closes it, where there is one */
	pcap_t *pcap;     /* one of the two */
	struct pcapng *pcapng;
	uint64_t packets; /* read so far */
	uint64_t size;    /* of the file, or 0 */
	uint16_t index;
	bool ended;       /* by its end or by an error */
};

enum { NAME_SIZE = 1024, MAGIC_SIZE = 8 };

/* What a file that is no capture may begin with. */
static const struct {
	const char *bytes;
	size_t size;
	const char *what;
} magics[] = {
	{ "\x1f\x8b", 2, "gzip-compressed: decompress it first" },
	{ "\x28\xb5\x2f\xfd", 4, "Zstandard-compressed: decompress it first" },
	{ "\xfd" "7zXZ", 5, "xz-compressed: decompress it first" },
	{ "BZh", 3, "bzip2-compressed: decompress it first" },
	{ "\x04\x22\x4d\x18", 4, "LZ4-compressed: decompress it first" },
	{ "PK\x03\x04", 4, "a zip archive: unpack it first" },
	{ "snoop\0\0\0", 8, "a snoop capture: convert it to pcapng with editcap" },
	{ "GMBU", 4, "a Network Monitor capture: convert it to pcapng with editcap" },
	{ "RTSS", 4, "a Network Monitor capture: convert it to pcapng with editcap" },
};

/* The path as one line of text, however it was named. */
static const char *
printable(const char *path, char name[NAME_SIZE])
{
	size_t i;

	if (strcmp(path, "-") == 0)
		path = "standard input";
	for (i = 0; path[i] != '\0' && i + 1 < NAME_SIZE; i++)
		name[i] = (unsigned char)path[i] < 0x20 || path[i] == 0x7f ? '?' : path[i];
	name[i] = '\0';
	return name;
}

/* Opens path, and says why where it cannot be a capture. */
static FILE *
file_open(const char *path, const char *name, struct stat *st, char *error, size_t error_size)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");

	if (file == NULL || fstat(fileno(file), st) != 0) {
		snprintf(error, error_size, "%s: %s", name, strerror(errno));
	} else if (S_ISDIR(st->st_mode)) {
		snprintf(error, error_size, "%s: a directory, not a capture file", name);
	} else if (S_ISREG(st->st_mode) && st->st_size == 0) {
		snprintf(error, error_size, "%s: the file is empty", name);
	} else {
		return file;
	}
	if (file != NULL && file != stdin)
		fclose(file);
	return NULL;
}

/*
 * Reads the first bytes ahead: all that are asked for from a file, one from a pipe, which takes
 * no more back. Returns how many there are.
 */
static size_t
peek(FILE *file, uint8_t magic[MAGIC_SIZE])
{
	off_t start = ftello(file);
	size_t size;
	int first;

	if (start >= 0 && (size = fread(magic, 1, MAGIC_SIZE, file)) > 0)
		return fseeko(file, start, SEEK_SET) == 0 ? size : 0;
	clearerr(file);
	first = getc(file);
	if (first == EOF || ungetc(first, file) == EOF)
		return 0;
	magic[0] = (uint8_t)first;
	return 1;
}

/* Why libpcap refused a file that begins with these bytes. */
static void
refused(const char *name, const uint8_t *magic, size_t size, const char *reason, char *error, size_t error_size)
{
	char hex[2 * MAGIC_SIZE + 1] = "";

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (size >= magics[i].size && memcmp(magic, magics[i].bytes, magics[i].size) == 0) {
			snprintf(error, error_size, "%s: not a capture file but %s", name, magics[i].what);
			return;
		}
	}
	/* A pipe shows its first byte alone. */
	if (size == 1 && magic[0] == 0x1f) {
		snprintf(error, error_size, "%s: not a capture, it seems gzip-compressed: decompress it first", name);
		return;
	}
	if (strstr(reason, "unknown file format") == NULL) {
		snprintf(error, error_size, "%s: %s", name, reason);
		return;
	}
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", magic[i]);
	snprintf(error, error_size, "%s: not a pcap or pcapng file (it begins with the bytes %s)", name, hex);
}

/* A pcap_t that reads file, or NULL. Takes file. */
static pcap_t *
open_pcap(FILE *file, const char *name, const uint8_t *magic, size_t magic_size, char *error, size_t error_size)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
	const char *type;
	int link_type;

	if (pcap == NULL) {
		refused(name, magic, magic_size, reason, error, error_size);
		if (file != stdin)
			fclose(file);
		return NULL;
	}
	link_type = pcap_datalink(pcap);
	if (packet_link_supported(link_type))
		return pcap;
	type = pcap_datalink_val_to_name(link_type);
	snprintf(error, error_size, "%s: link-layer type %d (%s) is not supported", name, link_type, type == NULL ? "unknown" : type);
	pcap_close(pcap);
	return NULL;
}

/* Likewise for a pcapng file, which stays open. */
static struct pcapng *
open_pcapng(FILE *file, const char *name, char *error, size_t error_size)
{
	char reason[256];
	struct pcapng *pcapng = pcapng_new(file, reason, sizeof(reason));

	if (pcapng != NULL)
		return pcapng;
	snprintf(error, error_size, "%s: %s", name, reason);
	if (file != stdin)
		fclose(file);
	return NULL;
}

static bool
open_reader(struct capture *capture, const char *path, char *error, size_t error_size)
{
	char name[NAME_SIZE];
	uint8_t magic[MAGIC_SIZE] = { 0 };
	struct stat st = { .st_size = 0 };
	size_t size;

	capture->file = file_open(path, printable(path, name), &st, error, error_size);
	if (capture->file == NULL)
		return false;
	capture->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	size = peek(capture->file, magic);
	if (size > 0 && magic[0] == PCAPNG_FIRST_BYTE) {
		capture->pcapng = open_pcapng(capture->file, name, error, error_size);
		return capture->pcapng != NULL;
	}
	if (size > 0) {
		capture->pcap = open_pcap(capture->file, name, magic, size, error, error_size);
		return capture->pcap != NULL;
	}
	snprintf(error, error_size, "%s: empty, no capture arrived", name);
	if (capture->file != stdin)
		fclose(capture->file);
	return false;
}

struct capture *
capture_open(const char *path, uint16_t index, char *error, size_t error_size)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (capture == NULL) {
		snprintf(error, error_size, "%s", strerror(errno));
		return NULL;
	}
	capture->index = index;
	if (open_reader(capture, path, error, error_size))
		return capture;
	free(capture);
	return NULL;
}

void
capture_close(struct capture *capture)
{
	if (capture == NULL)
		return;
	if (capture->pcap != NULL)
		pcap_close(capture->pcap);
	else if (capture->file != stdin)
		fclose(capture->file);
	pcapng_free(capture->pcapng);
	free(capture);
}

/* Nanoseconds since 1970; with the precision asked for, tv_usec holds nanoseconds. */
static int64_t
frame_time(const struct timeval *tv)
{
	static const int64_t billion = 1000000000, last = INT64_MAX / 1000000000 - 4;
	int64_t seconds = tv->tv_sec, nanoseconds = tv->tv_usec;

	/* libpcap reads a pcap file's unsigned seconds as signed: those after January 2038 come out below 0. */
	if (seconds < 0)
		seconds = seconds >= INT32_MIN ? seconds + (INT64_C(1) << 32) : 0;
	if (seconds > last)
		seconds = last;
	if (nanoseconds < 0 || nanoseconds >= billion)
		nanoseconds = billion - 1;
	return seconds * billion + nanoseconds;
}

static enum capture_result
next_of_pcap(struct capture *capture, struct frame *frame, char *reason, size_t reason_size)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result = pcap_next_ex(capture->pcap, &header, &bytes);

	if (result == PCAP_ERROR_BREAK)
		return CAPTURE_END;
	if (result != 1) {
		const char *why = pcap_geterr(capture->pcap);

		snprintf(reason, reason_size, "%s", strncmp(why, "truncated dump file", 19) == 0 ? CAPTURE_TRUNCATED : why);
		return CAPTURE_ERROR;
	}
	*frame = (struct frame){
		.time = frame_time(&header->ts),
		.link_type = pcap_datalink(capture->pcap),
		.bytes = bytes,
		.captured = header->caplen,
		.original = header->len,
	};
	return CAPTURE_FRAME;
}

enum capture_result
capture_next(struct capture *capture, struct frame *frame, char *error, size_t error_size)
{
	char reason[256] = "";
	unsigned long long packets = capture->packets;
	enum capture_result result;

	if (capture->ended)
		return CAPTURE_END;
	if (capture->pcap != NULL)
		result = next_of_pcap(capture, frame, reason, sizeof(reason));
	else
		result = pcapng_next(capture->pcapng, frame, reason, sizeof(reason));
	if (result == CAPTURE_FRAME) {
		frame->number = ++capture->packets;
		frame->file = capture->index;
		return CAPTURE_FRAME;
	}
	capture->ended = true;
	if (result == CAPTURE_END)
		return CAPTURE_END;
	if (strcmp(reason, CAPTURE_TRUNCATED) == 0)
		snprintf(error, error_size, "truncated after packet %llu", packets);
	else
		snprintf(error, error_size, "not readable after packet %llu: %s", packets, reason);
	return CAPTURE_ERROR;
}

void
capture_position(const struct capture *capture, uint64_t *read, uint64_t *total)
{
	off_t at = ftello(capture->file);

	*read = at < 0 ? 0 : (uint64_t)at;
	*total = capture->size;
}
