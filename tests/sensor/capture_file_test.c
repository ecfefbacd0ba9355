/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files: every format and byte order, written byte by byte here; and files that are none. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/capture.h"

static char directory[] = "/tmp/podwire-capture-XXXXXX";
static char path[256];
static char error[256];

/* A file in the making. */
static uint8_t bytes[200000];
static size_t size;
static bool little;

static int
setup_group(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int
teardown_group(void **state)
{
	(void)state;
	return rmdir(directory);
}

static int
setup(void **state)
{
	(void)state;
	size = 0;
	little = true;
	snprintf(path, sizeof(path), "%s/capture", directory);
	memset(error, 'x', sizeof(error));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void
put(const void *data, size_t count)
{
	assert_true(size + count <= sizeof(bytes));
	memcpy(bytes + size, data, count);
	size += count;
}

static void
put8(unsigned value)
{
	put(&(uint8_t){ (uint8_t)value }, 1);
}

static void
put16(unsigned value)
{
	put8(little ? value & 0xff : value >> 8);
	put8(little ? value >> 8 : value & 0xff);
}

static void
put32(uint32_t value)
{
	put16(little ? value & 0xffff : value >> 16);
	put16(little ? value >> 16 : value & 0xffff);
}

static void
put64(uint64_t value)
{
	put32(little ? (uint32_t)value : (uint32_t)(value >> 32));
	put32(little ? (uint32_t)(value >> 32) : (uint32_t)value);
}

static void
pcap_header(uint32_t magic, uint32_t link_type)
{
	put32(magic);
	put16(2);
	put16(4);
	put64(0);
	put32(65535);
	put32(link_type);
}

static void
pcap_record(uint32_t seconds, uint32_t fraction, const char *data, uint32_t original)
{
	put32(seconds);
	put32(fraction);
	put32((uint32_t)strlen(data));
	put32(original);
	put(data, strlen(data));
}

/* Ends the block that began at start: pads, and puts its length at both ends. */
static void
block_end(size_t start)
{
	size_t end;

	while (size % 4 != 0)
		put8(0);
	put32((uint32_t)(size + 4 - start));
	end = size;
	size = start + 4;
	put32((uint32_t)(end - start));
	size = end;
}

static size_t
block_begin(uint32_t type)
{
	size_t start = size;

	put32(type);
	put32(0);
	return start;
}

static void
section(unsigned major)
{
	size_t start = block_begin(0x0a0d0d0a);

	put32(0x1a2b3c4d);
	put16(major);
	put16(0);
	put64(UINT64_MAX);
	block_end(start);
}

static void
interface(unsigned link_type, uint32_t snapshot_length)
{
	size_t start = block_begin(1);

	put16(link_type);
	put16(0);
	put32(snapshot_length);
	block_end(start);
}

/* With a name, a resolution of time units, and seconds to add. */
static void
interface_of_time(unsigned resolution, int64_t offset)
{
	size_t start = block_begin(1);

	put16(1);
	put16(0);
	put32(0);
	put16(2);
	put16(3);
	put("lo0", 4);
	put16(9);
	put16(1);
	put8(resolution);
	put("\0\0", 3);
	put16(14);
	put16(8);
	put64((uint64_t)offset);
	put32(0);
	block_end(start);
}

static void
enhanced_packet(uint32_t number, uint64_t time, const char *data, uint32_t original)
{
	size_t start = block_begin(6);

	put32(number);
	put32((uint32_t)(time >> 32));
	put32((uint32_t)time);
	put32((uint32_t)strlen(data));
	put32(original);
	put(data, strlen(data));
	block_end(start);
}

static void
save_as(const char *name, size_t count)
{
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), count);
	assert_int_equal(close(fd), 0);
}

static void
save(void)
{
	save_as("capture", size);
}

static struct capture *
open_saved(void)
{
	struct capture *c;

	save();
	c = capture_open(path, 7, error, sizeof(error));
	if (c == NULL)
		fail_msg("%s", error);
	return c;
}

