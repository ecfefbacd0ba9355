#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives a MongoDB server with pymongo: mongodb_client.py MONITOR-PORT URI WHAT...

The driver opens a connection of its own to watch the server: that one comes from MONITOR-PORT, so that
the truth can name it. WHAT is put, get, get-all, put-unacknowledged, drop, ping, user, heartbeat.
"""
import socket
import sys
import threading
import warnings

import pymongo

monitor_port, uri, what = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
connect = socket.socket.connect


def connect_from(self, address):
    if threading.current_thread() is not threading.main_thread():
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.bind(('', monitor_port))
    return connect(self, address)


socket.socket.connect = connect_from
warnings.simplefilter('ignore')
client = pymongo.MongoClient(uri, serverSelectionTimeoutMS=4000, heartbeatFrequencyMS=3600000, retryReads=False, retryWrites=False)
shop = client.get_database('shop')
try:
    for word in what:
        if word == 'put':
            shop.fruit.insert_one({'name': 'pear', 'count': 3})
        elif word == 'put-unacknowledged':
            shop.fruit.with_options(write_concern=pymongo.WriteConcern(w=0)).insert_one({'name': 'quince'})
        elif word == 'get':
            print(shop.fruit.find_one({}))
        elif word == 'put-many':
            shop.grain.insert_many([{'name': 'rye', 'text': 'grain ' * 100} for _ in range(70)])
        elif word == 'get-all':
            print(len(list(shop.grain.find({}))))
        elif word == 'drop':
            shop.fruit.drop()
        elif word == 'ping':
            print(client.admin.command('ping'))
        elif word == 'user':
            shop.command('createUser', 'bob', pwd='bitter-bean-6', roles=['read'])
        elif word == 'heartbeat':
            print(client.admin.command('replSetHeartbeat', 'rs0'))
        elif word == 'last-error':
            print(shop.command('getlasterror'))
except pymongo.errors.PyMongoError as e:
    sys.exit('%s: %s' % (type(e).__name__, e))
client.close()
