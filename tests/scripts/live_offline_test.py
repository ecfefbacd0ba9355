#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live and offline agree: tcpdump records beside podwire monitor, and podwire analyze of what it wrote gives the same flows, verdicts and
counts. Once of all devices in one file, cut by what the sensor captures; once of the bridge and of each of its ports in a file of its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab'))

import live_lab
from live_packets import cut_by_plan
from live_sensor import Sensor, monitor_missing
from live_shop import World, analyzed, cluster, gather, talk, verdict
from tap import done, equal, ok, skip_all

OPTIONS = {'netfilter': True}


def told(flow):
    """All that both must say of a flow."""
    ends = {side: (flow[side]['ip'], flow[side]['port'], flow[side]['workload']) for side in ('client', 'server')}
    return {**verdict(flow), **ends, 'service': flow['server']['service'], 'service_address': flow['server']['service_address'], 'packets': flow['packets'], 'bytes': flow['bytes'],
            'sni': flow['encryption']['sni'], 'certificate': (flow['encryption']['certificate'] or {}).get('sha256')}


def main():
    live_lab.enter()
    why = monitor_missing()
    if why:
        skip_all(why)
    world = World('t', **OPTIONS)
    try:
        objects = cluster(world)
        captures = [world.node.capture('beside-' + pod.port, '-p', '-i', pod.port, '-Q', 'in') for pod in world.lab.pods()]
        captures.append(world.node.capture('beside-cni0', '-p', '-i', 'cni0', '-Q', 'out'))
        everywhere = world.node.capture('everywhere', '-p', '-i', 'any', '-y', 'LINUX_SLL2')
        sensor = Sensor(world.node, '--cluster', objects)
        connections = talk(world, OPTIONS)
        for capture in captures + [everywhere]:
            live_lab.stop_capture(capture)
        live = gather(sensor.stop())
        ports = {c.port for c in connections}

        def ours(flows):
            return {key: told(flow) for key, flow in flows.items() if key[1][1] in ports}

        planned = live_lab.HOME + '/planned.pcap'
        offline = ours(gather(analyzed(cut_by_plan(everywhere.path, world.node.plan(), planned), cluster_path=objects)))
        live = ours(live)
        equal(sorted(live), sorted(offline), 'the same flows live and offline')
        wrong = ['%s\nlive:    %s\noffline: %s' % (key, live[key], offline[key]) for key in sorted(set(live) & set(offline)) if live[key] != offline[key]]
        ok(not wrong, 'the same verdicts and counts of %d flows' % len(live), '\n'.join(wrong))
        # Ethernet frames do not tell their direction: what the legs of a Service mean is left out of this comparison.
        merged = ours(gather(analyzed(*[capture.path for capture in captures], cluster_path=objects)))
        by_client = {key[1]: flow for key, flow in merged.items()}
        wrong = ['%s\nlive:    %s\noffline: %s' % (key, flow, by_client.get(key[1])) for key, flow in live.items()
                 if flow['service_address'] is None and by_client.get(key[1]) != flow]
        ok(not wrong, 'nor do files of each device differ', '\n'.join(wrong))
    finally:
        world.close()
    done()


main()
