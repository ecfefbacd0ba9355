/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SMTP, IMAP and POP3 share: lines, commands that wait for their answers in order, and SASL
 * as lines of base64 (RFC 4954, 5034, 9051).
 */
#ifndef PODWIRE_MAIL_H
#define PODWIRE_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "dissector.h"
#include "sasl.h"

enum { MAIL_LINE_MAX = 16384, MAIL_PENDING_MAX = 32 };

/* Takes a line. NEED_MORE: it is not complete; NO_MATCH: longer than any line is. */
enum verdict mail_take_line(struct cursor *, struct cursor *line);

/* Whether bytes can only be what follows a STARTTLS that was granted: a TLS record of a handshake. */
bool mail_is_tls(const struct cursor *);

/* Takes a word, up to the next space, and the spaces behind it. */
struct cursor mail_take_word(struct cursor *line);

/* Whether text has one of the words, ASCII letters compared without case; words end with NULL. */
bool mail_has_word(const struct cursor *text, const char *const words[]);

/* Whether a server's words about a refused command say that the client has to log in first. */
bool mail_demands_login(const struct cursor *text);

/* Commands without their answer, oldest first. */
struct mail_queue {
	uint8_t command[MAIL_PENDING_MAX];
	uint8_t first, count;
	bool overrun; /* there were more: once these are answered, answers cannot be told apart any more */
};

/* Adds the newest command. */
void mail_push(struct mail_queue *, uint8_t command);

/* The oldest command; 0, which is no command's number, where there is none. */
uint8_t mail_oldest(const struct mail_queue *);

/* Removes the oldest: it has its answer. */
void mail_pop(struct mail_queue *);

/* A SASL exchange. */
struct mail_sasl {
	const struct sasl_mechanism *mechanism; /* NULL: none was begun */
	uint8_t responses;
	bool running; /* the client's next line is a response */
	bool secret;  /* a password or token has crossed */
};

/*
 * AUTH or AUTHENTICATE with its arguments, a mechanism's name and perhaps an initial response: clause says where it is
 * specified. Without the server's side the next line is taken for a response: nobody will say when.
 */
void mail_sasl_begin(struct dissection *, struct mail_sasl *, struct cursor arguments, bool server_seen, const char *clause, uint64_t offset);

/* A response of the client's, initial or not, in base64; "*" gives up, "=" is an empty one. */
void mail_sasl_response(struct dissection *, struct mail_sasl *, struct cursor text, const char *clause, uint64_t offset);

/* States an outcome of the exchange, by its method. */
void mail_sasl_end(struct dissection *, struct mail_sasl *, enum auth_result, const char *clause, uint64_t offset);

#endif
