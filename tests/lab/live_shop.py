# SPDX-License-Identifier: Apache-2.0
"""Servers and clients of the live lab, the topologies they are put in, and whether what a sensor says of them is true."""
import ipaddress
import json
import os

from live_lab import CURL, HOME, OUTSIDE, Failure, Lab, Node, run
from live_packets import counted
from tap import PODWIRE

PLAIN = {'state': 'plaintext', 'result': 'none'}


class Connection:
    """One connection that a client made: who, from which port, to whom, by what Service, and what must be said of it."""

    def __init__(self, client, address, port, server, server_port, service, transport, expect, masqueraded, asked):
        self.client, self.address, self.port, self.server, self.server_port = client, address, port, server, server_port
        self.service, self.transport, self.expect, self.masqueraded, self.asked = service, transport, expect, masqueraded, asked or service

    def __str__(self):
        return '%s:%d > %s:%d %s%s' % (self.client.name, self.port, self.server.name, self.server_port, self.transport, ' by ' + self.service if self.service else '')

    def seen_on(self, node, uplink=False):
        """The flow as the sensor of this node can know it: (client, possible servers, Service address), or None where it sees nothing of it.

        With the node's uplink, where packets are before masquerading, it knows all of them."""
        here, there = self.client.node is node or self.client is node, self.server.node is node
        backend = (self.server.address6 if ':' in self.address else self.server.address, self.server_port)
        if uplink and there:
            return (self.masqueraded if self.client is node else self.address, self.port), [backend], self.asked
        if there:
            return (self.masqueraded or self.address, self.port), [backend], self.service if here else None
        if here:
            return (self.address, self.port), [split(self.service)] if self.service else [backend], None
        return None


def split(address):
    host, port = address.rsplit(':', 1)
    return str(ipaddress.ip_address(host.strip('[]'))), int(port)


def connect(lab, client, server, server_port, command, says, service=None, transport='tcp', six=False, expect=None, masqueraded=None, asked=None):
    """Runs a client; its connection comes from a port that is known then."""
    lab.next_port += 1
    port = lab.next_port
    client.sysctl({'net.ipv4.ip_local_port_range': '%d %d' % (port, port)})
    result = client.exec(*[str(c).replace('{port}', str(port)) for c in command], check=False)
    if says not in result.stdout:
        raise Failure('exit %d and no %r of %s: %s' % (result.returncode, says, ' '.join(map(str, command)), result.stdout))
    address = OUTSIDE if client is lab.outside else client.address6 if six else client.address
    return Connection(client, address, port, server, server_port, service, transport, expect or {}, masqueraded, asked)


class Shop:
    """HTTP and TLS by nginx, Redis with and without password, DNS."""

    def __init__(self, lab, api, cache, dns):
        self.lab, self.api, self.cache, self.dns = lab, api, cache, dns
        self.password = 'silver-sieve-5'
        folder = HOME + '/shop'
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=api.shop.svc',
            '-addext', 'subjectAltName=DNS:api.shop.svc', '-keyout', folder + '/key.pem', '-out', folder + '/cert.pem')
        with open(folder + '/order', 'wb') as f:
            f.write(b'k' * 200000)
        with open(folder + '/password', 'w', encoding='ascii') as f:
            f.write('clerk:{PLAIN}tin-kettle-41\n')
        with open(folder + '/nginx.conf', 'w', encoding='ascii') as f:
            f.write(NGINX.replace('FOLDER', folder))
        self.folder = folder
        api.serve(api.name + '-nginx', 'nginx', '-e', folder + '/error', '-c', folder + '/nginx.conf', port=8443)
        redis = ('redis-server', '--bind', '*', '--save', '', '--dir', folder)
        cache.serve(cache.name + '-redis', *redis, '--port', 6379, '--requirepass', self.password, port=6379)
        cache.serve(cache.name + '-open-redis', *redis, '--port', 6380, '--protected-mode', 'no', port=6380)
        dns.serve(dns.name + '-dnsmasq', 'dnsmasq', '-d', '-C', '/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file=', '--port=53',
                  '--host-record=api.shop.svc.cluster.local,10.43.0.80', port=53, kind='udp')

    def http(self, client, address, **more):
        source = ('--interface', OUTSIDE) if client is self.lab.outside else ()
        where = 'http://%s/' % address
        return connect(self.lab, client, self.api, 8080, (*CURL, *source, where, where + '2'), 'items', six=address.startswith('['), expect={**PLAIN, 'protocol': 'http'}, **more)

    def order(self, client, address, **more):
        return connect(self.lab, client, self.api, 8080, (*CURL, '-H', 'Expect:', '--data-binary', '@' + self.folder + '/order', 'http://%s/orders' % address), 'order',
                       expect={**PLAIN, 'protocol': 'http'}, **more)

    def basic(self, client, address, **more):
        return connect(self.lab, client, self.api, 8080, (*CURL, '-u', 'clerk:tin-kettle-41', 'http://%s/admin' % address), 'orders',
                       expect={'state': 'plaintext', 'result': 'success', 'method': 'http-basic', 'protocol': 'http', 'cleartext': True}, **more)

    def tls(self, client, address, **more):
        return connect(self.lab, client, self.api, 8443, (*CURL, '-k', 'https://%s/' % address), 'items',
                       expect={'state': 'encrypted', 'version': 'TLS1.3', 'protocol': 'tls', 'mutual': 'no'}, **more)

    def redis(self, client, address, **more):
        host, port = address.rsplit(':', 1)
        return connect(self.lab, client, self.cache, 6379, ('redis-cli', '--no-auth-warning', '-h', host, '-p', port, '-a', self.password, 'set', 'session:7', 'clerk'), 'OK',
                       expect={'state': 'plaintext', 'result': 'success', 'method': 'redis-auth', 'protocol': 'redis', 'cleartext': True}, **more)

    def open_redis(self, client, address, **more):
        host, port = address.rsplit(':', 1)
        return connect(self.lab, client, self.cache, 6380, ('redis-cli', '-h', host, '-p', port, 'ping'), 'PONG', expect={**PLAIN, 'protocol': 'redis'}, **more)

    def name(self, client, address, **more):
        host, port = address.rsplit(':', 1)
        command = ('dig', '-b', client.address + '#{port}', '+tries=1', '+time=60', '+noedns', '+short', '-p', port, '@' + host, 'api.shop.svc.cluster.local')
        return connect(self.lab, client, self.dns, 53, command, '10.43.0.80', transport='udp', expect={'state': 'plaintext', 'protocol': 'dns'}, **more)


