/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be told of ESP packets (RFC 4303) by who has no key: whether they are encrypted at all.
 * ESP with NULL encryption (RFC 2410) looks the same from outside; it is told by the heuristics of
 * RFC 5879, over several packets. For ESP by its protocol number and in UDP (RFC 3948) alike.
 */
#ifndef PODWIRE_ESP_SURVEY_H
#define PODWIRE_ESP_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "evidence.h"

enum { ESP_HEADER_SIZE = 8, ESP_PACKETS_MAX = 48 };

/* All zeros at the start. */
struct esp_survey {
	uint32_t spi[2];      /* of the latest packet, by direction */
	uint32_t sequence[2]; /* of the latest packet with that SPI */
	uint32_t ports[2];    /* of a TCP header that may be one, by direction */
	uint16_t packets;     /* looked at */
	uint16_t continued;   /* whose sequence number goes on from an earlier one's with the same SPI */
	uint16_t sealed;      /* that cannot be ESP-NULL */
	uint16_t readable;    /* that are ESP-NULL */
	uint16_t doubtful;    /* neither */
};

enum esp_finding {
	ESP_NONE,      /* the packet is none of ESP's */
	ESP_UNDECIDED, /* no word yet */
	ESP_ENCRYPTED,
	ESP_NULL,      /* authenticated at most: what it carries is readable */
	ESP_MIXED,     /* some of it is readable */
};

/* Adds a packet, from its SPI on, and tells what follows from all that were seen. */
enum esp_finding esp_survey_packet(struct esp_survey *, enum direction, struct cursor packet);

/* Whether nothing more is to be learned from further packets. */
bool esp_survey_is_over(const struct esp_survey *);

/* States as evidence what was found. */
void esp_survey_tell(enum esp_finding, struct evidence *, enum direction, uint64_t offset);

#endif
