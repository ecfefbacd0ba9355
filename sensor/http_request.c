/* SPDX-License-Identifier: Apache-2.0 */
/* See http_request.h. */
#include <config.h>

#include "http_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "output_text.h"

size_t
http_head_size(const char *text, size_t size, size_t from)
{
	/* The end may straddle what was there before. */
	for (size_t i = from > 3 ? from - 3 : 0; i + 4 <= size; i++) {
		const char *at = memchr(text + i, '\r', size - i - 3);

		if (at == NULL)
			return 0;
		i = (size_t)(at - text);
		if (memcmp(at, "\r\n\r\n", 4) == 0)
			return i + 4;
	}
	return 0;
}

static bool
is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *text) != NULL)
			return false;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes percent-encoding in place; false for what is none, and for control characters. */
static bool
decode(char *text, bool plus_is_space)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		int high, low;

		*out = *text == '+' && plus_is_space ? ' ' : *text;
		if (*text == '%') {
			if ((high = hex_digit(text[1])) < 0 || (low = hex_digit(text[2])) < 0)
				return false;
			*out = (char)(high << 4 | low);
			text += 2;
		}
		if ((unsigned char)*out < ' ' || *out == 0x7f)
			return false;
		out++;
	}
	*out = '\0';
	return true;
}

/* The request line. */

static int
read_target(char *target, struct http_request *r, const char **why)
{
	char *query, *scheme_end;

	*why = "the request's target cannot be read";
	for (const char *c = target; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '#')
			return 400;
	/* A proxy's form, http://host/path, is to be understood too (RFC 9112 3.2.2). */
	if (*target != '/' && (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0)) {
		scheme_end = strstr(target, "//") + 2;
		target = scheme_end + strcspn(scheme_end, "/?");
		if (target == scheme_end)
			return 400;
		/* Without a path it is the root's (RFC 9110 4.2.3): the room in front of it is the host's last character. */
		if (*target != '/') {
			target--;
			*target = '/';
		}
	}
	if (*target != '/')
		return 400;
	r->query = "";
	if ((query = strchr(target, '?')) != NULL) {
		*query = '\0';
		r->query = query + 1;
	}
	r->path = target;
	return decode(target, false) ? 0 : 400;
}

static int
read_version(const char *version, bool *newer, const char **why)
{
	*why = "the request line cannot be read";
	if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.' || version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9')
		return 400;
	*why = "only HTTP/1.0 and HTTP/1.1 are spoken here";
	if (version[5] != '1')
		return 505;
	*newer = version[7] != '0';
	return 0;
}

static int
read_request_line(char *line, struct http_request *r, bool *newer, const char **why)
{
	char *target = strchr(line, ' '), *version = target != NULL ? strchr(target + 1, ' ') : NULL;
	int status;

	*why = "the request line cannot be read";
	if (version == NULL)
		return 400;
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line))
		return 400;
	r->method = strcmp(line, "GET") == 0 ? HTTP_GET : strcmp(line, "HEAD") == 0 ? HTTP_HEAD : HTTP_OTHER_METHOD;
	if ((status = read_version(version, newer, why)) != 0)
		return status;
	return read_target(target, r, why);
}

/* Headers. */

static int
read_header(char *line, struct http_request *r, const char **why)
{
	char *colon = strchr(line, ':'), *value, *end;

	*why = "a header cannot be read";
	if (colon == NULL)
		return 400;
	*colon = '\0';
	/* Refuses folded lines, and blanks before the colon (RFC 9112 5.1, 5.2). */
	if (!is_token(line))
		return 400;
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	for (const char *c = value; *c != '\0'; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return 400;
	*why = "too many headers";
	if (r->header_count == HTTP_HEADERS_MAX)
		return 431;
	r->headers[r->header_count].name = line;
	r->headers[r->header_count++].value = value;
	return 0;
}

static size_t
count_header(const struct http_request *r, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < r->header_count; i++)
		count += strcasecmp(r->headers[i].name, name) == 0;
	return count;
}

