/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of Kafka's apis, and a walk over messages whose fields are written in a small language, a
 * letter for each (https://kafka.apache.org/protocol, and the message definitions of Kafka 0.8 to 4.1).
 */
#include <config.h>

#include "kafka_message.h"

#include <string.h>

enum {
	NEVER = 127,      /* no version of it has tagged fields */
	TAGS_MAX = 64,
	NEWER = 2,        /* versions that a release to come may add */
	NAME_MIN = 3,     /* characters of a client id that tell more than chance */
};

/* By api key: the newest version, and the first with compact strings and tagged fields (KIP-482). */
static const struct {
	int8_t newest, flexible;
} apis[] = {
	{ 13, 9 },     /* 0 Produce */
	{ 18, 12 },    /* 1 Fetch */
	{ 11, 6 },     /* 2 ListOffsets */
	{ 13, 9 },     /* 3 Metadata */
	{ 7, 4 },      /* 4 LeaderAndIsr */
	{ 5, 2 },      /* 5 StopReplica */
	{ 8, 6 },      /* 6 UpdateMetadata */
	{ 3, 3 },      /* 7 ControlledShutdown */
	{ 10, 8 },     /* 8 OffsetCommit */
	{ 10, 6 },     /* 9 OffsetFetch */
	{ 6, 3 },      /* 10 FindCoordinator */
	{ 9, 6 },      /* 11 JoinGroup */
	{ 4, 4 },      /* 12 Heartbeat */
	{ 5, 4 },      /* 13 LeaveGroup */
	{ 5, 4 },      /* 14 SyncGroup */
	{ 6, 5 },      /* 15 DescribeGroups */
	{ 5, 3 },      /* 16 ListGroups */
	{ 1, NEVER },  /* 17 SaslHandshake */
	{ 5, 3 },      /* 18 ApiVersions */
	{ 7, 5 },      /* 19 CreateTopics */
	{ 6, 4 },      /* 20 DeleteTopics */
	{ 2, 2 },      /* 21 DeleteRecords */
	{ 6, 2 },      /* 22 InitProducerId */
	{ 4, 4 },      /* 23 OffsetForLeaderEpoch */
	{ 5, 3 },      /* 24 AddPartitionsToTxn */
	{ 4, 3 },      /* 25 AddOffsetsToTxn */
	{ 5, 3 },      /* 26 EndTxn */
	{ 2, 1 },      /* 27 WriteTxnMarkers */
	{ 5, 3 },      /* 28 TxnOffsetCommit */
	{ 3, 2 },      /* 29 DescribeAcls */
	{ 3, 2 },      /* 30 CreateAcls */
	{ 3, 2 },      /* 31 DeleteAcls */
	{ 4, 4 },      /* 32 DescribeConfigs */
	{ 2, 2 },      /* 33 AlterConfigs */
	{ 2, 2 },      /* 34 AlterReplicaLogDirs */
	{ 5, 2 },      /* 35 DescribeLogDirs */
	{ 2, 2 },      /* 36 SaslAuthenticate */
	{ 3, 2 },      /* 37 CreatePartitions */
	{ 3, 2 },      /* 38 CreateDelegationToken */
	{ 2, 2 },      /* 39 RenewDelegationToken */
	{ 2, 2 },      /* 40 ExpireDelegationToken */
	{ 3, 2 },      /* 41 DescribeDelegationToken */
	{ 2, 2 },      /* 42 DeleteGroups */
	{ 2, 2 },      /* 43 ElectLeaders */
	{ 1, 1 },      /* 44 IncrementalAlterConfigs */
	{ 1, 0 },      /* 45 AlterPartitionReassignments */
	{ 0, 0 },      /* 46 ListPartitionReassignments */
	{ 0, NEVER },  /* 47 OffsetDelete */
	{ 1, 1 },      /* 48 DescribeClientQuotas */
	{ 1, 1 },      /* 49 AlterClientQuotas */
	{ 0, 0 },      /* 50 DescribeUserScramCredentials */
	{ 0, 0 },      /* 51 AlterUserScramCredentials */
	{ 2, 0 },      /* 52 Vote */
	{ 1, 1 },      /* 53 BeginQuorumEpoch */
	{ 1, 1 },      /* 54 EndQuorumEpoch */
	{ 2, 0 },      /* 55 DescribeQuorum */
	{ 3, 0 },      /* 56 AlterPartition */
	{ 2, 0 },      /* 57 UpdateFeatures */
	{ 0, 0 },      /* 58 Envelope */
	{ 1, 0 },      /* 59 FetchSnapshot */
	{ 2, 0 },      /* 60 DescribeCluster */
	{ 0, 0 },      /* 61 DescribeProducers */
	{ 4, 0 },      /* 62 BrokerRegistration */
	{ 1, 0 },      /* 63 BrokerHeartbeat */
	{ 0, 0 },      /* 64 UnregisterBroker */
	{ 0, 0 },      /* 65 DescribeTransactions */
	{ 2, 0 },      /* 66 ListTransactions */
	{ 0, 0 },      /* 67 AllocateProducerIds */
	{ 1, 0 },      /* 68 ConsumerGroupHeartbeat */
	{ 1, 0 },      /* 69 ConsumerGroupDescribe */
	{ 0, 0 },      /* 70 ControllerRegistration */
	{ 0, 0 },      /* 71 GetTelemetrySubscriptions */
	{ 0, 0 },      /* 72 PushTelemetry */
	{ 0, 0 },      /* 73 AssignReplicasToDirs */
	{ 1, 0 },      /* 74 ListConfigResources */
	{ 0, 0 },      /* 75 DescribeTopicPartitions */
	{ 1, 0 },      /* 76 ShareGroupHeartbeat */
	{ 1, 0 },      /* 77 ShareGroupDescribe */
	{ 2, 0 },      /* 78 ShareFetch */
	{ 2, 0 },      /* 79 ShareAcknowledge */
	{ 1, 0 },      /* 80 AddRaftVoter */
	{ 0, 0 },      /* 81 RemoveRaftVoter */
	{ 0, 0 },      /* 82 UpdateRaftVoter */
	{ 0, 0 },      /* 83 InitializeShareGroupState */
	{ 0, 0 },      /* 84 ReadShareGroupState */
	{ 1, 0 },      /* 85 WriteShareGroupState */
	{ 0, 0 },      /* 86 DeleteShareGroupState */
	{ 1, 0 },      /* 87 ReadShareGroupStateSummary */
	{ 0, 0 },      /* 88 StreamsGroupHeartbeat */
	{ 0, 0 },      /* 89 StreamsGroupDescribe */
	{ 1, 0 },      /* 90 DescribeShareGroupOffsets */
	{ 0, 0 },      /* 91 AlterShareGroupOffsets */
	{ 0, 0 },      /* 92 DeleteShareGroupOffsets */
};

enum { API_COUNT = sizeof(apis) / sizeof(apis[0]) };

/*
 * The fields of a message: b int8, h int16, i int32, l int64, u uuid, s string, y bytes, t tagged
 * fields (where the version has them), [ ... ] an array; A the acks of Produce, N an int32 that is
 * not negative, K an api key and its versions, E an error code; "." where the rest is not looked at.
 */
struct layout {
	int8_t key, first, last;
	const char *fields;
};

static const struct layout requests[] = {
	{ 0, 0, 2, "AN[s[iy]]" },
	{ 0, 3, 12, "sAN[s[iyt]t]t" },
	{ 0, 13, 13, "sAN[u[iyt]t]t" },
	{ 1, 0, 2, "iNN[s[ili]]" },
	{ 1, 3, 3, "iNNi[s[ili]]" },
	{ 1, 4, 4, "iNNib[s[ili]]" },
	{ 1, 5, 6, "iNNib[s[illi]]" },
	{ 1, 7, 8, "iNNibii[s[illi]][s[i]]" },
	{ 1, 9, 10, "iNNibii[s[iilli]][s[i]]" },
	{ 1, 11, 11, "iNNibii[s[iilli]][s[i]]s" },
	{ 1, 12, 12, "iNNibii[s[iililit]t][s[i]t]st" },
	{ 1, 13, 14, "iNNibii[u[iililit]t][u[i]t]st" },
	{ 1, 15, 18, "NNibii[u[iililit]t][u[i]t]st" },
	{ 2, 0, 0, "i[s[ili]]" },
	{ 2, 1, 1, "i[s[il]]" },
	{ 2, 2, 3, "ib[s[il]]" },
	{ 2, 4, 9, "ib[s[iilt]t]t" },
	{ 2, 10, 11, "ib[s[iilt]t]it" },
	{ 3, 0, 3, "[s]" },
	{ 3, 4, 7, "[s]b" },
	{ 3, 8, 9, "[st]bbbt" },
	{ 3, 10, 10, "[ust]bbbt" },
	{ 3, 11, 13, "[ust]bbt" },
	{ 9, 0, 6, "s[s[i]t]t" },
	{ 9, 7, 7, "s[s[i]t]bt" },
	{ 9, 8, 8, "[s[s[i]t]t]bt" },
	{ 10, 0, 0, "s" },
	{ 10, 1, 3, "sbt" },
	{ 10, 4, 6, "b[s]t" },
	{ 11, 0, 0, "siss[sy]" },
	{ 11, 1, 4, "siiss[sy]" },
	{ 11, 5, 7, "siisss[syt]t" },
	{ 11, 8, 9, "siisss[syt]st" },
	{ 12, 0, 2, "sis" },
	{ 12, 3, 4, "sisst" },
	{ 14, 0, 2, "sis[sy]" },
	{ 14, 3, 4, "siss[syt]t" },
	{ 14, 5, 5, "sissss[syt]t" },
	{ 17, 0, 1, "s" },
	{ 18, 0, 2, "" },
	{ 18, 3, 4, "sst" },
	{ 22, 0, 2, "sit" },
	{ 22, 3, 5, "silht" },
	{ 36, 0, 2, "yt" },
};

static const struct layout responses[] = {
	{ 0, 0, 0, "[s[iEl]]" },
	{ 0, 1, 1, "[s[iEl]]i" },
	{ 0, 2, 4, "[s[iEll]]i" },
	{ 0, 5, 7, "[s[iElll]]i" },
	{ 0, 8, 12, "[s[iElll[ist]st]t]it" },
	{ 0, 13, 13, "[u[iElll[ist]st]t]it" },
	{ 1, 0, 0, "[s[iEly]]" },
	{ 1, 1, 3, "i[s[iEly]]" },
	{ 1, 4, 4, "i[s[iEll[ll]y]]" },
	{ 1, 5, 6, "i[s[iElll[ll]y]]" },
	{ 1, 7, 10, "iEi[s[iElll[ll]y]]" },
	{ 1, 11, 12, "iEi[s[iElll[llt]iyt]t]t" },
	{ 1, 13, 18, "iEi[u[iElll[llt]iyt]t]t" },
	{ 2, 0, 0, "[s[iE[l]]]" },
	{ 2, 1, 1, "[s[iEll]]" },
	{ 2, 2, 3, "i[s[iEll]]" },
	{ 2, 4, 11, "i[s[iEllit]t]t" },
	{ 3, 0, 0, "[isi][Es[Eii[i][i]]]" },
	{ 3, 1, 1, "[isis]i[Esb[Eii[i][i]]]" },
	{ 3, 2, 2, "[isis]si[Esb[Eii[i][i]]]" },
	{ 3, 3, 4, "i[isis]si[Esb[Eii[i][i]]]" },
	{ 3, 5, 6, "i[isis]si[Esb[Eii[i][i][i]]]" },
	{ 3, 7, 7, "i[isis]si[Esb[Eiii[i][i][i]]]" },
	{ 3, 8, 9, "i[isist]si[Esb[Eiii[i][i][i]t]it]it" },
	{ 3, 10, 10, "i[isist]si[Esub[Eiii[i][i][i]t]it]it" },
	{ 3, 11, 12, "i[isist]si[Esub[Eiii[i][i][i]t]it]t" },
	{ 3, 13, 13, "i[isist]si[Esub[Eiii[i][i][i]t]it]Et" },
	{ 8, 0, 2, "[s[iE]]" },
	{ 8, 3, 9, "i[s[iEt]t]t" },
	{ 9, 0, 1, "[s[ilsE]]" },
	{ 9, 2, 2, "[s[ilsE]]E" },
	{ 9, 3, 4, "i[s[ilsE]]E" },
	{ 9, 5, 7, "i[s[ilisEt]t]Et" },
	{ 9, 8, 9, "i[s[s[ilisEt]t]Et]t" },
	{ 10, 0, 0, "Eisi" },
	{ 10, 1, 3, "iEsisit" },
	{ 10, 4, 6, "i[sisiEst]t" },
	{ 11, 0, 1, "Eisss[sy]" },
	{ 11, 2, 4, "iEisss[sy]" },
	{ 11, 5, 6, "iEisss[ssyt]t" },
	{ 11, 7, 8, "iEissss[ssyt]t" },
	{ 11, 9, 9, "iEisssbs[ssyt]t" },
	{ 12, 0, 0, "E" },
	{ 12, 1, 4, "iEt" },
	{ 13, 0, 0, "E" },
	{ 13, 1, 5, "iE." },
	{ 14, 0, 0, "Ey" },
	{ 14, 1, 4, "iEyt" },
	{ 14, 5, 5, "iEssyt" },
	{ 15, 0, 0, "[E." },
	{ 15, 1, 6, "i[E." },
	{ 16, 0, 0, "E." },
	{ 16, 1, 5, "iE." },
	{ 17, 0, 1, "E[s]" },
	{ 18, 0, 0, "E[K]" },
	{ 18, 1, 2, "E[K]i" },
	{ 18, 3, 4, "E[Kt]it" },
	{ 19, 0, 0, "[sE]" },
	{ 19, 1, 1, "[sEs]" },
	{ 19, 2, 4, "i[sEs]" },
	{ 19, 5, 6, "i[sEsih[ssbbbt]t]t" },
	{ 19, 7, 7, "i[suEsih[ssbbbt]t]t" },
	{ 20, 0, 0, "[sE]" },
	{ 20, 1, 4, "i[sEt]t" },
	{ 20, 5, 5, "i[sEst]t" },
	{ 20, 6, 6, "i[suEst]t" },
	{ 21, 0, 2, "i[s[ilEt]t]t" },
	{ 22, 0, 5, "iElht" },
	{ 23, 0, 0, "[s[Eil]]" },
	{ 23, 1, 1, "[s[Eiil]]" },
	{ 23, 2, 4, "i[s[Eiilt]t]t" },
	{ 24, 0, 3, "i[s[iEt]t]t" },
	{ 25, 0, 4, "iEt" },
	{ 26, 0, 4, "iEt" },
	{ 28, 0, 5, "i[s[iEt]t]t" },
	{ 29, 0, 3, "iE." },
	{ 30, 0, 3, "i[Est]t" },
	{ 31, 0, 3, "i[E." },
	{ 32, 0, 4, "i[E." },
	{ 33, 0, 2, "i[Esbst]t" },
	{ 36, 0, 0, "Esy" },
	{ 36, 1, 2, "Esylt" },
	{ 37, 0, 3, "i[sEst]t" },
	{ 38, 0, 3, "E." },
	{ 39, 0, 2, "Elit" },
	{ 40, 0, 2, "Elit" },
	{ 41, 0, 3, "E." },
	{ 42, 0, 2, "i[sEt]t" },
	{ 43, 0, 0, "i." },
	{ 44, 0, 1, "i[Esbst]t" },
	{ 45, 0, 0, "iE." },
	{ 46, 0, 0, "iE." },
	{ 47, 0, 0, "Ei." },
	{ 48, 0, 1, "iE." },
	{ 50, 0, 0, "iE." },
	{ 52, 0, 2, "E." },
	{ 53, 0, 1, "E." },
	{ 54, 0, 1, "E." },
	{ 55, 0, 2, "E." },
	{ 56, 0, 3, "iE." },
	{ 57, 0, 2, "iE." },
	{ 58, 0, 0, "yEt" },
	{ 59, 0, 1, "iE." },
	{ 60, 0, 2, "iE." },
	{ 62, 0, 4, "iElt" },
	{ 63, 0, 1, "iE." },
	{ 64, 0, 0, "iE." },
	{ 66, 0, 2, "iE." },
	{ 67, 0, 0, "iE." },
	{ 68, 0, 1, "iE." },
	{ 70, 0, 0, "iE." },
	{ 71, 0, 0, "iE." },
	{ 72, 0, 0, "iEt" },
	{ 73, 0, 0, "iE." },
	{ 74, 0, 1, "iE." },
	{ 76, 0, 1, "iE." },
	{ 78, 0, 2, "iE." },
	{ 79, 0, 2, "iE." },
	{ 80, 0, 1, "iEst" },
	{ 81, 0, 0, "iEst" },
	{ 88, 0, 0, "iE." },
};

static const struct layout *
find(const struct layout *table, size_t count, int16_t key, int16_t version)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].key == key && version >= table[i].first && version <= table[i].last)
			return &table[i];
	return NULL;
}

