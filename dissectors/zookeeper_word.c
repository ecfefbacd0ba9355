/* SPDX-License-Identifier: Apache-2.0 */
/* ZooKeeper's four-letter words: which there are, and how their answers begin. */
#include <config.h>

#include "zookeeper_word.h"

/* Four-letter words, and how their answer begins; NULL where that varies. */
static const struct {
	const char *word, *answer;
} words[] = {
	{ "ruok", "imok" },
	{ "stat", "Zookeeper version: " },
	{ "srvr", "Zookeeper version: " },
	{ "mntr", "zk_version\t" },
	{ "conf", "clientPort=" },
	{ "envi", "Environment:" },
	{ "dump", "SessionTracker dump:" },
	{ "isro", "rw" },
	{ "crst", "Connection stats reset." },
	{ "srst", "Server stats reset." },
	{ "dirs", "datadir_size: " },
	{ "cons", " /" },
	{ "wchs", NULL },
	{ "wchc", NULL },
	{ "wchp", NULL },
	{ "gtmk", NULL },
	{ "stmk", NULL },
	{ "hash", NULL },
	{ "reqs", NULL },
	{ "lsnr", NULL },
	{ "sysp", NULL },
	{ "icfg", NULL },
	{ "orst", NULL },
	{ "obsr", NULL },
};

static const char not_serving[] = "This ZooKeeper instance is not currently serving requests";
static const char not_listed[] = " is not executed because it is not in the whitelist.";

int
zookeeper_find_word(struct cursor c)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (cursor_may_start_with(&c, words[i].word))
			return (int)i;
	return -1;
}

enum verdict
zookeeper_probe_word(struct cursor c)
{
	if (zookeeper_find_word(c) < 0)
		return NO_MATCH;
	if (cursor_left(&c) < 4)
		return NEED_MORE;
	cursor_skip(&c, 4);
	while (cursor_peek(&c, 0) == '\r' || cursor_peek(&c, 0) == '\n')
		cursor_skip(&c, 1);
	return cursor_left(&c) == 0 ? MATCH : NO_MATCH;
}

/* The same word again, and that it is not allowed. */
static enum verdict
read_refusal(struct cursor c, const char *word)
{
	if (!cursor_starts_with(&c, word))
		return cursor_may_start_with(&c, word) ? NEED_MORE : NO_MATCH;
	cursor_skip(&c, 4);
	if (cursor_starts_with(&c, not_listed))
		return MATCH;
	return cursor_may_start_with(&c, not_listed) ? NEED_MORE : NO_MATCH;
}

enum verdict
zookeeper_read_answer(int word, struct cursor c, bool *served)
{
	const char *answer = words[word].answer;
	enum verdict refusal = read_refusal(c, words[word].word);

	*served = answer != NULL && cursor_starts_with(&c, answer);
	if (*served || cursor_starts_with(&c, not_serving))
		return MATCH;
	if (refusal != NO_MATCH)
		return refusal;
	return cursor_may_start_with(&c, not_serving) || (answer != NULL && cursor_may_start_with(&c, answer)) ? NEED_MORE : NO_MATCH;
}
