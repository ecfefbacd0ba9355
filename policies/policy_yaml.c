/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a policy set from YAML; the only file that knows libyaml. It goes through libyaml's events
 * with one reader for each kind of value, which is called with the value's first event and leaves
 * its last one. A mapping is read by a table of its keys, so that unknown, repeated and missing keys
 * are found in one place. The first error ends it.
 */
#include <config.h>

#include "policy_set.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "rfc3339.h"

enum {
	KEYS_MAX = POLICY_PARAMETERS_MAX + 2,
	NAME_SIZE_MAX = 128, /* of names and patterns */
	TEXT_SIZE_MAX = 1024, /* of a reason */
	LIST_MAX = 10000,
	TABLE_MAX = 512,
	WEIGHT_MAX = 1000,
	FOUND_SIZE = 80,
	CHOICES_SIZE = 320,
};

static const char schema[] = "podwire.policy/1";

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one being looked at; zero before the first */
	const char *name;
	const char *text;
	size_t size;
	char *error;
	size_t error_size;
};

/* A key of a mapping and how its value is read; index is handed on to read(). */
struct key {
	const char *name;
	bool (*read)(struct reader *, void *target, size_t index);
	size_t index;
	bool required;
};

/* Appends text to a string in out[size], in printable ASCII. False where it was cut to fit. */
static bool
append_escaped(char *out, size_t size, const char *text)
{
	size_t at = strlen(out);

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		char piece[5];

		if (c >= 0x20 && c < 0x7f)
			snprintf(piece, sizeof(piece), "%c", c);
		else
			snprintf(piece, sizeof(piece), "\\x%02x", c);
		if (at + strlen(piece) >= size)
			return false;
		memcpy(out + at, piece, strlen(piece) + 1);
		at += strlen(piece);
	}
	return true;
}

/* States the error at line and column (from 0). Returns false, which is what its callers return. */
__attribute__((format(printf, 5, 6))) static bool
fail_at(struct reader *r, size_t line, size_t column, const char *found, const char *expected, ...)
{
	char name[256] = "";
	int size;
	va_list args;

	append_escaped(name, sizeof(name), r->name);
	size = snprintf(r->error, r->error_size, "%s:%zu:%zu: found %s, expected ", name, line + 1, column + 1, found);
	if (size < 0 || (size_t)size >= r->error_size)
		return false;
	va_start(args, expected);
	vsnprintf(r->error + size, r->error_size - (size_t)size, expected, args);
	va_end(args);
	return false;
}

static bool
fail_memory(struct reader *r)
{
	snprintf(r->error, r->error_size, "out of memory");
	return false;
}

/* Text in quotes, escaped and cut: what a person finds again in the file. */
static const char *
quote(char out[FOUND_SIZE], const char *before, const char *text)
{
	snprintf(out, FOUND_SIZE, "%s'", before);
	strcat(out, append_escaped(out, FOUND_SIZE - 4, text) ? "'" : "...'");
	return out;
}

static const char *
scalar(const struct reader *r)
{
	return (const char *)r->event.data.scalar.value;
}

/* Whether the scalar is YAML's null (written plainly: "", "~" or "null"). */
static bool
is_null(const struct reader *r)
{
	return r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(strcmp(scalar(r), "") == 0 || strcmp(scalar(r), "~") == 0 || strcmp(scalar(r), "null") == 0);
}

/* The event in words. */
static const char *
describe(const struct reader *r, char out[FOUND_SIZE])
{
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		if (is_null(r))
			return "nothing";
		return quote(out, r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? "" : "the quoted text ", scalar(r));
	case YAML_SEQUENCE_START_EVENT:
		return "a list";
	case YAML_MAPPING_START_EVENT:
		return "a mapping";
	default:
		return "the end";
	}
}

/* Refuses the event at hand, which is not what was expected. */
__attribute__((format(printf, 2, 3))) static bool
refuse(struct reader *r, const char *expected, ...)
{
	char found[FOUND_SIZE], text[CHOICES_SIZE + 128];
	va_list args;

	va_start(args, expected);
	vsnprintf(text, sizeof(text), expected, args);
	va_end(args);
	return fail_at(r, r->event.start_mark.line, r->event.start_mark.column, describe(r, found), "%s", text);
}

