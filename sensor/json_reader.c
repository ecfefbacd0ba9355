/* SPDX-License-Identifier: Apache-2.0 */
/* See json_reader.h: types, names, ports, times and addresses as the Kubernetes API writes them. */
#include <config.h>

#include "json_reader.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	NAME_LIMIT = 512, /* Kubernetes: 253 for a name, 317 for a label's key */
	PATH_SIZE = 512,
};

/* Errors: the first one stays. */

/* What came from the file must not reach a terminal as more than text. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

__attribute__((format(printf, 3, 0))) static void
set_error(struct reader *r, const char *place, const char *format, va_list arguments)
{
	char what[PATH_SIZE];

	if (r->failed)
		return;
	r->failed = true;
	(void)vsnprintf(what, sizeof(what), format, arguments);
	if (r->error_size == 0)
		return;
	(void)snprintf(r->error, r->error_size, "%s: %s%s%s", r->name, place, place[0] != '\0' ? ": " : "", what);
	make_printable(r->error);
}

void
reader_fail(struct reader *r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_error(r, "", format, arguments);
	va_end(arguments);
}

/* Appends the place's path to path, whose size is PATH_SIZE: items[3].status.podIPs[0].ip */
static void
append_path(char *path, const struct spot *spot)
{
	size_t size;
	const char *const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (spot->parent != NULL)
		append_path(path, spot->parent);
	size = strlen(path);
	if (spot->key == NULL && spot->parent != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "[%zu]", spot->index);
	else if (spot->key != NULL && spot->key[strspn(spot->key, plain)] == '\0')
		(void)snprintf(path + size, PATH_SIZE - size, "%s%s", size > 0 ? "." : "", spot->key);
	else if (spot->key != NULL)
		(void)snprintf(path + size, PATH_SIZE - size, "[\"%.*s\"]", READER_QUOTE_LIMIT, spot->key);
}

void
reader_fail_at(struct reader *r, const struct spot *spot, const char *format, ...)
{
	char path[PATH_SIZE] = "";
	va_list arguments;

	append_path(path, spot);
	va_start(arguments, format);
	set_error(r, path, format, arguments);
	va_end(arguments);
}

static const char *
type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return names[type];
}

/* Values. Each says false, "" or 0 for what is absent, and after an error. */

bool
reader_is(struct reader *r, const struct spot *spot, json_type type)
{
	json_type found = json_typeof(spot->value);

	if (found == type)
		return true;
	if (found != JSON_NULL)
		reader_fail_at(r, spot, "expected %s, found %s", type_name(type), type_name(found));
	return false;
}

/* *out is the member of parent with key, of any type. */
bool
reader_member(const struct reader *r, const struct spot *parent, const char *key, struct spot *out)
{
	*out = (struct spot){ .value = parent->value != NULL ? json_object_get(parent->value, key) : NULL, .parent = parent, .key = key };
	return !r->failed && out->value != NULL && !json_is_null(out->value);
}

/* The same, of one type. Where it is false *out has no members and no elements. */
bool
reader_member_of(struct reader *r, const struct spot *parent, const char *key, json_type type, struct spot *out)
{
	if (reader_member(r, parent, key, out) && reader_is(r, out, type))
		return true;
	out->value = NULL;
	return false;
}

size_t
reader_count(const struct spot *array)
{
	return json_array_size(array->value);
}

bool
reader_element(struct reader *r, const struct spot *array, size_t index, json_type type, struct spot *out)
{
	*out = (struct spot){ .value = json_array_get(array->value, index), .parent = array, .index = index };
	if (!r->failed && reader_is(r, out, type))
		return true;
	out->value = NULL;
	return false;
}

/* A string as it is: for what is compared or read further, never kept. */
const char *
reader_string(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	return reader_member_of(r, parent, key, JSON_STRING, &s) ? json_string_value(s.value) : "";
}

bool
reader_flag(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	if (!reader_member(r, parent, key, &s))
		return false;
	if (!json_is_boolean(s.value))
		reader_fail_at(r, &s, "expected true or false, found %s", type_name(json_typeof(s.value)));
	return json_is_true(s.value);
}

/* Names are printed: none of Kubernetes has anything but visible ASCII. */
bool
reader_check_name(struct reader *r, const struct spot *spot, const char *text)
{
	size_t size = strlen(text);

	if (size > NAME_LIMIT) {
		reader_fail_at(r, spot, "is %zu bytes long; no name has more than %d", size, NAME_LIMIT);
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] > ' ' && text[i] <= '~')
			continue;
		reader_fail_at(r, spot, "has the byte 0x%02x, which no name has", (unsigned)(unsigned char)text[i]);
		return false;
	}
	return true;
}

