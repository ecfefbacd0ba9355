/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of short headers before they count, since each alone could be anything:
 *  - every datagram of the flow, in both directions, begins with the two bits 01;
 *  - the five bits after the spin bit, which header protection hides, vary;
 *  - in one direction four datagrams have the same 8 to 20 bytes behind the first, a connection ID, and
 *    from there on, where packet number and payload are encrypted, no two are alike; nor are their
 *    last bytes, where the tag of the AEAD is.
 * A counter, a time stamp, a length or text in any of these places fails it.
 */
#include <config.h>

#include "quic_short.h"

#include <string.h>

#include "quic_packet.h"

enum {
	ID_SIZE_MIN = 8,
	COMPARED = 8,      /* bytes behind the connection ID */
	UNLIKE = 6,        /* of them, must differ between any two datagrams */
	SIZE_MIN = 1 + QUIC_NUMBER_SIZE_MAX + QUIC_TAG_SIZE, /* the other side may do without a connection ID */
	STEP_MAX = 16,
	HIDDEN_BITS = 0x1f,
	HIDDEN_SEEN_MIN = 4, /* different values of these, in both directions together */
	DATAGRAMS_MAX = 24,  /* who has not shown it by then does not */
};

bool
quic_short_possible(struct cursor datagram)
{
	return cursor_left(&datagram) >= SIZE_MIN && quic_is_short(cursor_peek(&datagram, 0));
}

/* Whether of size bytes at least UNLIKE differ. */
static bool
unlike(const uint8_t *a, const uint8_t *b, size_t size)
{
	unsigned int different = 0;

	for (size_t i = 0; i < size; i++)
		different += a[i] != b[i];
	return different >= UNLIKE;
}

/* How many bytes behind the first are the same in all that were kept. */
static size_t
common_size(const uint8_t head[QUIC_SHORT_KEPT][QUIC_SHORT_HEAD])
{
	size_t size = 0;

	while (1 + size < QUIC_SHORT_HEAD) {
		for (int i = 1; i < QUIC_SHORT_KEPT; i++)
			if (head[i][1 + size] != head[0][1 + size])
				return size;
		size++;
	}
	return size;
}

/* Whether a byte goes up by little from one to the next, as that of a counter or a time does. */
static bool
counts_up(const uint8_t head[QUIC_SHORT_KEPT][QUIC_SHORT_HEAD], size_t at)
{
	for (int i = 1; i < QUIC_SHORT_KEPT; i++)
		if ((uint8_t)(head[i][at] - head[i - 1][at]) > STEP_MAX)
			return false;
	return true;
}

static bool
side_fits(const struct quic_short_watch *w, enum direction from)
{
	const uint8_t(*head)[QUIC_SHORT_HEAD] = w->sides[from].head;
	size_t size = common_size(head);

	if (w->sides[from].count < QUIC_SHORT_KEPT || size < ID_SIZE_MIN || size > QUIC_ID_SIZE_MAX || counts_up(head, 1 + size))
		return false;
	for (int i = 0; i < QUIC_SHORT_KEPT; i++)
		for (int j = 0; j < i; j++)
			if (!unlike(head[i] + 1 + size, head[j] + 1 + size, COMPARED) || !unlike(w->sides[from].tail[i], w->sides[from].tail[j], QUIC_SHORT_TAIL))
				return false;
	return true;
}

enum quic_short
quic_short_look(struct quic_short_watch *w, enum direction from, struct cursor datagram)
{
	uint8_t kept = w->sides[from].count;
	size_t head = datagram.left < QUIC_SHORT_HEAD ? datagram.left : QUIC_SHORT_HEAD;

	if (!quic_short_possible(datagram) || ++w->datagrams > DATAGRAMS_MAX)
		return QUIC_SHORT_NO;
	w->hidden_seen |= UINT32_C(1) << (datagram.at[0] & HIDDEN_BITS);
	if (kept < QUIC_SHORT_KEPT) {
		memcpy(w->sides[from].head[kept], datagram.at, head);
		memcpy(w->sides[from].tail[kept], datagram.at + datagram.left - QUIC_SHORT_TAIL, QUIC_SHORT_TAIL);
		w->sides[from].count++;
	}
	if (__builtin_popcount(w->hidden_seen) < HIDDEN_SEEN_MIN)
		return QUIC_SHORT_OPEN;
	return side_fits(w, FROM_CLIENT) || side_fits(w, FROM_SERVER) ? QUIC_SHORT_YES : QUIC_SHORT_OPEN;
}
