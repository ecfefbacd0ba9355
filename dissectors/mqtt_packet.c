/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT's control packets; sections are those of MQTT 5.0 unless it says otherwise. */
#include <config.h>

#include "mqtt_packet.h"

enum { FROM_EITHER = 2 };

/* What each packet may look like: the flags of its header (2.1.3), sizes, and who sends it. */
static const struct {
	uint8_t from;      /* enum direction, or FROM_EITHER */
	uint8_t flags;
	uint8_t size_min;
	uint32_t size_max;
} shapes[] = {
	[MQTT_CONNECT] = { FROM_CLIENT, 0, 12, 1024 * 1024 },
	[MQTT_CONNACK] = { FROM_SERVER, 0, 2, 256 * 1024 },
	[MQTT_PUBLISH] = { FROM_EITHER, 0, 2, 0x0fffffff }, /* flags are its own */
	[MQTT_PUBACK] = { FROM_EITHER, 0, 2, 128 * 1024 },
	[MQTT_PUBREC] = { FROM_EITHER, 0, 2, 128 * 1024 },
	[MQTT_PUBREL] = { FROM_EITHER, 2, 2, 128 * 1024 },
	[MQTT_PUBCOMP] = { FROM_EITHER, 0, 2, 128 * 1024 },
	[MQTT_SUBSCRIBE] = { FROM_CLIENT, 2, 6, 1024 * 1024 },
	[MQTT_SUBACK] = { FROM_SERVER, 0, 3, 128 * 1024 },
	[MQTT_UNSUBSCRIBE] = { FROM_CLIENT, 2, 5, 1024 * 1024 },
	[MQTT_UNSUBACK] = { FROM_SERVER, 0, 2, 128 * 1024 },
	[MQTT_PINGREQ] = { FROM_CLIENT, 0, 0, 0 },
	[MQTT_PINGRESP] = { FROM_SERVER, 0, 0, 0 },
	[MQTT_DISCONNECT] = { FROM_EITHER, 0, 0, 128 * 1024 },
	[MQTT_AUTH] = { FROM_EITHER, 0, 0, 256 * 1024 },
};

/* 1.5.5: seven bits a byte, the least significant first, four bytes at most. */
static enum verdict
read_variable(struct cursor *c, uint32_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift <= 21; shift += 7) {
		uint8_t b;

		if (cursor_left(c) == 0)
			return NEED_MORE;
		b = cursor_u8(c);
		*value |= (uint32_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return MATCH;
	}
	return NO_MATCH;
}

/* QoS 3 does not exist; a message sent again has a QoS above 0 (3.3.1). Flags of 3.1 mean less: DUP, QoS and RETAIN may be set on SUBSCRIBE. */
static bool
are_flags(uint8_t type, uint8_t flags)
{
	if (type == MQTT_PUBLISH)
		return (flags & 6) != 6;
	if (type == MQTT_SUBSCRIBE || type == MQTT_UNSUBSCRIBE || type == MQTT_PUBREL)
		return (flags & 7) == shapes[type].flags; /* 3.1 sends them again, with DUP */
	return flags == shapes[type].flags;
}

enum verdict
mqtt_read_header(struct cursor *c, enum direction from, struct mqtt_header *h)
{
	struct cursor start = *c;
	uint8_t first;
	enum verdict verdict;

	if (cursor_left(c) == 0)
		return NEED_MORE;
	first = cursor_u8(c);
	*h = (struct mqtt_header){ .type = first >> 4, .flags = first & 15 };
	if (h->type == 0 || !are_flags(h->type, h->flags) || (shapes[h->type].from != FROM_EITHER && shapes[h->type].from != from))
		return NO_MATCH;
	verdict = read_variable(c, &h->size);
	if (verdict != MATCH)
		return verdict;
	h->length = (uint8_t)(start.left - c->left);
	return h->size >= shapes[h->type].size_min && h->size <= shapes[h->type].size_max ? MATCH : NO_MATCH;
}

static struct cursor
take_field(struct cursor *c)
{
	size_t size = cursor_u16(c);

	return cursor_sub(c, size);
}

enum property_type { NOT_ONE, BYTE, TWO_BYTES, FOUR_BYTES, VARIABLE, FIELD, TWO_FIELDS };