/* Line and column, from 0, of a byte of the input, where libyaml gives no more than its offset. */
static bool
fail_at_offset(struct reader *r, size_t offset, const char *found, const char *expected)
{
	size_t line = 0, column = 0;

	for (size_t i = 0; i < offset && i < r->size; i++) {
		column++;
		if (r->text[i] == '\n') {
			line++;
			column = 0;
		}
	}
	return fail_at(r, line, column, found, "%s", expected);
}

static bool
fail_parser(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	char found[256] = "", problem[200] = "";

	append_escaped(problem, sizeof(problem), p->problem != NULL ? p->problem : "no reason given");
	snprintf(found, sizeof(found), "a syntax error (%s)", problem);
	switch (p->error) {
	case YAML_MEMORY_ERROR:
		return fail_memory(r);
	case YAML_READER_ERROR:
		return fail_at_offset(r, p->problem_offset, found, "YAML in UTF-8");
	default:
		return fail_at(r, p->problem_mark.line, p->problem_mark.column, found, "YAML");
	}
}

/* What YAML allows and a policy set has no use for: an alias could make a small file a huge one. */
static bool
refuse_extras(struct reader *r)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	yaml_mark_t at = r->event.start_mark;
	char found[FOUND_SIZE];

	switch (r->event.type) {
	case YAML_ALIAS_EVENT:
		return fail_at(r, at.line, at.column, quote(found, "the alias ", (const char *)r->event.data.alias.anchor), "no aliases");
	case YAML_SCALAR_EVENT:
		/* Behind a NUL nothing would be looked at. */
		if (strlen(scalar(r)) != r->event.data.scalar.length)
			return fail_at(r, at.line, at.column, "text with a NUL in it", "text");
		anchor = r->event.data.scalar.anchor;
		tag = r->event.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = r->event.data.sequence_start.anchor;
		tag = r->event.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = r->event.data.mapping_start.anchor;
		tag = r->event.data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL)
		return fail_at(r, at.line, at.column, quote(found, "the anchor ", (const char *)anchor), "no anchors");
	if (tag != NULL)
		return fail_at(r, at.line, at.column, quote(found, "the tag ", (const char *)tag), "no tags");
	return true;
}

/* Goes on to the next event. */
static bool
next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event) == 0)
		return fail_parser(r);
	return refuse_extras(r);
}

/* How many letters must be changed, added or removed to make b of a; large where either is long. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t row[NAME_SIZE_MAX], size = strlen(b);

	if (size >= NAME_SIZE_MAX || strlen(a) >= NAME_SIZE_MAX)
		return NAME_SIZE_MAX;
	for (size_t j = 0; j <= size; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < size; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (best > diagonal + 1)
				best = diagonal + 1;
			if (best > row[j] + 1)
				best = row[j] + 1;
			row[j + 1] = best;
		}
	}
	return row[size];
}

/* The i-th of some names, NULL behind the last. */
typedef const char *name_at(const void *names, size_t i);

static const char *
key_at(const void *keys, size_t i)
{
	return ((const struct key *)keys)[i].name;
}

static const char *
word_at(const void *words, size_t i)
{
	return ((const char *const *)words)[i];
}

static const char *
value_at(const void *values, size_t i)
{
	return ((const struct named_value *)values)[i].name;
}

static const char *
policy_at(const void *unused, size_t i)
{
	(void)unused;
	return policies[i] != NULL ? policies[i]->name : NULL;
}

/* Refuses the scalar at hand for being none of the names, and says which might have been meant. */
static bool
refuse_name(struct reader *r, name_at *at, const void *names)
{
	char choices[CHOICES_SIZE] = "";
	const char *near = NULL, *name;
	size_t used = 0, nearest = 3;

	for (size_t i = 0; (name = at(names, i)) != NULL; i++) {
		size_t distance = r->event.type == YAML_SCALAR_EVENT ? edit_distance(scalar(r), name) : nearest;

		/* Of two that are equally near neither is named. */
		if (distance == nearest)
			near = NULL;
		if (distance < nearest && distance < strlen(name)) {
			nearest = distance;
			near = name;
		}
		if (used < sizeof(choices))
			used += (size_t)snprintf(choices + used, sizeof(choices) - used, "%s%s", i > 0 ? ", " : "", name);
	}
	if (near != NULL)
		return refuse(r, "one of %s (did you mean %s?)", choices, near);
	return refuse(r, "one of %s", choices);
}