NGINX = '''
daemon off;
worker_processes 1;
pid FOLDER/nginx.pid;
error_log FOLDER/error;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
	client_body_buffer_size 512k;
	client_max_body_size 1m;
	server {
		listen 8080; listen [::]:8080; listen 8443 ssl; listen [::]:8443 ssl;
		ssl_certificate FOLDER/cert.pem; ssl_certificate_key FOLDER/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
		location / { return 200 '{"items":[]}'; }
		location /orders { try_files /none @orders; }
		location @orders { proxy_pass http://127.0.0.1:8081; }
		location /admin { auth_basic "shop"; auth_basic_user_file FOLDER/password; try_files /none @admin; }
		location @admin { return 200 '{"orders":12}'; }
	}
	server { listen 127.0.0.1:8081; location / { return 201 '{"order":7}'; } }
}
'''


# Topologies.

class World:
    """A lab with the shop in it; close() when done."""

    def __init__(self, name, bridge=True, netfilter=False, by_gateway=False, two_nodes=False, masquerade_all=False):
        self.name, self.lab = name, Lab(name)
        try:
            self.build(bridge, netfilter, by_gateway, two_nodes)
            if masquerade_all:  # kube-proxy's option: whatever goes to a Service gets the node's address as its source
                self.node.exec('iptables', '-t', 'nat', '-I', 'KUBE-SERVICES', '1', '-d', '10.43.0.0/16', '-j', 'KUBE-MARK-MASQ')
        except BaseException:
            self.lab.close()
            raise

    def build(self, bridge, netfilter, by_gateway, two_nodes):
        lab = self.lab
        self.node = home = Node(lab, 'node-1', 1, bridge=bridge, netfilter=netfilter, vxlan=two_nodes)
        if two_nodes:
            home = Node(lab, 'node-2', 2, bridge=bridge, netfilter=netfilter, vxlan=True)
            self.node.reach(home)
            home.reach(self.node)
        self.dns, self.web = home.pod('coredns', 10, by_gateway), self.node.pod('web', 11, by_gateway)
        self.api, self.cache = home.pod('api', 12, by_gateway), home.pod('cache', 13, by_gateway)
        for node in lab.nodes:
            node.service('kube-system/kube-dns:dns', '10.43.0.10', 53, self.dns, 53, 'udp')
            node.service('shop/api:http', '10.43.0.80', 80, self.api, 8080, node_port=30080)
            node.service('shop/api:https', '10.43.0.80', 443, self.api, 8443)
            node.service('shop/cache:redis', '10.43.0.79', 6379, self.cache, 6379)
            node.service('shop/cache:open', '10.43.0.79', 6380, self.cache, 6380)
            node.service('shop/api:http', 'fd00:10:43::80', 80, self.api, 8080)
        self.shop = Shop(lab, self.api, self.cache, self.dns)

    def close(self):
        self.lab.close()

    def by_address(self, six=True):
        shop, web, api = self.shop, self.web, self.api.address
        made = [shop.http(web, api + ':8080'), shop.basic(web, api + ':8080'), shop.order(web, api + ':8080'), shop.tls(web, api + ':8443'),
                shop.redis(web, self.cache.address + ':6379'), shop.open_redis(web, self.cache.address + ':6380'), shop.name(web, self.dns.address + ':53')]
        if six:
            made.append(shop.http(web, '[%s]:8080' % self.api.address6))
        if self.node is self.api.node:
            made.append(shop.http(self.node, api + ':8080', masqueraded=self.node.gateway if self.node.bridge else self.node.address))
        return made

    def by_service(self, six=True, lookups=True):
        shop, web = self.shop, self.web
        made = [use(web, address, service=address) for use, address in (
            (shop.http, '10.43.0.80:80'), (shop.http, '10.43.0.80:80'), (shop.basic, '10.43.0.80:80'), (shop.order, '10.43.0.80:80'), (shop.tls, '10.43.0.80:443'),
            (shop.redis, '10.43.0.79:6379'), (shop.open_redis, '10.43.0.79:6380'))]
        if lookups:
            made += [shop.name(web, '10.43.0.10:53', service='10.43.0.10:53') for _ in range(2)]
        if six:
            made.append(shop.http(web, '[fd00:10:43::80]:80', service='[fd00:10:43::80]:80'))
        made.append(shop.http(self.api, '10.43.0.80:80', service='10.43.0.80:80'))  # a pod that calls its own Service
        home = self.api.node
        by = self.node.network + '0' if home is not self.node else home.gateway if home.bridge else home.address
        made.append(shop.http(self.lab.outside, self.node.address + ':30080', masqueraded=by, asked=self.node.address + ':30080'))
        return made