/* 2.2.2.2 */
static const uint8_t properties[] = {
	[0x01] = BYTE, [0x02] = FOUR_BYTES, [0x03] = FIELD, [0x08] = FIELD, [0x09] = FIELD, [0x0b] = VARIABLE,
	[0x11] = FOUR_BYTES, [0x12] = FIELD, [0x13] = TWO_BYTES, [0x15] = FIELD, [0x16] = FIELD, [0x17] = BYTE,
	[0x18] = FOUR_BYTES, [0x19] = BYTE, [0x1a] = FIELD, [0x1c] = FIELD, [0x1f] = FIELD, [0x21] = TWO_BYTES,
	[0x22] = TWO_BYTES, [0x23] = TWO_BYTES, [0x24] = BYTE, [0x25] = BYTE, [0x26] = TWO_FIELDS, [0x27] = FOUR_BYTES,
	[0x28] = BYTE, [0x29] = BYTE, [0x2a] = BYTE,
};

enum { AUTHENTICATION_METHOD = 0x15, AUTHENTICATION_DATA = 0x16 };

static struct cursor
take_property(struct cursor *c, uint8_t type)
{
	uint32_t variable;

	switch (type) {
	case BYTE:
		return cursor_sub(c, 1);
	case TWO_BYTES:
		return cursor_sub(c, 2);
	case FOUR_BYTES:
		return cursor_sub(c, 4);
	case VARIABLE:
		if (read_variable(c, &variable) != MATCH)
			cursor_fail(c);
		return *c;
	case TWO_FIELDS:
		(void)take_field(c);
		return take_field(c);
	case FIELD:
		return take_field(c);
	default:
		cursor_fail(c);
		return *c;
	}
}

/* Reads a list of properties; of interest are those of authentication. login may be NULL. */
static void
read_properties(struct cursor *c, struct mqtt_login *login)
{
	struct cursor list, value;
	uint32_t size;

	if (read_variable(c, &size) != MATCH)
		cursor_fail(c);
	list = cursor_sub(c, size);
	while (cursor_left(&list) > 0) {
		uint8_t id = cursor_u8(&list);

		value = take_property(&list, id < sizeof(properties) ? properties[id] : (uint8_t)NOT_ONE);
		if (login != NULL && id == AUTHENTICATION_METHOD)
			login->mechanism = value;
		else if (login != NULL && id == AUTHENTICATION_DATA)
			login->data = value;
	}
	if (!cursor_ok(&list))
		cursor_fail(c);
}

static void
clear_login(struct mqtt_login *login)
{
	struct cursor none = { .failed = true };

	*login = (struct mqtt_login){ .user = none, .password = none, .mechanism = none, .data = none };
}

/* 3.1.2.1: the name of the protocol and its version; "MQIsdp" is 3.1's. */
static bool
read_version(struct cursor *c, struct mqtt_login *login)
{
	struct cursor name = take_field(c);
	uint8_t version = cursor_u8(c);

	login->bridge = (version & 0x80) != 0;
	login->version = version & 0x7f;
	if (cursor_equals(&name, "MQIsdp"))
		return login->version == 3;
	return cursor_equals(&name, "MQTT") && (login->version == 4 || login->version == 5);
}

enum { FLAG_USER = 0x80, FLAG_PASSWORD = 0x40, FLAG_WILL_RETAIN = 0x20, FLAG_WILL_QOS = 0x18, FLAG_WILL = 0x04, FLAG_RESERVED = 0x01 };

/* 3.1.2.3 and following: what cannot be together. */
static bool
are_connect_flags(uint8_t flags, uint8_t version)
{
	if ((flags & FLAG_WILL_QOS) == FLAG_WILL_QOS || (version > 3 && (flags & FLAG_RESERVED) != 0))
		return false;
	if ((flags & FLAG_WILL) == 0 && version > 3 && (flags & (FLAG_WILL_QOS | FLAG_WILL_RETAIN)) != 0)
		return false;
	return version != 4 || (flags & FLAG_USER) != 0 || (flags & FLAG_PASSWORD) == 0;
}

/* 3.1 (of MQTT 3.1): a flag may be set and its field be missing all the same, at the end. */
static struct cursor
take_credential(struct cursor *c, bool flag, uint8_t version)
{
	struct cursor none = { .failed = true };

	return flag && (version > 3 || cursor_left(c) > 0) ? take_field(c) : none;
}

