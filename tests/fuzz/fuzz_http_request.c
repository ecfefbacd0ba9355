/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the reader of HTTP requests: any bytes are what a client sends. A head that is
 * taken holds no control characters, and its end is found however its bytes come; its query and
 * its Accept header are read as the sensor's pages do.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "sensor/api.h"
#include "sensor/http_request.h"
#include "sensor/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
is_clean(const char *text)
{
	for (; *text != '\0'; text++)
		require(((unsigned char)*text >= ' ' || *text == '\t') && *text != 0x7f);
}

static void
use(const struct http_request *r)
{
	char error[256];
	struct api_query q;

	require(*r->path == '/');
	is_clean(r->path);
	is_clean(r->query);
	require(r->header_count <= HTTP_HEADERS_MAX);
	for (size_t i = 0; i < r->header_count; i++) {
		require(*r->headers[i].name != '\0');
		is_clean(r->headers[i].name);
		is_clean(r->headers[i].value);
		require(http_request_header(r, r->headers[i].name) != NULL);
	}
	for (enum api_document d = API_PAIRS; d <= API_STATUS; d++) {
		*error = '\0';
		if (api_query_read(&q, d, r->query, error, sizeof(error)))
			is_clean(q.namespace);
		else
			require(*error != '\0' && strchr(error, '\n') == NULL);
	}
	(void)metrics_choose(http_request_header(r, "accept"));
	require(http_accept_weight(http_request_header(r, "accept-encoding"), "gzip", NULL) <= 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head = http_head_size((const char *)data, size, 0), found = 0;
	struct http_request r;
	const char *why = NULL;
	char *copy;

	for (size_t come = 0; come <= size && found == 0; come += 1 + size / 7)
		found = http_head_size((const char *)data, come, come > size / 7 ? come - 1 - size / 7 : 0);
	require(found == 0 || found == head);
	if (head == 0)
		head = size; /* whatever it is */
	copy = malloc(head + (head == 0));
	require(copy != NULL);
	if (head > 0)
		memcpy(copy, data, head);
	if (http_request_read(copy, head, &r, &why) == 0)
		use(&r);
	else
		require(why != NULL);
	free(copy);
	return 0;
}
