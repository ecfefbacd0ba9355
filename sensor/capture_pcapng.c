/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapng (draft-ietf-opsawg-pcapng): blocks of a type and a length, which stands at both ends. A
 * section header tells the byte order of what follows; interface descriptions are numbered in it
 * from 0 and tell link-layer type and time units; the rest but packets is passed over.
 */
#include <config.h>

#include "capture_pcapng.h"

#include <stdarg.h>
#include <stdlib.h>

#include "dissectors/cursor.h"

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum {
	BLOCK_SIZE_MIN = 12,
	BLOCK_SIZE_MAX = 16 << 20, /* of those whose content is looked at */
	INTERFACES_MAX = 65536,
	OPTION_END = 0,
	OPTION_TIME_RESOLUTION = 9,
	OPTION_TIME_OFFSET = 14,
};

static const uint32_t byte_order_magic = 0x1a2b3c4d;

struct interface {
	int link_type;
	uint32_t snapshot_length; /* 0: none */
	int64_t offset;           /* seconds to add */
	uint8_t resolution;       /* if_tsresol */
};

struct pcapng {
	FILE *file;
	bool section;       /* a section header was seen */
	bool little_endian; /* in it */
	bool first_held; /* the first packet was read by pcapng_new() */
	enum capture_result first_result;
	struct frame first;
	char first_error[128];
	struct interface *interfaces;
	size_t interface_count, interface_room;
	uint8_t *buffer;
	size_t buffer_size;
};

static uint16_t
get16(const struct pcapng *p, struct cursor *c)
{
	return p->little_endian ? cursor_u16le(c) : cursor_u16(c);
}

static uint32_t
get32(const struct pcapng *p, struct cursor *c)
{
	return p->little_endian ? cursor_u32le(c) : cursor_u32(c);
}

/* Fills error and gives CAPTURE_ERROR. */
static enum capture_result __attribute__((format(printf, 3, 4)))
failed(char *error, size_t error_size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, error_size, format, arguments);
	va_end(arguments);
	return CAPTURE_ERROR;
}

/* Reads size bytes into the buffer; false where there are not so many. */
static bool
fill(struct pcapng *p, size_t size)
{
	if (size > p->buffer_size) {
		uint8_t *larger = realloc(p->buffer, size);

		if (larger == NULL)
			return false;
		p->buffer = larger;
		p->buffer_size = size;
	}
	return fread(p->buffer, 1, size, p->file) == size;
}

static bool
pass_over(struct pcapng *p, uint32_t size)
{
	uint8_t waste[4096];

	while (size > 0) {
		size_t step = size < sizeof(waste) ? size : sizeof(waste);

		if (fread(waste, 1, step, p->file) != step)
			return false;
		size -= (uint32_t)step;
	}
	return true;
}

static bool
is_read(uint32_t type)
{
	return type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_SIMPLE_PACKET ||
		type == BLOCK_ENHANCED_PACKET;
}

/*
 * Reads one block: *type, and in *body what stands between its two lengths, empty for a type that
 * is passed over. CAPTURE_FRAME here says that there was one.
 */
static enum capture_result
read_block(struct pcapng *p, uint32_t *type, struct cursor *body, char *error, size_t error_size)
{
	uint8_t start[12];
	size_t have = fread(start, 1, 8, p->file);
	struct cursor c = cursor_over(start, 8), tail;
	uint32_t size;

	*type = 0;
	if (have == 0 && !ferror(p->file))
		return CAPTURE_END;
	if (have < 8)
		return failed(error, error_size, CAPTURE_TRUNCATED);
	*type = get32(p, &c);
	if (*type == BLOCK_SECTION) { /* the same in any order; the byte order comes before the length has a meaning */
		struct cursor magic = cursor_over(start + 8, 4);

		if (fread(start + 8, 1, 4, p->file) != 4)
			return failed(error, error_size, CAPTURE_TRUNCATED);
		p->little_endian = start[8] == 0x4d;
		if (get32(p, &magic) != byte_order_magic)
			return failed(error, error_size, "a section header without byte-order magic");
		have = 12;
		c = cursor_over(start + 4, 4);
	}
	if (!p->section && *type != BLOCK_SECTION)
		return failed(error, error_size, "it does not begin with a section header");
	p->section = true;
	size = get32(p, &c);
	if (size < BLOCK_SIZE_MIN || size % 4 != 0 || size < have + 4)
		return failed(error, error_size, "a block with the impossible length %u", (unsigned)size);
	size -= (uint32_t)have;
	*body = cursor_over(NULL, 0);
	if (!is_read(*type))
		return pass_over(p, size) ? CAPTURE_FRAME : failed(error, error_size, CAPTURE_TRUNCATED);
	if (size > BLOCK_SIZE_MAX)
		return failed(error, error_size, "a block of %u bytes", (unsigned)size);
	if (!fill(p, size))
		return failed(error, error_size, CAPTURE_TRUNCATED);
	tail = cursor_over(p->buffer + size - 4, 4);
	if (get32(p, &tail) != size + have)
		return failed(error, error_size, "a block whose two lengths disagree");
	*body = cursor_over(p->buffer, size - 4);
	return CAPTURE_FRAME;
}