const char *
reader_name(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	if (!reader_member_of(r, parent, key, JSON_STRING, &s) || !reader_check_name(r, &s, json_string_value(s.value)))
		return inventory_text(r->inv, "");
	return inventory_text(r->inv, json_string_value(s.value));
}

uint16_t
reader_port_value(struct reader *r, const struct spot *spot)
{
	json_int_t number;

	if (!reader_is(r, spot, JSON_INTEGER))
		return 0;
	number = json_integer_value(spot->value);
	if (number >= 0 && number <= UINT16_MAX)
		return (uint16_t)number;
	reader_fail_at(r, spot, "%" JSON_INTEGER_FORMAT " is no port number", number);
	return 0;
}

uint16_t
reader_port(struct reader *r, const struct spot *parent, const char *key)
{
	struct spot s;

	return reader_member(r, parent, key, &s) ? reader_port_value(r, &s) : 0;
}

uint8_t
reader_protocol(struct reader *r, const struct spot *parent)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protocols[] = { { "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP }, { "SCTP", IPPROTO_SCTP } };
	const char *text = reader_string(r, parent, "protocol");
	struct spot s;

	if (text[0] == '\0')
		return IPPROTO_TCP;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(text, protocols[i].name) == 0)
			return protocols[i].number;
	(void)reader_member(r, parent, "protocol", &s);
	reader_fail_at(r, &s, "\"%.*s\" is none of TCP, UDP, SCTP", READER_QUOTE_LIMIT, text);
	return 0;
}

/* The digits of one field of a time: false where there are others. */
static bool
digits(const char **at, size_t count, int *out)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		if ((*at)[i] < '0' || (*at)[i] > '9')
			return false;
		*out = *out * 10 + ((*at)[i] - '0');
	}
	*at += count;
	return true;
}

static bool
skip(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* What follows the seconds of an RFC 3339 time: a fraction, which is left out, and Z or an offset. */
static bool
read_zone(const char **at, int *offset_seconds)
{
	int hours, minutes;
	bool west;

	*offset_seconds = 0;
	if (skip(at, '.')) {
		size_t count = strspn(*at, "0123456789");

		if (count == 0)
			return false;
		*at += count;
	}
	if (skip(at, 'Z'))
		return true;
	west = **at == '-';
	if (!west && **at != '+')
		return false;
	(*at)++;
	if (!digits(at, 2, &hours) || !skip(at, ':') || !digits(at, 2, &minutes))
		return false;
	*offset_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

/* RFC 3339 5.6, to nanoseconds since 1970. */
static bool
parse_time(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *at = text;
	int offset;

	if (!digits(&at, 4, &tm.tm_year) || !skip(&at, '-') || !digits(&at, 2, &tm.tm_mon) || !skip(&at, '-') || !digits(&at, 2, &tm.tm_mday) || !skip(&at, 'T'))
		return false;
	if (!digits(&at, 2, &tm.tm_hour) || !skip(&at, ':') || !digits(&at, 2, &tm.tm_min) || !skip(&at, ':') || !digits(&at, 2, &tm.tm_sec))
		return false;
	if (!read_zone(&at, &offset) || *at != '\0')
		return false;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_year > 2200)
		return false;
	/* Go writes year 1 for a time that was never set. */
	if (tm.tm_year < 1971) {
		*out = INVENTORY_TIME_OPEN;
		return true;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = ((int64_t)timegm(&tm) - offset) * 1000000000;
	return true;
}

int64_t
reader_time(struct reader *r, const struct spot *parent, const char *key)
{
	const char *text = reader_string(r, parent, key);
	int64_t time = INVENTORY_TIME_OPEN;
	struct spot s;

	if (text[0] == '\0' || parse_time(text, &time))
		return time;
	(void)reader_member(r, parent, key, &s);
	reader_fail_at(r, &s, "\"%.*s\" is no time; expected as in 2026-01-31T12:00:00Z", READER_QUOTE_LIMIT, text);
	return INVENTORY_TIME_OPEN;
}

/* The address in spot, a string; false where it is empty, or none. */
bool
reader_address(struct reader *r, const struct spot *spot, struct address *out)
{
	const char *text = json_string_value(spot->value);

	if (text == NULL || text[0] == '\0')
		return false;
	if (address_parse(text, out))
		return true;
	reader_fail_at(r, spot, "\"%.*s\" is no IP address", READER_QUOTE_LIMIT, text);
	return false;
}