static void
check_frame(struct capture *c, uint64_t number, int64_t time, int link_type, const char *data, uint32_t original)
{
	struct frame frame;

	assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_FRAME);
	assert_int_equal(frame.number, number);
	assert_int_equal(frame.file, 7);
	assert_true(frame.time == time);
	assert_int_equal(frame.link_type, link_type);
	assert_int_equal(frame.captured, strlen(data));
	assert_int_equal(frame.original, original);
	assert_memory_equal(frame.bytes, data, strlen(data));
}

static void
check_end(struct capture *c)
{
	uint64_t read, total;
	struct frame frame;

	assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_END);
	assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_END);
	capture_position(c, &read, &total);
	assert_int_equal(read, size);
	assert_int_equal(total, size);
	capture_close(c);
}

/* The file is refused, with one line that contains this. */
static void
check_refused(const char *why)
{
	assert_null(capture_open(path, 0, error, sizeof(error)));
	if (strstr(error, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error, why);
	assert_null(strchr(error, '\n'));
}

/* So many frames, and then this error. */
static void
check_broken(uint64_t frames, const char *why)
{
	struct capture *c = open_saved();
	struct frame frame;

	for (uint64_t i = 0; i < frames; i++)
		assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_FRAME);
	assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_ERROR);
	if (strstr(error, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error, why);
	assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_END);
	capture_close(c);
}

static void
test_pcap(void **state)
{
	static const uint32_t magics[2] = { 0xa1b2c3d4, 0xa1b23c4d };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool nanoseconds = i % 2;
		struct capture *c;

		size = 0;
		little = i < 2;
		pcap_header(magics[nanoseconds], 1);
		pcap_record(1000000000, 123456, "first", 5);
		pcap_record(1000000001, 999999, "second", 1500);
		pcap_record(0xf0000000, 0, "after 2038", 10);
		c = open_saved();
		check_frame(c, 1, nanoseconds ? 1000000000000123456 : 1000000000123456000, 1, "first", 5);
		check_frame(c, 2, nanoseconds ? 1000000001000999999 : 1000000001999999000, 1, "second", 1500);
		check_frame(c, 3, 0xf0000000 * INT64_C(1000000000), 1, "after 2038", 10);
		check_end(c);
	}
}

static void
test_pcap_link_types(void **state)
{
	static const uint32_t types[] = { 0, 1, 9, 50, 51, 101, 108, 113, 228, 229, 276 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct capture *c;
		struct frame frame;

		size = 0;
		pcap_header(0xa1b2c3d4, types[i]);
		pcap_record(1, 2, "frame", 5);
		c = open_saved();
		assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_FRAME);
		assert_true(packet_link_supported(frame.link_type));
		capture_close(c);
	}
	size = 0;
	pcap_header(0xa1b2c3d4, 105);
	save();
	check_refused("link-layer type 105 (IEEE802_11) is not supported");
	size = 0;
	pcap_header(0xa1b2c3d4, 9999);
	save();
	check_refused("link-layer type 9999 (unknown) is not supported");
}

static void
test_pcap_truncated(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 1);
	pcap_record(1, 2, "first", 5);
	pcap_record(1, 2, "second", 6);
	size -= 3;
	check_broken(1, "truncated after packet 1");
	size -= 12;
	check_broken(1, "truncated after packet 1");
	/* Broken in another way: a record longer than any. */
	size = 24;
	pcap_record(1, 2, "first", 5);
	put32(0);
	put32(0);
	put32(0x7fffffff);
	put32(0x7fffffff);
	check_broken(1, "not readable after packet 1: ");
}

/* Every prefix of a file: some frames, then an error or an end; never more than there are. */
static void
each_prefix(unsigned frames)
{
	size_t whole = size;
	unsigned seen = 0;

	for (size_t i = 1; i < whole; i++) {
		struct capture *c;
		struct frame frame;
		unsigned count = 0;

		save_as("capture", i);
		memset(error, 0, sizeof(error));
		c = capture_open(path, 0, error, sizeof(error));
		if (c == NULL) {
			assert_int_equal(seen, 0);
			assert_true(strlen(error) > 0);
			continue;
		}
		while (capture_next(c, &frame, error, sizeof(error)) == CAPTURE_FRAME)
			count++;
		assert_true(count >= seen && count <= frames);
		seen = count;
		capture_close(c);
	}
	assert_true(seen == frames || seen + 1 == frames);
}