const char *
http_request_header(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

/* Takes the next member of a list separated by commas, without blanks around it. */
static bool
take_member(const char **list, char separator, const char **member, size_t *size)
{
	const char *text = *list;

	while (*text == separator || *text == ' ' || *text == '\t')
		text++;
	if (*text == '\0')
		return false;
	*member = text;
	while (*text != '\0' && *text != separator)
		text++;
	*list = text;
	while (text > *member && (text[-1] == ' ' || text[-1] == '\t'))
		text--;
	*size = (size_t)(text - *member);
	return true;
}

static bool
lists(const char *list, const char *word)
{
	const char *member;
	size_t size;

	while (list != NULL && take_member(&list, ',', &member, &size))
		if (size == strlen(word) && strncasecmp(member, word, size) == 0)
			return true;
	return false;
}

/* What the headers together must say. */
static int
check_headers(struct http_request *r, bool newer, const char **why)
{
	const char *length = http_request_header(r, "content-length"), *connection = http_request_header(r, "connection");

	*why = "HTTP/1.1 wants one Host header";
	if (count_header(r, "host") > 1 || (newer && count_header(r, "host") == 0))
		return 400;
	*why = "Content-Length cannot be read";
	if (count_header(r, "content-length") > 1 || (length != NULL && (*length == '\0' || length[strspn(length, "0123456789")] != '\0')))
		return 400;
	r->has_body = count_header(r, "transfer-encoding") > 0 || (length != NULL && length[strspn(length, "0")] != '\0');
	r->keep_alive = newer ? !lists(connection, "close") : lists(connection, "keep-alive");
	return 0;
}

/* Cuts the next line off text[size]; NULL where it does not end in CR LF, or holds a NUL, CR or LF itself. */
static char *
take_line(char **text, size_t *size)
{
	char *line = *text, *end = memchr(line, '\n', *size);
	size_t length;

	if (end == NULL || end == line || end[-1] != '\r')
		return NULL;
	end[-1] = '\0';
	length = (size_t)(end - 1 - line);
	*size -= length + 2;
	*text = end + 1;
	return strlen(line) == length && strchr(line, '\r') == NULL ? line : NULL;
}

int
http_request_read(char *text, size_t size, struct http_request *out, const char **why)
{
	char *line;
	bool newer = false;
	int status;

	*out = (struct http_request){ .path = "/", .query = "" };
	*why = "the request line cannot be read";
	if ((line = take_line(&text, &size)) == NULL)
		return 400;
	if ((status = read_request_line(line, out, &newer, why)) != 0)
		return status;
	for (;;) {
		*why = "a header cannot be read";
		if ((line = take_line(&text, &size)) == NULL)
			return 400;
		if (*line == '\0')
			break;
		if ((status = read_header(line, out, why)) != 0)
			return status;
	}
	return check_headers(out, newer, why);
}

/* Queries. */

bool
http_parameter_refuse(const struct http_parameter *p, const char *value, const char *what, char *error, size_t error_size)
{
	enum { SHOWN = 64 };
	size_t size = 0, next;

	/* No more than a line's worth, and no part of a character. */
	while (value[size] != '\0' && (next = output_utf8_size(value + size, strlen(value + size))) > 0 && size + next <= SHOWN)
		size += next;
	(void)snprintf(error, error_size, "%s: \"%.*s%s\" is %s", p->name, (int)size, value, value[size] != '\0' ? "..." : "", what);
	return false;
}

static bool
take_parameter(char *pair, struct http_parameter *parameters, size_t count, char *error, size_t error_size)
{
	char *value = strchr(pair, '=');

	if (value != NULL)
		*value++ = '\0';
	if (value == NULL || !decode(pair, true) || !decode(value, true)) {
		(void)snprintf(error, error_size, "the query cannot be read: name=value is wanted, with the rest percent-encoded");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(parameters[i].name, pair) != 0)
			continue;
		if (parameters[i].given || strlen(value) >= sizeof(parameters[i].value)) {
			(void)snprintf(error, error_size, "%s is %s", parameters[i].name, parameters[i].given ? "given twice" : "too long");
			return false;
		}
		for (const char *c = value; *c != '\0';) {
			size_t length = output_utf8_size(c, strlen(c));

			if (length == 0) {
				(void)snprintf(error, error_size, "%s is not UTF-8", parameters[i].name);
				return false;
			}
			c += length;
		}
		(void)snprintf(parameters[i].value, sizeof(parameters[i].value), "%s", value);
		parameters[i].given = true;
		return true;
	}
	(void)http_parameter_refuse(&(struct http_parameter){ .name = "query" }, pair, "no parameter of this document", error, error_size);
	return false;
}

