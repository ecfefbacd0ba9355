/* SPDX-License-Identifier: Apache-2.0 */
/* See http_response.h. */
#include <config.h>

#include "http_response.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "json_writer.h"

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" }, { 413, "Content Too Large" }, { 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void
http_response_head(struct evbuffer *out, int status, const char *type, const char *encoding, size_t size, bool keep_alive)
{
	char date[64];
	time_t now = time(NULL);
	struct tm tm;

	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
	(void)evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: podwire\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n",
		status, reason_of(status), date, type, size);
	if (encoding != NULL)
		(void)evbuffer_add_printf(out, "Content-Encoding: %s\r\nVary: Accept, Accept-Encoding\r\n", encoding);
	if (status == 401)
		(void)evbuffer_add_printf(out, "WWW-Authenticate: Bearer realm=\"podwire\"\r\n");
	if (status == 405)
		(void)evbuffer_add_printf(out, "Allow: GET, HEAD\r\n");
	if (status == 503)
		(void)evbuffer_add_printf(out, "Retry-After: 5\r\n");
	(void)evbuffer_add_printf(out, "Connection: %s\r\n\r\n", keep_alive ? "keep-alive" : "close");
}

char *
http_response_error(int status, const char *message, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);
	struct json_writer w = { .out = f };

	if (f == NULL)
		abort();
	json_open(&w, NULL, '{');
	json_open(&w, "error", '{');
	json_count(&w, "status", (uint64_t)status);
	json_text(&w, "message", message);
	json_close(&w, '}');
	json_close(&w, '}');
	putc('\n', f);
	if (fclose(f) != 0)
		abort();
	return text;
}
