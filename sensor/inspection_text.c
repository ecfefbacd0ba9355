/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody recognises: a sample of each direction, and whether that is readable text. */
#include <config.h>

#include "inspection_internal.h"

#include <string.h>

bool
inspection_sample_text(struct inspector *in, struct inspection *ins, unsigned side, const uint8_t *bytes, size_t size)
{
	struct text_sample *s;

	if (size == 0)
		return true;
	if (ins->text == NULL) {
		ins->text = buffer_take(&in->buffers, 2 * sizeof(ins->text[0]), &ins->text_capacity);
		if (ins->text == NULL)
			return false;
		memset(ins->text, 0, 2 * sizeof(ins->text[0]));
	}
	s = &ins->text[side];
	if (s->text.size == 0) {
		s->packet = ins->waiting[side].packet;
		s->file = ins->waiting[side].file;
	}
	if (!readable_add(&s->text, cursor_over(bytes, size)))
		stream_finish(&ins->stream, side);
	if (s->text.size >= READABLE_SIZE_MIN && readable_judge(&s->text) == READABLE_NOT)
		return false;
	return ins->text[0].text.size < READABLE_SAMPLE_MAX || ins->text[1].text.size < READABLE_SAMPLE_MAX;
}

void
inspection_judge_text(const struct inspection *ins, const struct flow *f, struct evidence *e)
{
	enum readable_verdict of[2];

	for (unsigned side = 0; side < 2; side++)
		of[side] = readable_judge(&ins->text[side].text);
	if (of[0] != READABLE_NOT && of[1] != READABLE_NOT && (of[0] == READABLE_TEXT || of[1] == READABLE_TEXT) && e->protocol == NULL && e->encryption.state == ENCRYPTION_UNKNOWN) {
		unsigned side = of[0] == READABLE_TEXT ? 0 : 1;

		/* The packet to open is that of the text, whatever has come since. */
		e->packet = ins->text[side].packet;
		e->file = ins->text[side].file;
		evidence_note(e, NOTE_READABLE_TEXT);
		evidence_encryption(e, ENCRYPTION_PLAINTEXT, STRENGTH_SIGNATURE, "readable text", direction_of(f, side), 0);
	}
}
