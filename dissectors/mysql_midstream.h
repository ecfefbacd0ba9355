/* SPDX-License-Identifier: Apache-2.0 */
/* Recognises MySQL in a stream joined in the middle: by a command and its answer, or by the columns of a result. */
#ifndef PODWIRE_MYSQL_MIDSTREAM_H
#define PODWIRE_MYSQL_MIDSTREAM_H

#include "dissector.h"

enum { MYSQL_COMMAND_SHOWN = 1024 }; /* of a command's text: what is looked at */

/*
 * Reads one command off *bytes; of a long one its beginning is enough. *compressed tells whether it was inside the
 * compressed protocol. COM_STMT_CLOSE, which has no answer, is passed over.
 */
enum verdict mysql_find_command(struct cursor *bytes, bool *compressed);

/*
 * Whether bytes are the answer to a command. *alone tells whether that could be seen without the command: by a column
 * definition, or an error with its SQLSTATE.
 */
enum verdict mysql_find_answer(struct cursor bytes, bool *alone);

/* The same in the compressed protocol: a zlib (RFC 1950) or Zstandard (RFC 8878) frame that grows. */
enum verdict mysql_find_compressed_answer(struct cursor bytes, bool *alone);

#endif