bool
kafka_is_flexible(int16_t key, int16_t version)
{
	return key >= 0 && key < API_COUNT && version >= apis[key].flexible;
}

/* Reading, with bytes that are announced and not there yet. */

struct walk {
	struct cursor c;
	size_t beyond;      /* announced, after those at the cursor */
	bool flexible;
	bool printable;     /* strings must be */
	bool text;          /* there was a string that is not empty */
	bool ended;         /* at "." */
	enum kafka_reading verdict;
	struct kafka_errors *errors;
};

static bool
going(const struct walk *w)
{
	return w->verdict == KAFKA_WHOLE && !w->ended;
}

/* Whether size bytes are there; if not, the walk is over. */
static bool
has(struct walk *w, uint64_t size)
{
	if (!going(w))
		return false;
	if (size <= w->c.left)
		return true;
	w->verdict = size - w->c.left > w->beyond ? KAFKA_NOT : KAFKA_SHORT;
	return false;
}

static void
demand(struct walk *w, bool condition)
{
	if (going(w) && !condition)
		w->verdict = KAFKA_NOT;
}

static uint64_t
take_number(struct walk *w, size_t size)
{
	uint64_t value = 0;

	if (!has(w, size))
		return 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | cursor_u8(&w->c);
	return value;
}

/* An unsigned varint of up to 32 bits (KIP-482). */
static uint32_t
take_varint(struct walk *w)
{
	uint32_t value = 0;

	for (unsigned int shift = 0; shift < 35; shift += 7) {
		uint8_t b = (uint8_t)take_number(w, 1);

		value |= (uint32_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return value;
	}
	demand(w, false);
	return 0;
}

/* The size of what follows: -1 for null. width is that of the form that is not compact. */
static int64_t
take_size(struct walk *w, size_t width)
{
	uint64_t value;

	if (w->flexible)
		return (int64_t)take_varint(w) - 1;
	value = take_number(w, width);
	if (value == (width == 2 ? 0xffff : 0xffffffff))
		return -1;
	demand(w, value < (width == 2 ? 0x8000 : 0x80000000));
	return (int64_t)value;
}

static void
pass_over(struct walk *w, int64_t size, bool text)
{
	struct cursor part;

	if (size <= 0 || !going(w))
		return;
	w->text |= text;
	part = w->c;
	if ((uint64_t)size < part.left)
		part.left = (size_t)size;
	demand(w, !text || !w->printable || cursor_is_printable(part));
	if (has(w, (uint64_t)size))
		cursor_skip(&w->c, (size_t)size);
}

static void
pass_tags(struct walk *w)
{
	uint32_t count = take_varint(w);

	demand(w, count <= TAGS_MAX);
	for (uint32_t i = 0; i < count && going(w); i++) {
		(void)take_varint(w);
		pass_over(w, take_varint(w), false);
	}
}

static void
count_error(struct walk *w)
{
	int16_t code = (int16_t)take_number(w, 2);

	if (!going(w))
		return;
	demand(w, code >= -1 && code < 512);
	if (w->errors == NULL)
		return;
	if (code == KAFKA_TOPIC_AUTHORIZATION_FAILED || code == KAFKA_GROUP_AUTHORIZATION_FAILED || code == KAFKA_CLUSTER_AUTHORIZATION_FAILED ||
		code == KAFKA_TRANSACTIONAL_ID_AUTHORIZATION_FAILED || code == KAFKA_DELEGATION_TOKEN_AUTHORIZATION_FAILED)
		w->errors->refused++;
	else if (code != 0)
		w->errors->other++;
	else
		w->errors->none++;
}

static void
pass_api(struct walk *w)
{
	int16_t key = (int16_t)take_number(w, 2), oldest = (int16_t)take_number(w, 2), newest = (int16_t)take_number(w, 2);

	demand(w, key >= 0 && oldest >= 0 && oldest <= newest && newest < 64);
	if (w->errors != NULL)
		w->errors->lists_itself |= key == KAFKA_API_VERSIONS;
}

static void
pass_field(struct walk *w, char field)
{
	int32_t value;

	switch (field) {
	case 'b':
		(void)take_number(w, 1);
		break;
	case 'h':
		(void)take_number(w, 2);
		break;
	case 'i':
		(void)take_number(w, 4);
		break;
	case 'l':
		(void)take_number(w, 8);
		break;
	case 'u':
		pass_over(w, 16, false);
		break;
	case 's':
		pass_over(w, take_size(w, 2), true);
		break;
	case 'y':
		pass_over(w, take_size(w, 4), false);
		break;
	case 't':
		if (w->flexible)
			pass_tags(w);
		break;
	case 'A':
		value = (int16_t)take_number(w, 2);
		demand(w, value >= -1 && value <= 1);
		break;
	case 'N':
		value = (int32_t)take_number(w, 4);
		demand(w, value >= 0);
		break;
	case 'K':
		pass_api(w);
		break;
	case 'E':
		count_error(w);
		break;
	default:
		w->ended |= field == '.';
	}
}

/* Behind the ']' that fits the '[' before fields. */
static const char *
end_of_array(const char *fields)
{
	for (unsigned int depth = 1; *fields != '\0' && depth > 0; fields++)
		depth += *fields == '[' ? 1u : *fields == ']' ? -1u : 0;
	return fields;
}

/* Walks over the fields up to the end or a ']'. It calls itself once for each '[' of a table's row. */
static void
pass_fields(struct walk *w, const char *fields)
{
	for (; *fields != '\0' && *fields != ']' && going(w); fields++) {
		int64_t count;

		if (*fields != '[') {
			pass_field(w, *fields);
			continue;
		}
		count = take_size(w, 4);
		/* Every element has at least a byte. */
		demand(w, count <= (int64_t)(w->c.left + w->beyond));
		for (; count > 0 && going(w); count--)
			pass_fields(w, fields + 1);
		fields = end_of_array(fields + 1) - 1;
	}
}

/* Requests. */

static bool
has_letters(struct cursor name)
{
	if (name.left < NAME_MIN)
		return false;
	while (cursor_left(&name) > 0)
		if (cursor_u8(&name) > 0x7e)
			return false;
	return true;
}

static void
read_header(struct walk *w, struct kafka_request *r)
{
	int64_t size;

	r->key = (int16_t)take_number(w, 2);
	demand(w, r->key >= 0 && r->key < API_COUNT);
	r->version = (int16_t)take_number(w, 2);
	demand(w, r->version >= 0 && r->version <= apis[going(w) ? r->key : 0].newest + NEWER);
	r->correlation = (int32_t)take_number(w, 4);
	if (!going(w))
		return;
	r->flexible = kafka_is_flexible(r->key, r->version);
	if (r->key == 7 && r->version == 0)
		return; /* ControlledShutdown: a header without client id */
	size = take_size(w, 2);
	demand(w, size <= KAFKA_CLIENT_ID_MAX);
	if (going(w) && size > 0 && (size_t)size <= w->c.left)
		r->named = has_letters(cursor_over(w->c.at, (size_t)size));
	pass_over(w, size, true);
	w->text |= size < 0;
	w->flexible = r->flexible;
	pass_field(w, 't');
}

enum kafka_reading
kafka_read_request(struct cursor c, size_t size, struct kafka_request *r)
{
	struct walk w = { .c = c, .beyond = size > c.left ? size - c.left : 0, .printable = true, .verdict = KAFKA_WHOLE };
	const struct layout *layout;

	*r = (struct kafka_request){ .body = { .failed = true } };
	if (size < KAFKA_REQUEST_SIZE_MIN || size > KAFKA_SIZE_MAX)
		return KAFKA_NOT;
	if (w.c.left > size)
		w.c.left = size;
	read_header(&w, r);
	if (!going(&w))
		return w.verdict;
	r->body = w.c;
	layout = find(requests, sizeof(requests) / sizeof(requests[0]), r->key, r->version);
	if (layout == NULL)
		return KAFKA_HEADER;
	pass_fields(&w, layout->fields);
	/* Without a word in it, and a client id that is empty and not null, it is small numbers and zeros. */
	r->fitting = w.verdict != KAFKA_NOT && w.text;
	if (w.verdict == KAFKA_SHORT || (w.verdict == KAFKA_WHOLE && !w.text))
		return KAFKA_HEADER;
	return w.verdict == KAFKA_WHOLE && w.c.left + w.beyond > 0 ? KAFKA_NOT : w.verdict;
}

/* Responses. */

enum kafka_reading
kafka_read_response(struct cursor c, int16_t key, int16_t version, struct kafka_errors *errors)
{
	/* KIP-511: the header of a response to ApiVersions never has tagged fields. */
	bool flexible = kafka_is_flexible(key, version);
	struct walk w = { .c = c, .flexible = flexible, .verdict = KAFKA_WHOLE, .errors = errors };
	const struct layout *layout = find(responses, sizeof(responses) / sizeof(responses[0]), key, version);

	*errors = (struct kafka_errors){ 0 };
	if (flexible && key != KAFKA_API_VERSIONS)
		pass_tags(&w);
	if (layout == NULL)
		return w.verdict == KAFKA_WHOLE ? KAFKA_HEADER : KAFKA_NOT;
	pass_fields(&w, layout->fields);
	if (w.verdict != KAFKA_WHOLE)
		return KAFKA_NOT;
	if (w.ended || strchr(layout->fields, '.') != NULL)
		return KAFKA_HEADER;
	return w.c.left == 0 ? KAFKA_WHOLE : KAFKA_NOT;
}

/* Fields, of messages that were found to agree. */

void
kafka_skip_tags(struct cursor *c)
{
	struct walk w = { .c = *c, .verdict = KAFKA_WHOLE };

	pass_tags(&w);
	*c = w.c;
	if (w.verdict != KAFKA_WHOLE)
		cursor_fail(c);
}

static struct cursor
take_part(struct cursor *c, bool compact, size_t width)
{
	struct walk w = { .c = *c, .flexible = compact, .verdict = KAFKA_WHOLE };
	int64_t size = take_size(&w, width);

	*c = w.c;
	if (w.verdict != KAFKA_WHOLE)
		cursor_fail(c);
	return cursor_sub(c, size > 0 ? (size_t)size : 0);
}

struct cursor
kafka_take_string(struct cursor *c, bool compact)
{
	return take_part(c, compact, 2);
}

struct cursor
kafka_take_bytes(struct cursor *c, bool compact)
{
	return take_part(c, compact, 4);
}