bool
http_query_read(const char *query, struct http_parameter *parameters, size_t count, char *error, size_t error_size)
{
	const char *member;
	size_t size;
	char pair[2048];

	while (take_member(&query, '&', &member, &size)) {
		if (size >= sizeof(pair)) {
			(void)snprintf(error, error_size, "the query is too long");
			return false;
		}
		memcpy(pair, member, size);
		pair[size] = '\0';
		if (!take_parameter(pair, parameters, count, error, error_size))
			return false;
	}
	return true;
}

bool
http_parameter_number(const struct http_parameter *p, uint64_t minimum, uint64_t maximum, uint64_t otherwise, uint64_t *out, char *error, size_t error_size)
{
	uint64_t number = 0;

	*out = otherwise;
	if (!p->given)
		return true;
	for (const char *c = p->value; *c != '\0' && number <= maximum; c++)
		number = *c >= '0' && *c <= '9' && number <= UINT32_MAX ? number * 10 + (uint64_t)(*c - '0') : UINT64_MAX;
	if (*p->value == '\0' || number < minimum || number > maximum) {
		char what[80];

		(void)snprintf(what, sizeof(what), "not a number from %llu to %llu", (unsigned long long)minimum, (unsigned long long)maximum);
		return http_parameter_refuse(p, p->value, what, error, error_size);
	}
	*out = number;
	return true;
}

/* Accept. */

/* "0.5" in thousandths; -1 for what is no weight (RFC 9110 12.4.2). */
static int
weight_of(const char *text, size_t size)
{
	int weight = 0, unit = 1000;

	if (size == 0 || size > 5 || (*text != '0' && *text != '1') || (size > 1 && text[1] != '.'))
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (i == 1)
			continue;
		if (text[i] < '0' || text[i] > '9')
			return -1;
		weight += (text[i] - '0') * unit;
		unit /= 10;
	}
	return weight <= 1000 ? weight : -1;
}

/* How closely a range names it: 0 not at all, 1 as anything, 2 by its type, 3 by name, 4 with the parameter. */
static int
closeness(const char *range, size_t size, const char *name)
{
	const char *slash = strchr(name, '/');

	if (size == strlen(name) && strncasecmp(range, name, size) == 0)
		return 3;
	if (slash != NULL && size == (size_t)(slash - name) + 2 && strncasecmp(range, name, size - 1) == 0 && range[size - 1] == '*')
		return 2;
	return (size == 1 && *range == '*') || (size == 3 && memcmp(range, "*/*", 3) == 0) ? 1 : 0;
}

/* Whether text[size] is the parameter, its value as it is or quoted (RFC 9110 5.6.6). */
static bool
is_parameter(const char *text, size_t size, const char *parameter)
{
	size_t name = strcspn(parameter, "=") + 1, whole = strlen(parameter);

	if (size == whole + 2 && text[name] == '"' && text[size - 1] == '"')
		return strncasecmp(text, parameter, name) == 0 && strncasecmp(text + name + 1, parameter + name, whole - name) == 0;
	return size == whole && strncasecmp(text, parameter, size) == 0;
}

/* One range with its parameters, text[size]. */
static int
range_weight(const char *text, size_t size, const char *name, const char *parameter, int *close)
{
	char range[256];
	const char *list = range, *member;
	size_t length;
	int weight = 1000;
	bool other = false, carries = false;

	if (size >= sizeof(range))
		return -1;
	memcpy(range, text, size);
	range[size] = '\0';
	if (!take_member(&list, ';', &member, &length) || (*close = closeness(member, length, name)) == 0)
		return -1;
	while (take_member(&list, ';', &member, &length)) {
		if (length > 2 && strncasecmp(member, "q=", 2) == 0)
			weight = weight_of(member + 2, length - 2);
		else if (parameter != NULL && is_parameter(member, length, parameter))
			carries = true;
		else if (strncasecmp(member, "version=", length < 8 ? length : 8) == 0)
			other = true;
	}
	/* A version that is not ours is another format. */
	if (other && *close == 3)
		return -1;
	*close += carries;
	return weight;
}

int
http_accept_weight(const char *header, const char *name, const char *parameter)
{
	const char *member;
	size_t size;
	int best = 0, weight = -1;

	while (header != NULL && take_member(&header, ',', &member, &size)) {
		int close = 0, w = range_weight(member, size, name, parameter, &close);

		if (w >= 0 && (close > best || (close == best && w > weight))) {
			best = close;
			weight = w;
		}
	}
	return weight;
}