/* Finds the scalar at hand among the names. */
static bool
read_name(struct reader *r, name_at *at, const void *names, size_t *index)
{
	const char *name;

	for (*index = 0; r->event.type == YAML_SCALAR_EVENT && (name = at(names, *index)) != NULL; ++*index)
		if (strcmp(name, scalar(r)) == 0)
			return true;
	return refuse_name(r, at, names);
}

static bool
refuse_repeated(struct reader *r, size_t first_line)
{
	return refuse(r, "each key once (it is in line %zu already)", first_line);
}

/* Reads a mapping by its keys, which end with a NULL name. */
static bool
read_mapping(struct reader *r, const struct key *keys, void *target)
{
	size_t lines[KEYS_MAX] = { 0 }, index;
	yaml_mark_t start = r->event.start_mark;
	char found[FOUND_SIZE];

	if (r->event.type != YAML_MAPPING_START_EVENT)
		return refuse(r, "a mapping");
	for (;;) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (!read_name(r, key_at, keys, &index))
			return false;
		if (lines[index] != 0)
			return refuse_repeated(r, lines[index]);
		lines[index] = r->event.start_mark.line + 1;
		if (!next(r) || !keys[index].read(r, target, keys[index].index))
			return false;
	}
	for (size_t i = 0; keys[i].name != NULL; i++)
		if (keys[i].required && lines[i] == 0)
			return fail_at(r, start.line, start.column, quote(found, "no key ", keys[i].name), "it in this mapping");
	return true;
}

/*
 * A number as people write it: digits, and up to six decimals. Its digits fit a double's 53 bits,
 * so that the quotient is the number nearest to what was written, whatever the locale.
 */
static bool
parse_number(const char *text, double *number)
{
	uint64_t digits = 0, scale = 1;
	size_t whole = strspn(text, "0123456789"), decimals = 0;

	if (text[whole] == '.') {
		decimals = strspn(text + whole + 1, "0123456789");
		if (decimals == 0)
			return false;
	}
	if (whole == 0 || whole > 9 || decimals > 6 || text[whole + (decimals > 0 ? decimals + 1 : 0)] != '\0')
		return false;
	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] != '.')
			digits = digits * 10 + (uint64_t)(text[i] - '0');
	for (; decimals > 0; decimals--)
		scale *= 10;
	*number = (double)digits / (double)scale;
	return true;
}

/* Reads a plain scalar as a number, or a whole one, in a range. */
static bool
read_number_as(struct reader *r, double minimum, double maximum, bool whole, double *number)
{
	bool plain = r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && (!whole || strchr(scalar(r), '.') == NULL) && parse_number(scalar(r), number) && *number >= minimum && *number <= maximum)
		return true;
	if (whole)
		return refuse(r, "a whole number from %g to %g", minimum, maximum);
	return refuse(r, "a number from %g to %g, with at most six decimals", minimum, maximum);
}

static bool
read_number(struct reader *r, double minimum, double maximum, double *number)
{
	return read_number_as(r, minimum, maximum, false, number);
}

/* Whether text holds no control character, neither of ASCII nor U+0080 to U+009F. */
static bool
is_printable(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < size && (unsigned char)text[i + 1] < 0xa0))
			return false;
	}
	return true;
}

/* Checks the scalar at hand to be text with more than blanks in it. */
static bool
check_text(struct reader *r, size_t size_max)
{
	size_t size;

	if (r->event.type != YAML_SCALAR_EVENT || is_null(r))
		return refuse(r, "text");
	size = r->event.data.scalar.length;
	if (strspn(scalar(r), " ") == size)
		return refuse(r, "text that is not empty");
	if (size > size_max)
		return refuse(r, "at most %zu bytes of text", size_max);
	if (!is_printable(scalar(r), size))
		return refuse(r, "one line of printable text");
	return true;
}

static bool
copy_text(struct reader *r, size_t size_max, char **text)
{
	if (!check_text(r, size_max))
		return false;
	*text = strdup(scalar(r));
	return *text != NULL || fail_memory(r);
}

/* A name or pattern; target is the char * member to fill. */
static bool
read_pattern(struct reader *r, void *target, size_t offset)
{
	return copy_text(r, NAME_SIZE_MAX, (char **)(void *)((char *)target + offset));
}