static void
test_prefixes(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 1);
	pcap_record(1, 2, "first", 5);
	pcap_record(1, 2, "second", 6);
	each_prefix(2);
	for (unsigned i = 0; i < 2; i++) {
		size = 0;
		little = i == 0;
		section(1);
		interface_of_time(9, 3);
		enhanced_packet(0, 1, "first", 5);
		enhanced_packet(0, 1, "second", 6);
		each_prefix(2);
	}
}

static void
test_pcapng(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct capture *c;
		size_t start;

		size = 0;
		little = i == 0;
		section(1);
		start = block_begin(5); /* interface statistics: passed over */
		put64(0);
		block_end(start);
		interface(1, 4);
		enhanced_packet(0, 1000000000123456, "first", 5);
		start = block_begin(0x0bad);
		for (unsigned j = 0; j < 20000; j++)
			put8(j);
		block_end(start);
		start = block_begin(3); /* simple packet: of the first interface, its snapshot length applies */
		put32(60);
		put("abcd", 4);
		block_end(start);
		start = block_begin(3);
		put32(3);
		put("xyz", 3);
		block_end(start);
		start = block_begin(2); /* the obsolete packet block */
		put16(0);
		put16(5);
		put32(0);
		put32(17);
		put32(3);
		put32(99);
		put("old", 3);
		block_end(start);
		little = !little; /* a second section, of the other byte order and link type */
		section(1);
		interface(113, 0);
		enhanced_packet(0, 5, "cooked", 6);
		start = block_begin(3);
		put32(7);
		put("no snap", 7);
		block_end(start);
		c = open_saved();
		check_frame(c, 1, 1000000000123456000, 1, "first", 5);
		check_frame(c, 2, 0, 1, "abcd", 60);
		check_frame(c, 3, 0, 1, "xyz", 3);
		check_frame(c, 4, 17000, 1, "old", 99);
		check_frame(c, 5, 5000, 113, "cooked", 6);
		check_frame(c, 6, 0, 113, "no snap", 7);
		check_end(c);
	}
}

static void
test_pcapng_interfaces(void **state)
{
	struct capture *c;

	(void)state;
	section(1);
	interface(105, 65535); /* one that is not read is no reason to refuse the others */
	interface(1, 65535);
	interface(0, 262144);
	enhanced_packet(1, 1000, "ethernet", 8);
	enhanced_packet(2, 2000, "null", 4);
	for (unsigned i = 0; i < 20; i++)
		interface(101, 0);
	enhanced_packet(22, 3000, "raw", 3);
	enhanced_packet(0, 4000, "wireless", 8);
	c = open_saved();
	check_frame(c, 1, 1000000, 1, "ethernet", 8);
	check_frame(c, 2, 2000000, 0, "null", 4);
	check_frame(c, 3, 3000000, 101, "raw", 3);
	check_frame(c, 4, 4000000, 105, "wireless", 8);
	check_end(c);
	size = 0;
	section(1);
	interface(105, 65535);
	enhanced_packet(0, 1000, "wireless", 8);
	save();
	check_refused("link-layer type 105 is not supported");
	/* A section without interfaces is an empty capture. */
	size = 0;
	section(1);
	check_end(open_saved());
}

