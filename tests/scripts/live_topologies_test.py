#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the sensor sees on a node, beside what tcpdump in every pod saw, in each topology of the live lab.

Connection by connection: one flow, from the client's address to the pod that answered, with the Service that was asked,
packets and bytes of each direction once, and the right verdict. First by a capture on all devices that is cut by what the
sensor captures (docs/monitor.md) and analysed offline: that proves the choice of places; then by podwire monitor itself.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab'))

import live_lab
from live_packets import cut_by_plan
from live_sensor import Sensor, monitor_missing
from live_shop import TOPOLOGIES, World, analyzed, cluster, misnamed, talk, wrong_with
from tap import done, ok, skip


def check_places(name, world, captures, connections, seen):
    """The places that are captured, by tcpdump on all devices, cut to what comes in or goes out there."""
    for node, capture in captures:
        live_lab.stop_capture(capture)
        planned = cut_by_plan(capture.path, node.plan(), '%s/plan-%s.pcap' % (live_lab.HOME, node.name))
        wrong = wrong_with(analyzed(planned), connections, node, seen)
        ok(not wrong, '%s, %s: the places that are captured show %d connections as the pods saw them' % (name, node.name, len(connections)), '\n'.join(wrong))
        if node.bridge and len(world.lab.nodes) == 1:
            ports = {index: way for index, way in node.plan().items() if way == 'in'}
            partial = cut_by_plan(capture.path, ports, live_lab.HOME + '/ports.pcap')
            ok(wrong_with(analyzed(partial), connections, node, seen), '%s: the ports alone would not do, and it shows' % name)


def check(name, options, *arguments, places=True, monitor=True, uplink=False, **how):
    world = World('t', **options)
    try:
        captures = [(node, node.capture('all-' + node.name, '-p', '-i', 'any', '-y', 'LINUX_SLL2')) for node in world.lab.nodes if places]
        objects = cluster(world)
        sensors = [Sensor(node, '--cluster', objects, *arguments, **how) for node in world.lab.nodes if monitor]
        world.lab.truth_begin()
        connections = talk(world, options)
        seen = world.lab.truth_end()
        check_places(name, world, captures, connections, seen)
        for sensor in sensors:
            records = sensor.stop()
            wrong = wrong_with(records, connections, sensor.node, seen, uplink)
            ok(not wrong, '%s, %s: podwire monitor saw what the pods saw' % (name, sensor.node.name), '\n'.join(wrong))
            wrong = misnamed(records, connections)
            ok(not wrong, '%s, %s: and names workloads and Services' % (name, sensor.node.name), '\n'.join(wrong))
    finally:
        world.close()


def main():
    live_lab.enter()
    without = monitor_missing()
    for name, options in TOPOLOGIES.items():
        check(name, options, monitor=not without)
    if without:
        skip('podwire monitor in every topology', without)
    else:
        options = TOPOLOGIES['bridge with br_netfilter']
        check('--masquerade-all', {**options, 'masquerade_all': True}, places=False)
        check('two workers', options, '--workers', '2', places=False)
        check('with the uplink', options, '-i', 'cni0', '-i', 'eth0', places=False, uplink=True)
        check('started by a user with CAP_NET_RAW alone', options, places=False, as_root=False)
    done()


main()
