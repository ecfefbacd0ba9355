#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The labelled public captures, where they lie beside the source tree: the figures this release promises."""
import json
import os
import subprocess
import sys

from tap import PODWIRE, SHARED, done, ok, podwire, skip

SCORER, CAPTURES = os.path.join(SHARED, 'score-captures'), os.path.join(SHARED, 'captures')
# What we read; the captures hold others too.
PROTOCOLS = ('http,http2,grpc,grpc-web,websocket,tls,dtls,quic,doq,postgresql,mysql,redis,mongodb,cassandra,memcached,elasticsearch,'
             'kafka,amqp,mqtt,nats,stomp,zookeeper,ldap,kerberos,smtp,imap,pop3,ftp,ssh,dns,ike,esp,ah,wireguard,socks5,xmpp')
AT_LEAST = {'found': 99, 'protocol': 98, 'encryption': 98, 'version': 99, 'cipher': 99, 'mutual': 97, 'auth': 95, 'method': 92, 'cleartext-recall': 98, 'cleartext-precision': 99}
NONE = ('false-encrypted', 'crashes')


def figures(*arguments):
    p = subprocess.run([sys.executable, SCORER, '-b', PODWIRE, '-j'] + list(arguments), stdout=subprocess.PIPE, check=True)
    return json.loads(p.stdout)


def main():
    if not os.path.exists(SCORER):
        skip('labelled public captures', 'they are not beside this source tree')
        done()
    own = figures('-p', PROTOCOLS)
    for what, limit in AT_LEAST.items():
        ok(own.get(what, 0) >= limit, '%s is at least %d %%' % (what, limit), own)
    every = figures()
    for what in NONE + ('false-success',):
        ok(every.get(what, 0) == 0, 'over all protocols, %s is 0' % what, every)
    for name in sorted(os.listdir(CAPTURES)):
        if name.endswith(('.pcap', '.pcapng')):
            ok(podwire('analyze', '--format', 'ndjson', '--flows', os.path.join(CAPTURES, name)).code in (0, 1, 2), '%s is read to its end' % name)
    done()


main()