static bool
read_ip(struct reader *r, void *target, size_t index)
{
	struct peer_pattern *peer = target;

	(void)index;
	if (!check_text(r, NAME_SIZE_MAX))
		return false;
	if (!ip_prefix_parse(scalar(r), &peer->ip))
		return refuse(r, "an IP address, or a CIDR prefix without bits behind its length, as 10.1.2.3 or fd00::/64");
	peer->has_ip = true;
	return true;
}

static bool
read_port(struct reader *r, void *target, size_t offset)
{
	double number;

	if (!read_number_as(r, 1, UINT16_MAX, true, &number))
		return false;
	*(uint16_t *)(void *)((char *)target + offset) = (uint16_t)number;
	return true;
}

static bool
is_empty_peer(const struct peer_pattern *peer)
{
	return peer->namespace == NULL && peer->kind == NULL && peer->workload == NULL && !peer->has_ip;
}

/* source or destination; target is the traffic pattern, offset that of the peer in it. */
static bool
read_peer(struct reader *r, void *target, size_t offset)
{
	static const struct key keys[] = {
		{ "namespace", read_pattern, offsetof(struct peer_pattern, namespace), false },
		{ "kind", read_pattern, offsetof(struct peer_pattern, kind), false },
		{ "workload", read_pattern, offsetof(struct peer_pattern, workload), false },
		{ "ip", read_ip, 0, false },
		{ NULL, NULL, 0, false },
	};
	struct peer_pattern *peer = (struct peer_pattern *)(void *)((char *)target + offset);
	yaml_mark_t start = r->event.start_mark;

	if (!read_mapping(r, keys, peer))
		return false;
	if (is_empty_peer(peer))
		return fail_at(r, start.line, start.column, "an empty mapping", "at least one of namespace, kind, workload, ip");
	return true;
}

/* A pattern that says nothing would match everything, which nobody means to write. */
static bool
check_traffic(struct reader *r, const struct traffic_pattern *traffic, yaml_mark_t start)
{
	if (!is_empty_peer(&traffic->source) || !is_empty_peer(&traffic->destination) || traffic->protocol != NULL || traffic->port != 0)
		return true;
	return fail_at(r, start.line, start.column, "traffic without any condition", "at least one of source, destination, protocol, port");
}

/* The list with room for one more item, which is zeroed; NULL where there is none. */
static void *
make_room(struct reader *r, void *items, size_t count, size_t item_size)
{
	if (count >= LIST_MAX) {
		refuse(r, "at most %d items", LIST_MAX);
		return NULL;
	}
	/* Room for 1, 2, 4, 8 ... items: it is full when the count is such a number. */
	if ((count & (count - 1)) == 0)
		items = realloc(items, (count == 0 ? 1 : count * 2) * item_size);
	if (items == NULL)
		fail_memory(r);
	else
		memset((char *)items + count * item_size, 0, item_size);
	return items;
}

/* Goes on to the next item of a list. False at the list's end, and on an error, where *ok is false too. */
static bool
next_item(struct reader *r, bool *ok)
{
	*ok = next(r);
	return *ok && r->event.type != YAML_SEQUENCE_END_EVENT;
}

static const struct key traffic_keys[] = {
	{ "source", read_peer, offsetof(struct traffic_pattern, source), false },
	{ "destination", read_peer, offsetof(struct traffic_pattern, destination), false },
	{ "protocol", read_pattern, offsetof(struct traffic_pattern, protocol), false },
	{ "port", read_port, offsetof(struct traffic_pattern, port), false },
	{ NULL, NULL, 0, false },
};

static bool
read_traffic_list(struct reader *r, struct traffic_pattern **list, size_t *count)
{
	bool ok;

	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return refuse(r, "a list");
	while (next_item(r, &ok)) {
		yaml_mark_t start = r->event.start_mark;
		struct traffic_pattern *grown = make_room(r, *list, *count, sizeof(*grown)), *traffic;

		if (grown == NULL)
			return false;
		*list = grown;
		traffic = &grown[(*count)++];
		if (!read_mapping(r, traffic_keys, traffic) || !check_traffic(r, traffic, start))
			return false;
	}
	return ok;
}

static bool
read_include(struct reader *r, void *target, size_t index)
{
	struct policy_set *set = target;

	(void)index;
	return read_traffic_list(r, &set->include, &set->include_count);
}

static bool
read_exclude(struct reader *r, void *target, size_t index)
{
	struct policy_set *set = target;

	(void)index;
	return read_traffic_list(r, &set->exclude, &set->exclude_count);
}