bool
mqtt_read_connect(struct cursor body, struct mqtt_login *login)
{
	uint8_t flags;

	clear_login(login);
	if (!read_version(&body, login))
		return false;
	flags = cursor_u8(&body);
	(void)cursor_u16(&body); /* keep alive */
	if (!are_connect_flags(flags, login->version))
		return false;
	if (login->version == 5)
		read_properties(&body, login);
	(void)take_field(&body); /* client identifier */
	if ((flags & FLAG_WILL) != 0) {
		if (login->version == 5)
			read_properties(&body, NULL);
		(void)take_field(&body);
		(void)take_field(&body);
	}
	login->user = take_credential(&body, (flags & FLAG_USER) != 0, login->version);
	login->password = take_credential(&body, (flags & FLAG_PASSWORD) != 0, login->version);
	return cursor_ok(&body) && cursor_left(&body) == 0;
}

bool
mqtt_may_be_connect(struct cursor body)
{
	static const char *const beginnings[] = { "\x04MQTT\x04", "\x04MQTT\x05", "\x04MQTT\x84", "\x04MQTT\x85", "\x06MQIsdp\x03", "\x06MQIsdp\x83" };

	if (cursor_left(&body) == 0)
		return true;
	if (cursor_u8(&body) != 0)
		return false;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (cursor_may_start_with(&body, beginnings[i]))
			return true;
	return false;
}

bool
mqtt_read_auth(struct cursor body, uint8_t *reason, struct mqtt_login *login)
{
	clear_login(login);
	*reason = 0; /* 3.15.2.1: left out with a size of 0 */
	if (cursor_left(&body) > 0)
		*reason = cursor_u8(&body);
	if (cursor_left(&body) > 0)
		read_properties(&body, login);
	return cursor_ok(&body) && cursor_left(&body) == 0 && (*reason == 0 || *reason == 0x18 || *reason == 0x19);
}

bool
mqtt_read_connack(struct cursor body, uint8_t *reason)
{
	uint8_t flags = cursor_u8(&body);

	*reason = cursor_u8(&body);
	if (cursor_left(&body) > 0)
		read_properties(&body, NULL);
	return cursor_ok(&body) && cursor_left(&body) == 0 && flags <= 1 && (*reason <= 5 || (*reason >= 0x80 && *reason <= 0xa2));
}

bool
mqtt_read_reasons(struct cursor body, enum mqtt_type type, uint8_t version, uint8_t *reason)
{
	*reason = 0;
	if (type != MQTT_DISCONNECT)
		(void)cursor_u16(&body); /* packet identifier */
	if (type == MQTT_SUBACK) {
		if (version == 5)
			read_properties(&body, NULL);
		while (cursor_left(&body) > 0) {
			uint8_t one = cursor_u8(&body);

			if (*reason < 0x80)
				*reason = one >= 0x80 ? one : 0;
		}
		return cursor_ok(&body);
	}
	if (cursor_left(&body) > 0)
		*reason = cursor_u8(&body);
	if (cursor_left(&body) > 0)
		read_properties(&body, NULL);
	return cursor_ok(&body) && cursor_left(&body) == 0;
}

static bool
is_topic(struct cursor topic, bool wildcards)
{
	struct cursor c = topic;

	if (!cursor_ok(&topic) || cursor_left(&topic) == 0 || !cursor_is_text(topic))
		return false;
	while (!wildcards && cursor_left(&c) > 0) {
		uint8_t b = cursor_u8(&c);

		if (b == '#' || b == '+')
			return false;
	}
	return true;
}

/* A list of filters to its end, each with its options where it is a subscription (3.8.3, 3.10.3). */
static bool
are_filters(struct cursor c, bool options)
{
	do {
		if (!is_topic(take_field(&c), true))
			return false;
		if (options && (cursor_u8(&c) & 0xc3) == 3)
			return false;
	} while (cursor_left(&c) > 0);
	return cursor_ok(&c);
}

bool
mqtt_has_topics(struct cursor body, const struct mqtt_header *h)
{
	struct cursor behind;

	if (h->type == MQTT_PUBLISH)
		return is_topic(take_field(&body), false) && (h->flags & 6 ? cursor_u16(&body) != 0 : cursor_ok(&body));
	if (h->type != MQTT_SUBSCRIBE && h->type != MQTT_UNSUBSCRIBE)
		return false;
	if (cursor_u16(&body) == 0)
		return false;
	behind = body;
	read_properties(&behind, NULL);
	return are_filters(body, h->type == MQTT_SUBSCRIBE) || (cursor_ok(&behind) && are_filters(behind, h->type == MQTT_SUBSCRIBE));
}
