/* SPDX-License-Identifier: Apache-2.0 */
/* See output_text.h. */
#include <config.h>

#include "output_text.h"

#include <inttypes.h>
#include <langinfo.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "dissectors/evidence.h"
#include "output.h"

/* UTF-8. */

size_t
output_utf8_size(const char *text, size_t size)
{
	/* By lead byte: the size, and the range of the second byte that excludes overlong forms, surrogates and what is past U+10FFFF. */
	static const struct {
		uint8_t first, last, size, low, high;
	} forms[] = {
		{ 0x01, 0x7f, 1, 0, 0 },
		{ 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	const uint8_t *b = (const uint8_t *)text;

	for (size_t i = 0; size > 0 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (b[0] < forms[i].first || b[0] > forms[i].last)
			continue;
		if (forms[i].size > size || (forms[i].size > 1 && (b[1] < forms[i].low || b[1] > forms[i].high)))
			return 0;
		for (size_t j = 2; j < forms[i].size; j++)
			if ((b[j] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

/* Names. */

static const struct {
	const char *name;
	uint8_t number;
} transports[] = {
	{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP }, { "icmpv6", IPPROTO_ICMPV6 },
	{ "esp", IPPROTO_ESP }, { "ah", IPPROTO_AH }, { "sctp", IPPROTO_SCTP },
};

enum { TRANSPORT_COUNT = sizeof(transports) / sizeof(transports[0]) };

const char *
output_transport(uint8_t ip_protocol, char text[OUTPUT_TRANSPORT_SIZE])
{
	for (size_t i = 0; i < TRANSPORT_COUNT; i++)
		if (transports[i].number == ip_protocol)
			return transports[i].name;
	(void)snprintf(text, OUTPUT_TRANSPORT_SIZE, "%u", ip_protocol);
	return text;
}

int
output_transport_number(const char *text)
{
	int number = 0;

	for (size_t i = 0; i < TRANSPORT_COUNT; i++)
		if (strcmp(text, transports[i].name) == 0)
			return transports[i].number;
	if (*text == '\0' || strlen(text) > 3 || (*text == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		number = number * 10 + (*text - '0');
	}
	return number <= UINT8_MAX ? number : -1;
}

static bool
has_ports(uint8_t ip_protocol)
{
	return ip_protocol == IPPROTO_TCP || ip_protocol == IPPROTO_UDP || ip_protocol == IPPROTO_SCTP;
}

void
output_socket(const struct address *a, uint16_t port, uint8_t ip_protocol, char *text, size_t size)
{
	char ip[ADDRESS_TEXT_SIZE];

	address_text(a, ip);
	if (!has_ports(ip_protocol))
		(void)snprintf(text, size, "%s", ip);
	else if (address_is_v4(a))
		(void)snprintf(text, size, "%s:%u", ip, port);
	else
		(void)snprintf(text, size, "[%s]:%u", ip, port);
}

static void
name_address(const struct peer *p, char *text, size_t size)
{
	char ip[ADDRESS_TEXT_SIZE];
	const char *comma = p->country[0] != '\0' ? ", " : "";

	address_text(&p->address, ip);
	if (p->name != NULL)
		(void)snprintf(text, size, "%s (%s%s%s)", p->name, ip, comma, p->country);
	else if (p->country[0] != '\0')
		(void)snprintf(text, size, "%s (%s)", ip, p->country);
	else
		(void)snprintf(text, size, "%s", ip);
}

void
output_peer_name(const struct peer *p, char *text, size_t size)
{
	/* A node or a Service is no workload: say so. */
	bool tell = p->kind != NULL && (strcmp(p->kind, "Node") == 0 || strcmp(p->kind, "Service") == 0);

	if (p->workload == NULL && p->has_address)
		name_address(p, text, size);
	else
		(void)snprintf(text, size, "%s%s%s%s%s%s", p->namespace != NULL ? p->namespace : "", p->namespace != NULL ? "/" : "",
			p->workload != NULL ? p->workload : "?", tell ? " (" : "", tell ? p->kind : "", tell ? ")" : "");
}

static void
hash_text(uint64_t *hash, const char *text)
{
	/* FNV-1a; a byte that no text has ends each. */
	for (const char *c = text != NULL ? text : ""; *c != '\0'; c++)
		*hash = (*hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	*hash = (*hash ^ 0xff) * UINT64_C(0x100000001b3);
}

void
output_pair_id(const struct pair *p, char id[OUTPUT_ID_SIZE])
{
	const struct peer *const peers[] = { p->source, p->destination };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char ip[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < 2; i++) {
		hash_text(&hash, peers[i]->namespace);
		hash_text(&hash, peers[i]->kind);
		hash_text(&hash, peers[i]->workload);
		hash_text(&hash, peers[i]->has_address ? address_text(&peers[i]->address, ip) : NULL);
	}
	(void)snprintf(id, OUTPUT_ID_SIZE, "%016" PRIx64, hash);
}

const char *
output_path(const struct report *r, uint16_t file)
{
	return file < r->file_count ? r->files[file].path : "?";
}

const char *
output_file_name(const struct report *r, uint16_t file)
{
	const char *path = output_path(r, file), *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void
output_service(const struct evidence_class *e, char *text, size_t size)
{
	const char *protocol = e->protocol != NULL ? e->protocol : "unknown";
	char buffer[OUTPUT_TRANSPORT_SIZE];
	const char *transport = output_transport(e->ip_protocol, buffer);

	if (has_ports(e->ip_protocol))
		(void)snprintf(text, size, "%s:%u%s%s", protocol, e->server_port, e->ip_protocol == IPPROTO_TCP ? "" : "/", e->ip_protocol == IPPROTO_TCP ? "" : transport);
	else if (strcmp(protocol, transport) == 0)
		(void)snprintf(text, size, "%s", protocol);
	else
		(void)snprintf(text, size, "%s/%s", protocol, transport);
}

void
output_encryption(const struct evidence_class *e, char *text, size_t size)
{
	const char *how = e->version != NULL ? e->version : e->by;
	const char *state = encryption_state_names[e->state];
	const char *tunnel = !e->tunnel_encrypted ? "" : e->tunnel != NULL ? e->tunnel : "an encrypted tunnel";

	if (e->state == ENCRYPTION_UNKNOWN && !e->payload)
		state = "no data";
	if (e->state == ENCRYPTION_ENCRYPTED && how != NULL)
		state = how;
	(void)snprintf(text, size, "%s%s%s%s%s%s", state,
		e->state != ENCRYPTION_ENCRYPTED && how != NULL ? " " : "", e->state != ENCRYPTION_ENCRYPTED && how != NULL ? how : "",
		e->mutual == MUTUAL_YES ? " mutual" : "", *tunnel != '\0' ? " in " : "", tunnel);
}

void
output_authentication(const struct evidence_class *e, char *text, size_t size)
{
	static const char *const words[AUTH_RESULT_COUNT] = {
		[AUTH_UNKNOWN] = "unknown",
		[AUTH_NOT_APPLICABLE] = "n/a",
		[AUTH_NONE] = "none",
		[AUTH_ATTEMPTED] = "attempted",
		[AUTH_FAILURE] = "failed",
		[AUTH_SUCCESS] = "", /* the method says it */
	};
	const char *word = words[e->result];
	const char *method = e->method != NULL ? e->method : e->result == AUTH_SUCCESS ? "success" : "";

	(void)snprintf(text, size, "%s%s%s%s", word, *word != '\0' && *method != '\0' ? " " : "", method,
		e->cleartext_credentials || e->service_account_token ? " in clear" : "");
}

/* Times: the proleptic Gregorian calendar, days counted from 1970 (Hinnant, "chrono-compatible low-level date algorithms"). */

struct date {
	int64_t year;
	unsigned month, day;
};

static int64_t
days_of(const struct date *d)
{
	int64_t y = d->month <= 2 ? d->year - 1 : d->year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (int64_t)(d->month > 2 ? d->month - 3 : d->month + 9) + 2) / 5 + d->day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static struct date
date_of(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date d;

	d.day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
	d.month = (unsigned)(month < 10 ? month + 3 : month - 9);
	d.year = year_of_era + era * 400 + (d.month <= 2 ? 1 : 0);
	return d;
}

/* Division that rounds down, with what remains. */
static int64_t
split(int64_t value, int64_t by, int64_t *rest)
{
	*rest = value % by;
	if (*rest < 0)
		*rest += by;
	return (value - *rest) / by;
}

static const int64_t second = INT64_C(1000000000);

static char *
put_digits(char *text, int64_t value, size_t count, char after)
{
	for (size_t i = count; i-- > 0; value /= 10)
		text[i] = (char)('0' + value % 10);
	text[count] = after;
	return text + count + 1;
}

/* The date and time of day, without what ends them; returns where that goes. By hand: every flow has two. */
static char *
put_date_time(char *text, int64_t seconds)
{
	int64_t of_day, days = split(seconds, 86400, &of_day);
	struct date d = date_of(days);

	text = put_digits(text, d.year, 4, '-');
	text = put_digits(text, d.month, 2, '-');
	text = put_digits(text, d.day, 2, 'T');
	text = put_digits(text, of_day / 3600, 2, ':');
	text = put_digits(text, of_day / 60 % 60, 2, ':');
	return put_digits(text, of_day % 60, 2, '\0') - 1;
}

const char *
output_time(int64_t nanoseconds, char text[OUTPUT_TIME_SIZE])
{
	int64_t fraction = 0, seconds = -INT64_C(9223372036);
	char *end;

	/* Of the least values the part below a second is left out: it has no whole second. */
	if (nanoseconds >= INT64_MIN + second)
		seconds = split(nanoseconds, second, &fraction);
	end = put_date_time(text, seconds);
	*end++ = '.';
	*put_digits(end, fraction, 9, 'Z') = '\0';
	return text;
}

const char *
output_time_seconds(int64_t seconds, char text[OUTPUT_TIME_SIZE])
{
	if (seconds < -INT64_C(62135596800) || seconds > INT64_C(253402300799))
		return NULL;
	(void)memcpy(put_date_time(text, seconds), "Z", 2);
	return text;
}

static int64_t
digits(const char *text, size_t count)
{
	int64_t n = 0;

	for (size_t i = 0; i < count; i++)
		n = n * 10 + (text[i] - '0');
	return n;
}

bool
output_time_parse(const char *text, int64_t *nanoseconds)
{
	static const char form[] = "0000-00-00T00:00:00.000000000Z";
	char again[OUTPUT_TIME_SIZE];
	struct date d;
	int64_t seconds;

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	d = (struct date){ .year = digits(text, 4), .month = (unsigned)digits(text + 5, 2), .day = (unsigned)digits(text + 8, 2) };
	seconds = days_of(&d) * 86400 + digits(text + 11, 2) * 3600 + digits(text + 14, 2) * 60 + digits(text + 17, 2);
	if (seconds < -INT64_C(9223372036) || seconds >= INT64_C(9223372036))
		return false;
	*nanoseconds = seconds * second + digits(text + 20, 9);
	/* A day or an hour that does not exist comes out as another one. */
	return strcmp(output_time(*nanoseconds, again), text) == 0;
}

/* Amounts. */

const char *
output_count(uint64_t count, char text[OUTPUT_AMOUNT_SIZE])
{
	char plain[24];
	size_t size = (size_t)snprintf(plain, sizeof(plain), "%" PRIu64, count), at = 0;

	for (size_t i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = plain[i];
	}
	text[at] = '\0';
	return text;
}

const char *
output_bytes(uint64_t bytes, char text[OUTPUT_AMOUNT_SIZE])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	size_t unit = 0;
	double amount = (double)bytes / 1000;

	if (bytes < 1000) {
		(void)snprintf(text, OUTPUT_AMOUNT_SIZE, "%" PRIu64 " B", bytes);
		return text;
	}
	while (amount >= 999.95 && unit < sizeof(units) / sizeof(units[0]) - 1) {
		amount /= 1000;
		unit++;
	}
	(void)snprintf(text, OUTPUT_AMOUNT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", (uint64_t)(amount * 10 + 0.5) / 10, (uint64_t)(amount * 10 + 0.5) % 10, units[unit]);
	return text;
}

const char *
output_quantity(uint64_t count, const char *one, const char *many, char text[OUTPUT_AMOUNT_SIZE])
{
	size_t size;

	output_count(count, text);
	size = strlen(text);
	(void)snprintf(text + size, OUTPUT_AMOUNT_SIZE - size, " %s", count == 1 ? one : many);
	return text;
}

/* Width. */

bool
output_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* The columns of the character at text, whose size is *size; -1 where a terminal should not get it. */
static int
character(const char *text, bool utf8, size_t *size)
{
	size_t length = output_utf8_size(text, strlen(text));
	mbstate_t state = { 0 };
	wchar_t wide;

	*size = length > 0 ? length : 1;
	if (length == 1)
		return *text >= ' ' && *text < 0x7f ? 1 : -1;
	if (length == 0 || !utf8 || mbrtowc(&wide, text, length, &state) != length)
		return -1;
	return wcwidth(wide);
}

void
output_clean(char *text, bool utf8)
{
	char *to = text;

	for (const char *from = text; *from != '\0';) {
		size_t size;

		if (character(from, utf8, &size) < 0) {
			*to++ = '?';
		} else {
			memmove(to, from, size);
			to += size;
		}
		from += size;
	}
	*to = '\0';
}

size_t
output_columns(const char *text, bool utf8)
{
	size_t columns = 0, size;

	for (; *text != '\0'; text += size) {
		int width = character(text, utf8, &size);

		columns += width > 0 ? (size_t)width : 0;
	}
	return columns;
}

/* How many bytes of text fill at most so many columns. */
static size_t
prefix(const char *text, size_t columns, bool utf8)
{
	size_t at = 0, used = 0, size;

	while (text[at] != '\0') {
		int width = character(text + at, utf8, &size);

		used += width > 0 ? (size_t)width : 0;
		if (used > columns)
			break;
		at += size;
	}
	return at;
}

void
output_fit(const char *text, size_t columns, enum output_cut cut, bool utf8, char *out, size_t size)
{
	const char *ellipsis = utf8 ? "\xe2\x80\xa6" : "..";
	size_t ellipsis_columns = utf8 ? 1 : 2, tail_columns, head, tail;

	if (output_columns(text, utf8) <= columns) {
		(void)snprintf(out, size, "%s", text);
		return;
	}
	if (columns <= ellipsis_columns) {
		(void)snprintf(out, size, "%.*s", (int)prefix(text, columns, utf8), text);
		return;
	}
	columns -= ellipsis_columns;
	tail_columns = cut == OUTPUT_CUT_MIDDLE ? columns / 2 : 0;
	head = prefix(text, columns - tail_columns, utf8);
	for (tail = head; output_columns(text + tail, utf8) > tail_columns;) {
		size_t step;

		(void)character(text + tail, utf8, &step);
		tail += step;
	}
	(void)snprintf(out, size, "%.*s%s%s", (int)head, text, ellipsis, text + tail);
}

/* A share in units of 1 / whole, that is none or all only where it is just that. */
static unsigned
rounded(double share, unsigned whole)
{
	unsigned n = share >= 1 ? whole : share > 0 ? (unsigned)(share * whole + 0.5) : 0;

	if (n == 0 && share > 0)
		return 1;
	return n >= whole && share < 1 ? whole - 1 : n;
}

const char *
output_share(double share, char text[OUTPUT_AMOUNT_SIZE])
{
	unsigned n = rounded(share, 100);

	(void)snprintf(text, OUTPUT_AMOUNT_SIZE, "%u.%02u", n / 100, n % 100);
	return text;
}

const char *
output_percent(double share, char text[OUTPUT_AMOUNT_SIZE])
{
	(void)snprintf(text, OUTPUT_AMOUNT_SIZE, "%u%%", rounded(share, 100));
	return text;
}

void
output_wrapped(FILE *out, const char *lead, const char *text, unsigned width, bool utf8)
{
	size_t indent = output_columns(lead, utf8), used = indent;
	bool first = true;

	fputs(lead, out);
	while (*text != '\0') {
		int size = (int)strcspn(text, " ");
		char word[512];
		size_t columns;

		(void)snprintf(word, sizeof(word), "%.*s", size, text);
		output_clean(word, utf8);
		columns = output_columns(word, utf8);
		if (!first && width != 0 && used + 1 + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			used = indent;
			first = true;
		}
		fprintf(out, "%s%s", first ? "" : " ", word);
		used += columns + (first ? 0 : 1);
		first = false;
		text += size;
		text += strspn(text, " ");
	}
	putc('\n', out);
}