/* Options are of a code, a length and a value padded to four bytes. */
static void
read_interface_options(const struct pcapng *p, struct cursor options, struct interface *interface)
{
	while (cursor_left(&options) >= 4) {
		uint16_t code = get16(p, &options), size = get16(p, &options);
		struct cursor value = cursor_sub(&options, size);

		if (code == OPTION_END)
			return;
		if (code == OPTION_TIME_RESOLUTION && cursor_left(&value) == 1)
			interface->resolution = cursor_u8(&value);
		if (code == OPTION_TIME_OFFSET && cursor_left(&value) == 8)
			interface->offset = (int64_t)(p->little_endian ? cursor_u64le(&value) : cursor_u64(&value));
		cursor_skip(&options, (4u - size % 4) % 4);
	}
}

static enum capture_result
read_interface(struct pcapng *p, struct cursor body, char *error, size_t error_size)
{
	struct interface interface = { .resolution = 6 };

	interface.link_type = get16(p, &body);
	cursor_skip(&body, 2);
	interface.snapshot_length = get32(p, &body);
	if (!cursor_ok(&body))
		return failed(error, error_size, "an interface description too short");
	read_interface_options(p, body, &interface);
	if (p->interface_count == INTERFACES_MAX)
		return failed(error, error_size, "more than %d interfaces", INTERFACES_MAX);
	if (p->interface_count == p->interface_room) {
		size_t room = p->interface_room == 0 ? 8 : 2 * p->interface_room;
		struct interface *larger = realloc(p->interfaces, room * sizeof(*larger));

		if (larger == NULL)
			return failed(error, error_size, "out of memory");
		p->interfaces = larger;
		p->interface_room = room;
	}
	p->interfaces[p->interface_count++] = interface;
	return CAPTURE_FRAME;
}

static uint64_t
power_of_ten(unsigned exponent)
{
	uint64_t value = 1;

	while (exponent-- > 0)
		value *= 10;
	return value;
}

/* Nanoseconds since 1970 from an interface's units; a time that does not fit is the nearest that does. */
static int64_t
packet_time(const struct interface *interface, uint64_t units)
{
	static const int64_t billion = 1000000000, last = INT64_MAX / 1000000000 - 1;
	unsigned exponent = interface->resolution & 0x7f;
	uint64_t seconds, nanoseconds;

	if (interface->resolution & 0x80) {
		uint64_t rest = exponent == 0 || exponent > 63 ? 0 : units & ((UINT64_C(1) << exponent) - 1);

		seconds = exponent > 63 ? 0 : units >> exponent;
		if (exponent > 32) { /* finer than a nanosecond: cut, so that the product fits */
			rest = exponent > 63 ? 0 : rest >> (exponent - 32);
			exponent = 32;
		}
		nanoseconds = (rest * (uint64_t)billion) >> exponent;
	} else {
		uint64_t per_second = power_of_ten(exponent > 19 ? 19 : exponent);

		seconds = exponent > 19 ? 0 : units / per_second;
		nanoseconds = exponent > 19 ? 0 : units % per_second;
		nanoseconds = exponent > 9 ? nanoseconds / power_of_ten((exponent > 19 ? 19 : exponent) - 9) : nanoseconds * power_of_ten(9 - exponent);
	}
	if (seconds > (uint64_t)last)
		seconds = (uint64_t)last;
	if (interface->offset > last - (int64_t)seconds)
		return last * billion;
	if (interface->offset < -(int64_t)seconds)
		return 0;
	return ((int64_t)seconds + interface->offset) * billion + (int64_t)nanoseconds;
}

