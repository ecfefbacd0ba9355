/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control packets of MQTT 3.1, 3.1.1 (OASIS, and ISO/IEC 20922) and 5.0 (OASIS), taken apart: from bytes to
 * plain values, without any conclusion.
 */
#ifndef PODWIRE_MQTT_PACKET_H
#define PODWIRE_MQTT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "dissector.h"

enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK,
	MQTT_PUBLISH,
	MQTT_PUBACK,
	MQTT_PUBREC,
	MQTT_PUBREL,
	MQTT_PUBCOMP,
	MQTT_SUBSCRIBE,
	MQTT_SUBACK,
	MQTT_UNSUBSCRIBE,
	MQTT_UNSUBACK,
	MQTT_PINGREQ,
	MQTT_PINGRESP,
	MQTT_DISCONNECT,
	MQTT_AUTH,
};

struct mqtt_header {
	uint8_t type;   /* enum mqtt_type */
	uint8_t flags;
	uint32_t size;  /* of what follows */
	uint8_t length; /* of the header itself */
};

/*
 * Reads the header a packet begins with (2.2). NO_MATCH where none is possible: a flag that must not
 * be set, a size that the type cannot have, or that side does not send it.
 */
enum verdict mqtt_read_header(struct cursor *, enum direction, struct mqtt_header *);

/* What of CONNECT and AUTH bears on authentication. Failed cursors where a field is absent. */
struct mqtt_login {
	uint8_t version;            /* 3, 4 (3.1.1) or 5 */
	bool bridge;                /* of brokers among themselves: the version's high bit is set */
	struct cursor user;
	struct cursor password;
	struct cursor mechanism;    /* 5.0: Authentication Method */
	struct cursor data;         /* 5.0: Authentication Data */
};

/* Reads the body of CONNECT (3.1); false unless all of it is one. */
bool mqtt_read_connect(struct cursor body, struct mqtt_login *);

/* Whether what there is of a CONNECT's body can be the beginning of one. */
bool mqtt_may_be_connect(struct cursor body);

/* Reads the body of AUTH (5.0 3.15), its reason code into *reason; false unless all of it is one. */
bool mqtt_read_auth(struct cursor body, uint8_t *reason, struct mqtt_login *);

/* Reads the body of CONNACK (3.2), of either form. */
bool mqtt_read_connack(struct cursor body, uint8_t *reason);

/*
 * Reads the reasons of a SUBACK, PUBACK, PUBREC or DISCONNECT. False unless all of it is one;
 * *reason is the first that refuses, else 0.
 */
bool mqtt_read_reasons(struct cursor body, enum mqtt_type, uint8_t version, uint8_t *reason);

/* Whether body is that of a PUBLISH, or of a SUBSCRIBE or UNSUBSCRIBE of either version, whose topics are text. */
bool mqtt_has_topics(struct cursor body, const struct mqtt_header *);

#endif
