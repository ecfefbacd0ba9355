#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sensor makes the kernel deliver nothing twice.

On a node with br_netfilter a bridge that is promiscuous has requests to a Service delivered twice: TCP servers acknowledge
the copies (D-SACK, RFC 2883), DNS servers answer twice. The same connections are made with no observer, with the sensor,
and with a promiscuous bridge, which must show the copies: otherwise the test could not fail.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab'))

import live_lab
from live_sensor import Sensor, monitor_missing
from live_shop import World
from tap import done, equal, ok, skip

COUNTERS = ('TcpExt.TCPDSACKRecv', 'TcpExt.TCPDSACKOldSent', 'TcpExt.TCPDSACKOfoSent', 'Tcp.RetransSegs', 'Udp.InDatagrams')
LOOKUPS = 5


def copies(world):
    """Copies that the pods' own kernels counted while these connections were made: (D-SACKs, datagrams too many).

    On a busy machine a sender sends again what was only late (tail loss probes): that makes a D-SACK too, one sent and one received, and is not counted."""
    places = world.lab.pods()

    def total():
        return [sum(place.counter(name) for place in places) for name in COUNTERS]

    before = total()
    shop, web = world.shop, world.web
    for _ in range(3):
        shop.http(web, '10.43.0.80:80')
        shop.order(web, '10.43.0.80:80')
        shop.tls(web, '10.43.0.80:443')
        shop.redis(web, '10.43.0.79:6379')
    for _ in range(LOOKUPS):
        shop.name(web, '10.43.0.10:53')
    world.lab.quiet()
    grown = [after - earlier for after, earlier in zip(total(), before)]
    return max(0, sum(grown[:3]) - 2 * grown[3]), max(0, grown[4] - 2 * LOOKUPS)


def main():
    live_lab.enter()
    world = World('t', netfilter=True)
    try:
        copies(world)  # neighbours and routes are known from here on
        nobody = copies(world)
        equal(nobody, (0, 0), 'with no observer nothing arrives twice')
        capture = world.node.capture('all', '-p', '-i', 'any', '-y', 'LINUX_SLL2')
        equal(copies(world), nobody, 'nor with a capture on all devices that is not promiscuous')
        live_lab.stop_capture(capture)
        world.node.ip('link set cni0 promisc on')
        double = copies(world)
        world.node.ip('link set cni0 promisc off')
        ok(double[0] > 0 and double[1] > 0, 'with a promiscuous bridge segments and datagrams arrive twice: %d D-SACKs, %d datagrams' % double, double)
        without_monitor = monitor_missing()
        if without_monitor:
            skip('podwire monitor makes no copies', without_monitor)
        else:
            sensor = Sensor(world.node)
            equal(copies(world), nobody, 'podwire monitor makes no copies')
            flags = world.node.ip('-d link show dev cni0')
            ok('promiscuity 0' in flags, 'and holds nothing promiscuous', flags)
            sensor.stop()
            sensor = Sensor(world.node, '--promiscuous')
            double = copies(world)
            sensor.stop()
            ok(double[0] > 0 and double[1] > 0, 'podwire monitor --promiscuous does: %d D-SACKs, %d datagrams' % double, double)
            equal(copies(world), nobody, 'and leaves the bridge as it was')
    finally:
        world.close()
    done()


main()
