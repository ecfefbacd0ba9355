/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a side that nobody has taken yet: used where they are as long as the packet lasts, kept in a buffer beyond it. */
#include <config.h>

#include "inspection_internal.h"

#include <string.h>

static void
release(struct inspector *in, struct waiting *w)
{
	/* What was on the wire may have been a secret: it is not left lying in free memory. */
	if (w->buffer != NULL)
		memset(w->buffer, 0, w->capacity);
	buffer_give(&in->buffers, w->buffer, w->capacity);
	w->buffer = NULL;
	w->capacity = 0;
}

void
waiting_drop(struct inspector *in, struct waiting *w)
{
	w->offset += w->size;
	w->size = 0;
	w->at = NULL;
	w->need = 0;
	release(in, w);
}

bool
waiting_add(struct inspector *in, struct waiting *w, const uint8_t *bytes, size_t size)
{
	size_t capacity;
	uint8_t *grown;

	if (w->size == 0) {
		w->at = bytes;
		w->size = size;
		return true;
	}
	if (w->capacity < w->size + size) {
		grown = buffer_take(&in->buffers, w->size + size, &capacity);
		if (grown == NULL)
			return false;
		memcpy(grown, w->at, w->size);
		release(in, w);
		w->buffer = grown;
		w->capacity = capacity;
	} else {
		memmove(w->buffer, w->at, w->size);
	}
	w->at = w->buffer;
	memcpy(w->buffer + w->size, bytes, size);
	w->size += size;
	return true;
}

bool
waiting_keep(struct inspector *in, struct waiting *w)
{
	bool in_buffer = w->buffer != NULL && w->at >= w->buffer && w->at < w->buffer + w->capacity;

	if (w->size == 0) {
		release(in, w);
		return true;
	}
	if (in_buffer)
		return true;
	if (w->capacity < w->size) {
		release(in, w);
		w->buffer = buffer_take(&in->buffers, w->size, &w->capacity);
		if (w->buffer == NULL)
			return false;
	}
	memcpy(w->buffer, w->at, w->size);
	w->at = w->buffer;
	return true;
}
