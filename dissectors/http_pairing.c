/* SPDX-License-Identifier: Apache-2.0 */
/* Which request an answer of HTTP/1.x is to: a ring of those without one, as long as nothing is lost (RFC 9112 9.3). */
#include <config.h>

#include "http_state.h"

static void
forget_requests(struct http_state *s)
{
	s->first = s->count = 0;
	s->beyond = 0;
}

void
http_push_request(struct http_state *s, const struct http_request *r)
{
	s->pipelined |= s->count > 0;
	s->unpaired |= s->doubtful && s->pipelined;
	if (s->count == HTTP_OUTSTANDING_MAX || s->beyond > 0) {
		if (s->beyond < UINT32_MAX)
			s->beyond++;
		return;
	}
	s->ring[(s->first + s->count) % HTTP_OUTSTANDING_MAX] = *r;
	s->count++;
}

const struct http_request *
http_oldest_request(const struct http_state *s)
{
	return s->count > 0 && !s->unpaired ? &s->ring[s->first] : NULL;
}

void
http_pop_request(struct http_state *s)
{
	if (s->count > 0) {
		s->first = (uint8_t)((s->first + 1) % HTTP_OUTSTANDING_MAX);
		s->count--;
	} else if (s->beyond > 0) {
		s->beyond--;
	}
}

struct http_request *
http_newest_request(struct http_state *s)
{
	return s->count > 0 && s->beyond == 0 ? &s->ring[(s->first + s->count - 1) % HTTP_OUTSTANDING_MAX] : NULL;
}

void
http_lose(struct http_state *s, enum direction from)
{
	s->side[from] = (struct http_side){ .reading = HTTP_AT_LOSS };
	s->look &= from != FROM_SERVER; /* the outcome was in what is lost */
	s->unpaired |= s->pipelined;
	s->doubtful = true;
	forget_requests(s);
}

void
http_lose_framing(struct http_state *s, enum direction from)
{
	s->unpaired |= from == FROM_CLIENT;
	http_lose(s, from);
}
