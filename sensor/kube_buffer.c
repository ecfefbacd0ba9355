/* SPDX-License-Identifier: Apache-2.0 */
/* See kube_buffer.h. */
#include <config.h>

#include "kube_buffer.h"

#include <stdlib.h>
#include <string.h>

static const size_t spare_limit = (size_t)256 << 10; /* larger memory is not kept */

void
kube_buffer_free(struct kube_buffer *b)
{
	free(b->bytes);
	*b = (struct kube_buffer){ .bytes = NULL };
}

void
kube_buffer_clear(struct kube_buffer *b)
{
	if (b->capacity > spare_limit)
		kube_buffer_free(b);
	b->size = 0;
}

bool
kube_buffer_add(struct kube_buffer *b, const char *bytes, size_t size, size_t limit)
{
	if (size > limit - b->size)
		return false;
	if (b->size + size > b->capacity) {
		size_t capacity = b->capacity * 2 > b->size + size ? b->capacity * 2 : b->size + size + 4096;
		char *moved = realloc(b->bytes, capacity);

		if (moved == NULL)
			abort();
		b->bytes = moved;
		b->capacity = capacity;
	}
	if (size > 0)
		memcpy(b->bytes + b->size, bytes, size);
	b->size += size;
	return true;
}

enum kube_lines
kube_buffer_lines(struct kube_buffer *b, const char *bytes, size_t size, size_t limit, bool (*line)(void *context, const char *line, size_t size), void *context)
{
	const char *end;

	while ((end = memchr(bytes, '\n', size)) != NULL) {
		size_t taken = (size_t)(end - bytes);
		bool go_on;

		if (b->size == 0) {
			go_on = line(context, bytes, taken);
		} else if (kube_buffer_add(b, bytes, taken, limit)) {
			go_on = line(context, b->bytes, b->size);
			kube_buffer_clear(b);
		} else {
			return KUBE_LINES_TOO_LONG;
		}
		if (!go_on)
			return KUBE_LINES_ENOUGH;
		bytes += taken + 1;
		size -= taken + 1;
	}
	return kube_buffer_add(b, bytes, size, limit) ? KUBE_LINES_TAKEN : KUBE_LINES_TOO_LONG;
}