/* The three kinds of packet block, which have their fields in different places. */
static enum capture_result
read_packet(const struct pcapng *p, uint32_t type, struct cursor body, struct frame *frame, char *error, size_t error_size)
{
	const struct interface *interface;
	uint32_t number = 0, captured, original;
	uint64_t units = 0;

	if (type == BLOCK_ENHANCED_PACKET) {
		number = get32(p, &body);
	} else if (type == BLOCK_PACKET) {
		number = get16(p, &body);
		cursor_skip(&body, 2); /* count of drops */
	}
	if (number >= p->interface_count)
		return failed(error, error_size, "a packet of an interface that is not described");
	interface = &p->interfaces[number];
	if (type == BLOCK_SIMPLE_PACKET) { /* its captured length is not told */
		captured = original = get32(p, &body);
		if (interface->snapshot_length != 0 && captured > interface->snapshot_length)
			captured = interface->snapshot_length;
	} else {
		units = get32(p, &body);
		units = units << 32 | get32(p, &body);
		captured = get32(p, &body);
		original = get32(p, &body);
	}
	body = cursor_sub(&body, captured);
	if (!cursor_ok(&body))
		return failed(error, error_size, "a packet longer than its block");
	*frame = (struct frame){
		.time = packet_time(interface, units),
		.link_type = interface->link_type,
		.bytes = body.at,
		.captured = captured,
		.original = original,
	};
	return CAPTURE_FRAME;
}

static enum capture_result
read_next(struct pcapng *p, struct frame *frame, char *error, size_t error_size)
{
	for (;;) { /* each turn reads a block of the file */
		struct cursor body;
		uint32_t type;
		enum capture_result result = read_block(p, &type, &body, error, error_size);

		if (result != CAPTURE_FRAME)
			return result;
		switch (type) {
		case BLOCK_SECTION:
			p->interface_count = 0;
			if (get16(p, &body) != 1)
				return failed(error, error_size, "a section of another major version than 1");
			break;
		case BLOCK_INTERFACE:
			result = read_interface(p, body, error, error_size);
			if (result != CAPTURE_FRAME)
				return result;
			break;
		case BLOCK_PACKET:
		case BLOCK_SIMPLE_PACKET:
		case BLOCK_ENHANCED_PACKET:
			return read_packet(p, type, body, frame, error, error_size);
		}
	}
}

/* Whether there is an interface of a type that is read, or none at all so far. */
static bool
any_supported(const struct pcapng *p)
{
	for (size_t i = 0; i < p->interface_count; i++)
		if (packet_link_supported(p->interfaces[i].link_type))
			return true;
	return p->interface_count == 0;
}

struct pcapng *
pcapng_new(FILE *file, char *error, size_t error_size)
{
	struct pcapng *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		(void)failed(error, error_size, "out of memory");
		return NULL;
	}
	p->file = file;
	p->first_held = true;
	p->first_result = read_next(p, &p->first, p->first_error, sizeof(p->first_error));
	if (p->first_result == CAPTURE_ERROR && p->interface_count == 0)
		(void)failed(error, error_size, "no pcapng file that can be read: %s", p->first_error);
	else if (!any_supported(p))
		(void)failed(error, error_size, "link-layer type %d is not supported", p->interfaces[0].link_type);
	else
		return p;
	pcapng_free(p);
	return NULL;
}

void
pcapng_free(struct pcapng *p)
{
	if (p == NULL)
		return;
	free(p->interfaces);
	free(p->buffer);
	free(p);
}

enum capture_result
pcapng_next(struct pcapng *p, struct frame *frame, char *error, size_t error_size)
{
	if (!p->first_held)
		return read_next(p, frame, error, error_size);
	p->first_held = false;
	*frame = p->first;
	if (p->first_result == CAPTURE_ERROR)
		return failed(error, error_size, "%s", p->first_error);
	return p->first_result;
}