static bool
read_scope(struct reader *r, void *target, size_t index)
{
	static const struct key keys[] = {
		{ "include", read_include, 0, false },
		{ "exclude", read_exclude, 0, false },
		{ NULL, NULL, 0, false },
	};

	(void)index;
	return read_mapping(r, keys, target);
}

static bool
read_policy_names(struct reader *r, void *target, size_t index)
{
	struct exemption *exemption = target;
	yaml_mark_t start = r->event.start_mark;
	bool ok;

	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return refuse(r, "a list of policies");
	while (next_item(r, &ok)) {
		if (!read_name(r, policy_at, NULL, &index))
			return false;
		for (size_t i = 0; i < exemption->policy_count; i++)
			if (exemption->policies[i] == policies[index])
				return refuse(r, "each policy once");
		exemption->policies[exemption->policy_count++] = policies[index];
	}
	if (ok && exemption->policy_count == 0)
		return fail_at(r, start.line, start.column, "an empty list", "at least one policy (or no key 'policies' for all of them)");
	return ok;
}

static bool
read_reason(struct reader *r, void *target, size_t index)
{
	(void)index;
	return copy_text(r, TEXT_SIZE_MAX, &((struct exemption *)target)->reason);
}

static bool
read_expires(struct reader *r, void *target, size_t index)
{
	(void)index;
	if (!check_text(r, NAME_SIZE_MAX))
		return false;
	if (!rfc3339_parse(scalar(r), &((struct exemption *)target)->expires))
		return refuse(r, "a date as 2031-12-31, or a time as 2031-12-31T18:00:00Z");
	return true;
}

static bool
read_exemption(struct reader *r, struct exemption *exemption)
{
	static const struct key keys[] = {
		{ "policies", read_policy_names, 0, false },
		{ "source", read_peer, offsetof(struct exemption, traffic.source), false },
		{ "destination", read_peer, offsetof(struct exemption, traffic.destination), false },
		{ "protocol", read_pattern, offsetof(struct exemption, traffic.protocol), false },
		{ "port", read_port, offsetof(struct exemption, traffic.port), false },
		{ "reason", read_reason, 0, true },
		{ "expires", read_expires, 0, true },
		{ NULL, NULL, 0, false },
	};
	yaml_mark_t start = r->event.start_mark;

	exemption->line = (int)start.line + 1;
	return read_mapping(r, keys, exemption) && check_traffic(r, &exemption->traffic, start);
}

static bool
read_exemptions(struct reader *r, void *target, size_t index)
{
	struct policy_set *set = target;
	bool ok;

	(void)index;
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return refuse(r, "a list");
	while (next_item(r, &ok)) {
		struct exemption *grown = make_room(r, set->exemptions, set->exemption_count, sizeof(*grown));

		if (grown == NULL)
			return false;
		set->exemptions = grown;
		if (!read_exemption(r, &grown[set->exemption_count++]))
			return false;
	}
	return ok;
}

/* The line in which the file gave this name of a table already, or 0. */
static int
given_in_line(const struct parameter_value *table, const char *name)
{
	for (size_t i = 0; i < table->table_size; i++)
		if (strcmp(table->table[i].name, name) == 0)
			return table->table[i].line;
	return 0;
}

/* One "name: number" of a table, the name being at hand. */
static bool
read_table_entry(struct reader *r, const struct parameter *p, struct parameter_value *table)
{
	char name[NAME_SIZE_MAX + 1];
	int line = (int)r->event.start_mark.line + 1;
	size_t index;
	double number;

	if (p->open_table ? !check_text(r, NAME_SIZE_MAX) : !read_name(r, value_at, p->table, &index))
		return false;
	if (given_in_line(table, scalar(r)) != 0)
		return refuse_repeated(r, (size_t)given_in_line(table, scalar(r)));
	if (table->table_size >= TABLE_MAX)
		return refuse(r, "at most %d names", TABLE_MAX);
	snprintf(name, sizeof(name), "%s", scalar(r));
	if (!next(r) || !read_number(r, p->minimum, p->maximum, &number))
		return false;
	return policy_table_put(table, name, number, line) || fail_memory(r);
}

static bool
read_table(struct reader *r, const struct parameter *p, struct parameter_value *table)
{
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return refuse(r, "a mapping");
	while (next(r)) {
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!read_table_entry(r, p, table))
			return false;
	}
	return false;
}

