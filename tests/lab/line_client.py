#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says lines to a server, each once the one before has been answered: ADDRESS PORT LINE... ("\\r\\n" within a line is one)."""
import socket
import sys


def hear(connection, silence):
    """Prints what comes, until there is an answer and then so many seconds of silence; False at the end."""
    connection.settimeout(10)
    while True:
        try:
            data = connection.recv(65536)
        except socket.timeout:
            return True
        if not data:
            return False
        sys.stdout.write(data.decode('latin-1'))
        connection.settimeout(silence)


with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    hear(connection, 0.25)
    for line in sys.argv[3:]:
        connection.sendall(line.replace('\\r\\n', '\r\n').encode() + b'\r\n')
        if not hear(connection, 3 if line is sys.argv[-1] else 0.25):
            break