static void
test_pcapng_time(void **state)
{
	static const struct {
		unsigned resolution;
		int64_t offset;
		uint64_t units;
		int64_t time;
	} times[] = {
		{ 6, 0, 1500000000123456, 1500000000123456000 },
		{ 9, 0, 1500000000123456789, 1500000000123456789 },
		{ 3, 0, 1500000000123, 1500000000123000000 },
		{ 0, 0, 1500000000, 1500000000000000000 },
		{ 12, 0, 15000000001234567, 15000000001234 },
		{ 19, 0, 15000000000000000000u, 1500000000 },
		{ 20, 0, 15000000000000000000u, 0 },
		{ 127, 0, 1, 0 },
		{ 0x80 | 10, 0, 1024 * 7 + 512, 7500000000 },
		{ 0x80 | 40, 0, (UINT64_C(7) << 40) + (UINT64_C(1) << 39), 7500000000 },
		{ 0x80 | 63, 0, UINT64_C(3) << 62, 1500000000 },
		{ 0x80 | 64, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 5, 5000000000 },
		{ 6, 100, 2500000, 102500000000 },
		{ 6, -100, 200000000, 100000000000 },
		{ 6, -100, 0, 0 },
		{ 6, INT64_MIN, 0, 0 },
		{ 6, INT64_MAX, 5, (INT64_MAX / 1000000000 - 1) * 1000000000 },
		{ 0, 0, UINT64_MAX, (INT64_MAX / 1000000000 - 1) * 1000000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct capture *c;

		size = 0;
		section(1);
		interface_of_time(times[i].resolution, times[i].offset);
		enhanced_packet(0, times[i].units, "frame", 5);
		c = open_saved();
		check_frame(c, 1, times[i].time, 1, "frame", 5);
		check_end(c);
	}
}

/* A good file of one packet with one byte changed, and what is said of it then. */
static void
check_changed(size_t offset, uint8_t value, bool opens, const char *why)
{
	size = 0;
	section(1);                    /* 28 bytes */
	interface(1, 65535);           /* 20 bytes: at 28 */
	enhanced_packet(0, 1, "1", 1); /* 36 bytes: at 48 */
	enhanced_packet(0, 1, "2", 1); /* at 84 */
	bytes[offset] = value;
	if (opens) {
		check_broken(offset >= 84, why);
	} else {
		save();
		check_refused(why);
	}
}

static void
test_pcapng_malformed(void **state)
{
	(void)state;
	check_changed(8, 0x4e, false, "without byte-order magic");
	check_changed(12, 2, false, "major version");
	check_changed(4, 8, false, "impossible length 8");
	check_changed(4, 27, false, "impossible length 27");
	check_changed(4, 12, false, "impossible length 12");
	check_changed(24, 29, false, "two lengths disagree");
	check_changed(31, 1, false, "interface that is not described"); /* the interface is another block, passed over */
	check_changed(44, 24, false, "two lengths disagree");
	check_changed(52, 8, true, "impossible length 8");
	check_changed(84 + 4, 0xff, true, "impossible length");
	check_changed(84 + 5, 4, true, "truncated after packet 1");
	check_changed(84 + 7, 0x7f, true, "a block of ");
	check_changed(84 + 8, 1, true, "interface that is not described");
	check_changed(84 + 20, 5, true, "longer than its block");
	check_changed(84 + 23, 0xff, true, "longer than its block");
	check_changed(84 + 32, 7, true, "two lengths disagree");
	size = 0;
	section(1);
	put32(1);
	put32(12);
	put32(12);
	save();
	check_refused("interface description too short");
	size = 0;
	put("\n{ \"packets\": [] }\n", 19);
	save();
	check_refused("does not begin with a section header");
}

static void
test_not_captures(void **state)
{
	static const struct {
		const char *content;
		size_t size;
		const char *why;
	} files[] = {
		{ "\x1f\x8b\x08\0\0\0\0\0\0\0", 10, "gzip-compressed: decompress it first" },
		{ "\x28\xb5\x2f\xfd\0\0\0\0", 8, "Zstandard-compressed" },
		{ "\xfd" "7zXZ\0\0\0", 8, "xz-compressed" },
		{ "BZh91AY", 7, "bzip2-compressed" },
		{ "\x04\x22\x4d\x18\0\0\0\0", 8, "LZ4-compressed" },
		{ "PK\x03\x04\0\0\0\0", 8, "a zip archive" },
		{ "snoop\0\0\0\0\0\0\2", 12, "a snoop capture" },
		{ "GMBU\0\2\0\0", 8, "a Network Monitor capture" },
		{ "#!/bin/sh\necho 100%s%n\n", 23, "it begins with the bytes 23212f62696e2f73" },
		{ "ab", 2, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size = 0;
		put(files[i].content, files[i].size);
		save();
		check_refused(files[i].why);
		check_refused(path);
	}
	size = 0;
	save();
	check_refused("the file is empty");
	(void)unlink(path);
	check_refused("No such file");
	snprintf(path, sizeof(path), "%s", directory);
	check_refused("a directory, not a capture file");
	if (geteuid() != 0) {
		size = 0;
		put8(1);
		save();
		assert_int_equal(chmod(path, 0), 0);
		check_refused("Permission denied");
	}
}

static void
test_odd_names(void **state)
{
	(void)state;
	put("text", 4);
	save_as("%s%n\n\x1b[31m", size);
	check_refused("%s%n??[31m: not a pcap");
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/-", directory);
	check_refused("/-: No such file");
	/* The message is cut to its room. */
	assert_null(capture_open(path, 0, error, 5));
	assert_int_equal(strlen(error), 4);
}

/* What is saved, written into fd by another process. */
static pid_t
feed(const char *to, int fd)
{
	pid_t child = fork();

	if (child == 0) {
		if (fd < 0)
			fd = open(to, O_WRONLY);
		_exit(write(fd, bytes, size) == (ssize_t)size ? 0 : 1);
	}
	assert_true(child > 0);
	return child;
}

static void
reap(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
test_fifo(void **state)
{
	uint64_t read, total;
	struct capture *c;
	pid_t child;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		size = 0;
		if (i == 0) {
			pcap_header(0xa1b2c3d4, 1);
			pcap_record(1, 0, "piped", 5);
		} else {
			section(1);
			interface(1, 0);
			enhanced_packet(0, 1000000, "piped", 5);
		}
		(void)unlink(path);
		assert_int_equal(mkfifo(path, 0600), 0);
		child = feed(path, -1);
		c = capture_open(path, 7, error, sizeof(error));
		assert_non_null(c);
		check_frame(c, 1, 1000000000, 1, "piped", 5);
		capture_position(c, &read, &total);
		assert_int_equal(total, 0);
		capture_close(c);
		reap(child);
	}
	size = 0;
	put("\x1f\x8b\x08\0", 4);
	child = feed(path, -1);
	check_refused("gzip-compressed");
	reap(child);
	size = 0;
	child = feed(path, -1);
	check_refused("no capture arrived");
	reap(child);
}

static void
test_standard_input(void **state)
{
	int kept = dup(0), ends[2];
	struct capture *c;
	struct frame frame;

	(void)state;
	pcap_header(0xa1b2c3d4, 1);
	pcap_record(1, 0, "piped", 5);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, size), (ssize_t)size);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], 0), 0);
	close(ends[0]);
	c = capture_open("-", 7, error, sizeof(error));
	assert_non_null(c);
	check_frame(c, 1, 1000000000, 1, "piped", 5);
	assert_int_equal(capture_next(c, &frame, error, sizeof(error)), CAPTURE_END);
	capture_close(c);
	/* Once more: nothing is left. */
	snprintf(path, sizeof(path), "-");
	check_refused("standard input: empty");
	assert_int_equal(dup2(kept, 0), 0);
	close(kept);
	capture_close(NULL);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_pcap),
		T(test_pcap_link_types),
		T(test_pcap_truncated),
		T(test_prefixes),
		T(test_pcapng),
		T(test_pcapng_interfaces),
		T(test_pcapng_time),
		T(test_pcapng_malformed),
		T(test_not_captures),
		T(test_odd_names),
		T(test_fifo),
		T(test_standard_input),
	};

	return cmocka_run_group_tests_name("sensor/capture_file", tests, setup_group, teardown_group);
}
