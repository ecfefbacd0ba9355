/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target for messages between processes. The first byte says whose they are, and by which
 * pieces they come; the rest is the stream. What is accepted must bear being used.
 */
#include <config.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECE_MAX = 32768 }; /* what a pipe takes without a reader */

static volatile size_t used;

/* Each body in a block of its own size, so that a look beyond its end is seen. */
static void
check_apart(const struct message_reader *r)
{
	void *copy = malloc(r->header.size + (r->header.size == 0));

	if (copy == NULL)
		abort();
	memcpy(copy, &r->body, r->header.size);
	if (!messages_check(r->source, r->header.type, copy, r->header.size, NULL))
		abort();
	if (r->header.type == MESSAGE_FLOW) {
		const struct flow_record *f = copy;
		const char *texts[] = { record_protocol(f), record_text(f, f->by), record_text(f, f->certificate.subject), record_text(f, f->basis[0].clause) };

		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			used += texts[i] != NULL ? strlen(texts[i]) : 0;
		used += strlen(flow_end_names[f->end]);
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message_reader reader;
	enum message_result result = MESSAGE_WAIT;
	size_t piece, at = 1;
	int fds[2];

	if (size == 0 || pipe2(fds, O_NONBLOCK) != 0)
		return 0;
	message_reader_init(&reader, (enum message_source)(data[0] % MESSAGE_SOURCE_COUNT));
	piece = (size_t)1 << (data[0] / MESSAGE_SOURCE_COUNT % 14);
	piece = piece < size / 64 ? size / 64 : piece; /* small ones of a large stream take long */
	piece = piece < PIECE_MAX ? piece : PIECE_MAX;
	while (at < size && result == MESSAGE_WAIT) {
		size_t part = size - at < piece ? size - at : piece;

		if (write(fds[1], data + at, part) != (ssize_t)part)
			abort();
		at += part;
		while ((result = message_reader_next(&reader, fds[0])) == MESSAGE_WHOLE)
			check_apart(&reader);
	}
	close(fds[1]);
	if (result == MESSAGE_WAIT && (result = message_reader_next(&reader, fds[0])) != MESSAGE_END && result != MESSAGE_MALFORMED)
		abort();
	close(fds[0]);
	message_reader_clear(&reader);
	return 0;
}
