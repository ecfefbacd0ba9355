#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives a Cassandra server with the DataStax driver: cassandra_client.py PORT VERSION [KEY=VALUE...] QUERY...

The driver opens a connection of its own to control the server, from the port of the environment's
CONTROL_PORT, so that the truth can name it; the one for queries has the lab's. Keys: user, password,
compress, ca, certificate, key.
"""
import os
import socket
import ssl
import sys

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster
from cassandra.connection import Connection
from cassandra.policies import WhiteListRoundRobinPolicy

port, version, rest = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
has = dict(w.split('=', 1) for w in rest if '=' in w.split(' ')[0])
queries = [w for w in rest if '=' not in w.split(' ')[0]]
tls = None
if 'ca' in has:
    tls = ssl.create_default_context(cafile=has['ca'])
    tls.check_hostname = False
    if 'certificate' in has:
        tls.load_cert_chain(has['certificate'], has['key'])
connections = []
initiate = Connection._initiate_connection


def initiate_from(self, address):
    """The first connection has a port of its own; the next one takes the lab's."""
    if not connections:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(('', int(os.environ['CONTROL_PORT'])))
    connections.append(self)
    initiate(self, address)


Connection._initiate_connection = initiate_from
cluster = Cluster(['10.42.0.32'], port=port, protocol_version=version, compression='compress' in has, ssl_context=tls, connect_timeout=4, idle_heartbeat_interval=0,
                  load_balancing_policy=WhiteListRoundRobinPolicy(['10.42.0.32']), schema_metadata_enabled=False, token_metadata_enabled=False,
                  auth_provider=PlainTextAuthProvider(has['user'], has['password']) if 'user' in has else None, allow_beta_protocol_version=True)
try:
    session = cluster.connect()
    for query in queries:
        print(len(list(session.execute(query))), 'rows')
except Exception as e:
    sys.exit('%s: %s' % (type(e).__name__, e))
finally:
    cluster.shutdown()
