/* SPDX-License-Identifier: Apache-2.0 */
/* The floor that speed is measured against: a libpcap loop that reads every packet and does nothing. */
#include <config.h>

#include <pcap.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	unsigned long packets = 0, sum = 0;
	pcap_t *capture;

	if (argc != 2 || (capture = pcap_open_offline(argv[1], error)) == NULL) {
		fprintf(stderr, "usage: bare_loop CAPTURE\n");
		return 1;
	}
	while (pcap_next_ex(capture, &header, &bytes) == 1) {
		packets++;
		sum += header->caplen > 0 ? bytes[0] : 0;
	}
	printf("%lu packets, %lu\n", packets, sum);
	pcap_close(capture);
	return 0;
}
