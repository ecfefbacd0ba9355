/* SPDX-License-Identifier: Apache-2.0 */
/* The four-letter words of ZooKeeper's administrators: one alone opens a connection, and the server says one thing and closes it. */
#ifndef PODWIRE_ZOOKEEPER_WORD_H
#define PODWIRE_ZOOKEEPER_WORD_H

#include <stdbool.h>

#include "dissector.h"

/* The number of the word, or the beginning of one, at the cursor; -1 where there is none. */
int zookeeper_find_word(struct cursor);

/* Whether bytes are a word alone, perhaps with an end of line. */
enum verdict zookeeper_probe_word(struct cursor);

/* Whether bytes are an answer to the word of that number; *served where it is what was asked for, not a refusal. */
enum verdict zookeeper_read_answer(int word, struct cursor, bool *served);

#endif
