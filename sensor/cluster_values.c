/* SPDX-License-Identifier: Apache-2.0 */
/* See cluster_values.h. */
#include <config.h>

#include "cluster_values.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "policies/rfc3339.h"

enum { NAME_LIMIT = 512 }; /* Kubernetes: 253 for a name, 317 for a label's key */

bool
cluster_member(struct cluster_reader *r, const struct json_spot *parent, const char *key, enum json_value_type type, struct json_spot *out)
{
	return json_member(&r->document, parent, key, type, JSON_MAY, out);
}

bool
cluster_element(struct cluster_reader *r, const struct json_spot *array, size_t index, enum json_value_type type, struct json_spot *out)
{
	return json_element(&r->document, array, index, type, JSON_MAY, out);
}

const char *
cluster_string(struct cluster_reader *r, const struct json_spot *parent, const char *key)
{
	struct json_spot s;

	return cluster_member(r, parent, key, JSON_VALUE_STRING, &s) ? json_string_of(&s) : "";
}

/* Names are printed: none of Kubernetes has anything but visible ASCII. */
bool
cluster_check_name(struct cluster_reader *r, const struct json_spot *spot, const char *text)
{
	size_t size = strlen(text);

	if (size > NAME_LIMIT) {
		json_fail(&r->document, spot, "is %zu bytes long; no name has more than %d", size, NAME_LIMIT);
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] > ' ' && text[i] <= '~')
			continue;
		json_fail(&r->document, spot, "has the byte 0x%02x, which no name has", (unsigned)(unsigned char)text[i]);
		return false;
	}
	return true;
}

const char *
cluster_name(struct cluster_reader *r, const struct json_spot *parent, const char *key)
{
	struct json_spot s;

	if (!cluster_member(r, parent, key, JSON_VALUE_STRING, &s) || !cluster_check_name(r, &s, json_string_of(&s)))
		return inventory_text(r->inv, "");
	return inventory_text(r->inv, json_string_of(&s));
}

bool
cluster_flag(struct cluster_reader *r, const struct json_spot *parent, const char *key)
{
	return json_read_flag(&r->document, parent, key, JSON_MAY);
}

uint16_t
cluster_port(struct cluster_reader *r, const struct json_spot *parent, const char *key)
{
	struct json_spot s;
	int64_t number;

	if (!cluster_member(r, parent, key, JSON_VALUE_INTEGER, &s))
		return 0;
	number = json_integer_of(&s);
	if (number >= 0 && number <= UINT16_MAX)
		return (uint16_t)number;
	json_fail(&r->document, &s, "%" PRId64 " is no port number", number);
	return 0;
}

uint8_t
cluster_protocol(struct cluster_reader *r, const struct json_spot *parent)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protocols[] = { { "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP }, { "SCTP", IPPROTO_SCTP } };
	const char *text = cluster_string(r, parent, "protocol");

	if (text[0] == '\0')
		return IPPROTO_TCP;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(text, protocols[i].name) == 0)
			return protocols[i].number;
	json_fail(&r->document, &(struct json_spot){ .parent = parent, .key = "protocol" }, "\"%.*s\" is none of TCP, UDP, SCTP", JSON_QUOTE_LIMIT, text);
	return 0;
}

/* RFC 3339 5.6, a date and a time, to nanoseconds since 1970. */
static bool
parse_time(const char *text, int64_t *out)
{
	static const int64_t year_1971 = 31536000, year_2201 = INT64_C(7289654400);
	int64_t seconds;

	if (strlen(text) < 11 || text[10] != 'T' || !rfc3339_parse(text, &seconds) || seconds >= year_2201)
		return false;
	/* Go writes year 1 for a time that was never set. */
	*out = seconds < year_1971 ? INVENTORY_TIME_OPEN : seconds * 1000000000;
	return true;
}

int64_t
cluster_time(struct cluster_reader *r, const struct json_spot *parent, const char *key)
{
	const char *text = cluster_string(r, parent, key);
	int64_t time = INVENTORY_TIME_OPEN;

	if (text[0] != '\0' && !parse_time(text, &time))
		json_fail(&r->document, &(struct json_spot){ .parent = parent, .key = key }, "\"%.*s\" is no time; expected as in 2026-01-31T12:00:00Z", JSON_QUOTE_LIMIT, text);
	return time;
}

/* A string; false where it is empty, or none. */
bool
cluster_address(struct cluster_reader *r, const struct json_spot *spot, struct address *out)
{
	const char *text = json_string_of(spot);

	if (text == NULL || text[0] == '\0')
		return false;
	if (address_parse(text, out))
		return true;
	json_fail(&r->document, spot, "\"%.*s\" is no IP address", JSON_QUOTE_LIMIT, text);
	return false;
}

const char **
cluster_labels(struct cluster_reader *r, const struct json_spot *map, size_t *count)
{
	const char **labels = inventory_alloc(r->inv, (json_count_of(map) + 1) * sizeof(*labels));
	struct json_spot label = { .key = NULL };

	*count = 0;
	while (json_next_member(map, &label))
		if (json_expect(&r->document, &label, JSON_VALUE_STRING, JSON_MAY) && cluster_check_name(r, &label, label.key) && cluster_check_name(r, &label, json_string_of(&label)))
			labels[(*count)++] = inventory_label(r->inv, label.key, json_string_of(&label));
	return labels;
}