TOPOLOGIES = {
    'bridge': {},
    'bridge, pods routed by the gateway': {'by_gateway': True},
    'bridge with br_netfilter': {'netfilter': True},
    'routed': {'bridge': False},
    'two nodes with VXLAN': {'netfilter': True, 'two_nodes': True},
}


def talk(world, options):
    """Every connection of the topology, one after another."""
    two = options.get('two_nodes', False)
    made = world.by_address(six=not two)
    if options.get('netfilter') or options.get('by_gateway') or options.get('bridge') is False:
        made += world.by_service(six=not two and not options.get('by_gateway'), lookups=not options.get('masquerade_all'))
    world.lab.quiet()
    return made


def cluster(world):
    """The pods and Services of the world as kubectl would print them, as far as the sensor uses them."""
    def meta(name, namespace, **more):
        return {'name': name, 'namespace': namespace, 'uid': '00000000-0000-4000-8000-%012x' % len(items), **more}

    items = []
    pods = {}
    for pod in world.lab.pods():
        namespace = 'kube-system' if pod.name == 'coredns' else 'shop'
        owner = [{'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'name': pod.name, 'uid': '00000000-0000-4000-9000-%012x' % len(items), 'controller': True}]
        metadata = meta(pod.name + '-0', namespace, labels={'app': pod.name}, ownerReferences=owner, creationTimestamp='2026-01-01T00:00:00Z')
        addresses = [{'ip': pod.address}, {'ip': pod.address6}]
        items.append({'apiVersion': 'v1', 'kind': 'Pod', 'metadata': metadata, 'spec': {'nodeName': pod.node.name, 'containers': []},
                      'status': {'phase': 'Running', 'podIP': pod.address, 'podIPs': addresses, 'startTime': '2026-01-01T00:00:00Z'}})
        pods[pod] = metadata
    for name, namespace, address, pod, ports in (('kube-dns', 'kube-system', '10.43.0.10', world.dns, [('dns', 53, 53, 'UDP')]),
                                                 ('api', 'shop', '10.43.0.80', world.api, [('http', 80, 8080, 'TCP'), ('https', 443, 8443, 'TCP')]),
                                                 ('cache', 'shop', '10.43.0.79', world.cache, [('redis', 6379, 6379, 'TCP'), ('open', 6380, 6380, 'TCP')])):
        items.append({'apiVersion': 'v1', 'kind': 'Service', 'metadata': meta(name, namespace),
                      'spec': {'clusterIP': address, 'clusterIPs': [address], 'selector': {'app': pod.name}, 'type': 'ClusterIP',
                               'ports': [{'name': n, 'port': p, 'targetPort': t, 'protocol': proto} for n, p, t, proto in ports]}})
        target = {'kind': 'Pod', 'name': pods[pod]['name'], 'namespace': namespace, 'uid': pods[pod]['uid']}
        items.append({'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice', 'metadata': meta(name + '-1', namespace, labels={'kubernetes.io/service-name': name}),
                      'addressType': 'IPv4', 'endpoints': [{'addresses': [pod.address], 'conditions': {'ready': True}, 'targetRef': target}],
                      'ports': [{'name': n, 'port': t, 'protocol': proto} for n, p, t, proto in ports]})
    path = HOME + '/cluster.json'
    with open(path, 'w', encoding='utf-8') as f:
        json.dump({'apiVersion': 'v1', 'kind': 'List', 'items': items}, f)
    return path


SERVICES = {'api': 'shop/api', 'cache': 'shop/cache', 'coredns': 'kube-system/kube-dns'}


def misnamed(records, connections):
    """Connections whose client's workload or Service is not named as it should be, with the objects of cluster()."""
    lines, by_port = [], {record['client']['port']: record for record in records}
    for connection in connections:
        flow = by_port.get(connection.port)
        if flow is None:
            continue
        client = 'shop/' + connection.client.name if connection.client.name in ('web', 'api') else None
        got, want = (flow['client']['workload'], flow['server']['service']), (client, SERVICES[connection.server.name])
        if got != want:
            lines.append('%s: want %s, got %s' % (connection, want, got))
    return lines


# What a sensor said, beside what was true.

def end_of(side):
    return str(ipaddress.ip_address(side['ip'])), side.get('port') or 0


def gather(records):
    """Flows by (transport, client, server): records of one flow that was told of several times are added up."""
    flows = {}
    for record in records:
        key = (record['transport'], end_of(record['client']), end_of(record['server']))
        if key in flows:
            for what in ('packets', 'bytes'):
                for side in ('client', 'server'):
                    record[what][side] += flows[key][what][side]
        flows[key] = record
    return flows


def verdict(flow):
    """What was concluded of a flow, without what may differ between two places that saw it."""
    encryption, authentication = flow['encryption'], flow['authentication']
    return {'state': encryption['state'], 'version': encryption['version'], 'cipher': encryption['cipher'], 'mutual': encryption['mutual'], 'protocol': flow['protocol'],
            'result': authentication['result'], 'method': authentication['method'], 'cleartext': flow['cleartext_credentials']}


def differences(flow, connection, node, seen, service_address):
    """What of a flow is not as it was, as lines."""
    lines = []

    def same(what, want, got):
        if want != got:
            lines.append('%s: want %s, got %s' % (what, want, got))

    # Counted in the pod that is on this node: segments may be put together on their way to another.
    if connection.client.node is node:
        sent = counted(seen[connection.client.name, 'out'], source_port=connection.port, protocol=connection.transport)
    else:
        sent = counted(seen[connection.server.name, 'in'], source_port=connection.port, protocol=connection.transport)
    if connection.server.node is node:
        answered = counted(seen[connection.server.name, 'out'], target_port=connection.port, protocol=connection.transport)
    else:
        answered = counted(seen[connection.client.name, 'in'], target_port=connection.port, protocol=connection.transport)
    same('packets', {'client': sent[0], 'server': answered[0]}, flow['packets'])
    same('bytes', {'client': sent[1], 'server': answered[1]}, flow['bytes'])
    same('service address', service_address, flow['server'].get('service_address'))
    got = verdict(flow)
    for what, want in connection.expect.items():
        same(what, want, got[what])
    return lines


def wrong_with(records, connections, node, seen, uplink=False):
    """All that is wrong with what the node's sensor said of these connections: each is one flow, and there is none else."""
    flows, lines, known = gather(records), [], set()
    for connection in connections:
        expected = connection.seen_on(node, uplink)
        if expected is None:
            continue
        client, servers, service = expected
        key = next((k for k in ((connection.transport, client, server) for server in servers) if k in flows), None)
        if key is None:
            lines.append('%s: no flow' % connection)
            continue
        known.add(key)
        lines += ['%s: %s' % (connection, line) for line in differences(flows[key], connection, node, seen, service)]
    ports = {c.port for c in connections}
    for key in sorted(set(flows) - known):
        if key[1][1] in ports or key[2][1] in ports:
            lines.append('also: %s %s > %s, packets %s, service %s' % (*key, flows[key]['packets'], flows[key]['server'].get('service_address')))
    return lines


def analyzed(*paths, cluster_path=None):
    """Records of what podwire analyze says of captures."""
    command = [PODWIRE, 'analyze', '--format', 'ndjson', '--flows', '-o', HOME + '/analyzed'] + (['--cluster', cluster_path] if cluster_path else [])
    result = run(*command, *paths, check=False)
    if result.returncode:
        raise Failure('podwire analyze: ' + result.stdout)
    with open(HOME + '/analyzed', encoding='utf-8') as f:
        return [line['flow'] for line in map(json.loads, f) if line['type'] == 'flow']