/* The parameter with this index of a policy's setting. */
static bool
read_parameter(struct reader *r, void *target, size_t index)
{
	struct policy_setting *setting = target;
	const struct parameter *p = &setting->policy->parameters[index];
	struct parameter_value *value = &setting->parameters[index];
	size_t word;

	switch (p->type) {
	case PARAMETER_NUMBER:
		return read_number(r, p->minimum, p->maximum, &value->number);
	case PARAMETER_WORD:
		if (!read_name(r, word_at, p->words, &word))
			return false;
		value->word = p->words[word];
		return true;
	default:
		return read_table(r, p, value);
	}
}

static bool
read_weight(struct reader *r, void *target, size_t index)
{
	(void)index;
	return read_number(r, 0, WEIGHT_MAX, &((struct policy_setting *)target)->weight);
}

static bool
read_severity(struct reader *r, void *target, size_t index)
{
	if (!read_name(r, word_at, severity_names, &index))
		return false;
	((struct policy_setting *)target)->severity = (enum severity)index;
	return true;
}

/* The setting of the policy with this index; its keys are made of its descriptor. */
static bool
read_policy(struct reader *r, void *target, size_t index)
{
	struct policy_setting *setting = &((struct policy_set *)target)->settings[index];
	struct key keys[KEYS_MAX + 1] = {
		{ "weight", read_weight, 0, false },
		{ "severity", read_severity, 0, false },
	};

	for (size_t i = 0; setting->policy->parameters[i].name != NULL; i++)
		keys[i + 2] = (struct key){ setting->policy->parameters[i].name, read_parameter, i, false };
	return read_mapping(r, keys, setting);
}

static bool
read_policies(struct reader *r, void *target, size_t index)
{
	struct key keys[POLICY_COUNT + 1] = { { 0 } };

	for (index = 0; index < POLICY_COUNT; index++)
		keys[index] = (struct key){ policies[index]->name, read_policy, index, false };
	return read_mapping(r, keys, target);
}

static bool
read_schema(struct reader *r, void *target, size_t index)
{
	(void)target;
	(void)index;
	if (r->event.type == YAML_SCALAR_EVENT && strcmp(scalar(r), schema) == 0)
		return true;
	return refuse(r, "%s", schema);
}

/* The set has a name from its defaults, which gives way. */
static bool
read_set_name(struct reader *r, void *target, size_t index)
{
	struct policy_set *set = target;
	char *name;

	(void)index;
	if (!copy_text(r, NAME_SIZE_MAX, &name))
		return false;
	free(set->name);
	set->name = name;
	return true;
}

/* One document with one mapping, and nothing behind it. */
static bool
read_stream(struct reader *r, struct policy_set *set)
{
	static const struct key keys[] = {
		{ "schema", read_schema, 0, true },
		{ "name", read_set_name, 0, true },
		{ "policies", read_policies, 0, false },
		{ "scope", read_scope, 0, false },
		{ "exemptions", read_exemptions, 0, false },
		{ NULL, NULL, 0, false },
	};

	if (!next(r) || !next(r)) /* the stream's start */
		return false;
	if (r->event.type != YAML_DOCUMENT_START_EVENT)
		return fail_at(r, 0, 0, "an empty file", "a policy set (schema: %s)", schema);
	if (!next(r) || !read_mapping(r, keys, set))
		return false;
	if (!next(r) || !next(r)) /* the document's end */
		return false;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail_at(r, r->event.start_mark.line, r->event.start_mark.column, "a second document", "one");
	return true;
}

struct policy_set *
policy_set_read(const char *name, const char *text, size_t size, char *error, size_t error_size)
{
	struct reader r = { .name = name, .text = text, .size = size, .error = error, .error_size = error_size };
	struct policy_set *set;
	bool ok;

	if (size > POLICY_SET_SIZE_MAX) {
		fail_at(&r, 0, 0, "a larger file", "at most %d bytes", POLICY_SET_SIZE_MAX);
		return NULL;
	}
	set = policy_set_default();
	if (set == NULL || yaml_parser_initialize(&r.parser) == 0) {
		fail_memory(&r);
		policy_set_free(set);
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text != NULL ? text : ""), size);
	ok = read_stream(&r, set);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (ok)
		return set;
	policy_set_free(set);
	return NULL;
}
