#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a scene of the lab as

    kubectl get namespaces,nodes,pods,services,endpointslices,replicasets,jobs,networkpolicies -A -o json

would print it. usage: cluster_json.py shop|bridge DIRECTORY, where the lab left NAME.address,
NAME.address6, NAME.started and, for a pod that has ended, NAME.finished of each pod.
"""
import datetime
import json
import pathlib
import random
import sys

NODE = 'node-1'
NODE_ADDRESSES = ['172.20.0.11', 'fd00:172:20::11']
RELEASED = '2026-01-12T08:00:00Z'  # when everything that is not a pod was made
REGISTRY = 'registry.example/'
version = 1000


def uid(*what):
    """A version 4 UUID, always the same one for the same thing."""
    bits = random.Random('/'.join(what)).getrandbits(128)
    bits = bits & ~(0xf << 76) | 0x4 << 76  # version
    bits = bits & ~(0x3 << 62) | 0x2 << 62  # variant
    text = '%032x' % bits
    return '-'.join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def suffix(what, length, letters='bcdfghjklmnpqrstvwxz2456789'):
    """The part of a name that a controller makes up."""
    chooser = random.Random('suffix/' + what)
    return ''.join(chooser.choice(letters) for _ in range(length))


def meta(kind, namespace, name, created, **more):
    global version
    version += 7
    result = {'name': name, 'uid': uid(kind, namespace or '', name, created), 'resourceVersion': str(version), 'creationTimestamp': created}
    if namespace:
        result['namespace'] = namespace
    result.update(more)
    return result


def owner(kind, api, metadata):
    return [{'apiVersion': api, 'blockOwnerDeletion': True, 'controller': True, 'kind': kind, 'name': metadata['name'], 'uid': metadata['uid']}]


def owner_named(kind, api, namespace, name):
    return owner(kind, api, {'name': name, 'uid': uid(kind, namespace, name, RELEASED)})


class Lab:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.objects = []
        self.pods = {}

    def read(self, pod, what):
        path = self.directory / ('%s.%s' % (pod, what))
        return path.read_text().strip() if path.exists() else None

    def add(self, api, kind, metadata, **body):
        self.objects.append({'apiVersion': api, 'kind': kind, 'metadata': metadata, **body})
        return metadata

    def namespace(self, name):
        self.add('v1', 'Namespace', meta('Namespace', None, name, RELEASED, labels={'kubernetes.io/metadata.name': name}),
                 spec={'finalizers': ['kubernetes']}, status={'phase': 'Active'})

    def node(self):
        started = self.read('web', 'started')
        conditions = [{'type': 'Ready', 'status': 'True', 'reason': 'KubeletReady', 'message': 'kubelet is posting ready status',
                       'lastHeartbeatTime': started, 'lastTransitionTime': RELEASED}]
        self.add('v1', 'Node', meta('Node', None, NODE, RELEASED, labels={'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': NODE, 'kubernetes.io/os': 'linux'}),
                 spec={'podCIDR': '10.42.0.0/24', 'podCIDRs': ['10.42.0.0/24', 'fd00:10:42::/64']},
                 status={'addresses': [{'address': a, 'type': 'InternalIP'} for a in NODE_ADDRESSES] + [{'address': NODE, 'type': 'Hostname'}],
                         'capacity': {'cpu': '2', 'memory': '8Gi', 'pods': '110'}, 'allocatable': {'cpu': '2', 'memory': '8Gi', 'pods': '110'},
                         'conditions': conditions, 'daemonEndpoints': {'kubeletEndpoint': {'Port': 10250}},
                         'nodeInfo': {'architecture': 'amd64', 'bootID': uid('boot'), 'containerRuntimeVersion': 'containerd://2.0.4', 'kernelVersion': '6.1.0-35-amd64',
                                      'kubeProxyVersion': '', 'kubeletVersion': 'v1.31.4', 'machineID': uid('machine').replace('-', ''), 'operatingSystem': 'linux',
                                      'osImage': 'Debian GNU/Linux 12 (bookworm)', 'systemUUID': uid('system')}})

    def pod(self, lab_name, namespace, name, image, ports, labels, owners, account='default', host_network=False, generate_name=None):
        started = self.read('web' if host_network else lab_name, 'started')
        finished = None if host_network else self.read(lab_name, 'finished')
        addresses = NODE_ADDRESSES if host_network else [self.read(lab_name, 'address'), self.read(lab_name, 'address6')]
        more = {'labels': labels, 'ownerReferences': owners}
        if generate_name:
            more['generateName'] = generate_name
        metadata = meta('Pod', namespace, name, started, **more)
        container_ports = []
        for port_name, port, protocol in ports:
            container_ports.append({'containerPort': port, 'name': port_name, 'protocol': protocol})
            if host_network:
                container_ports[-1]['hostPort'] = port
        container = {'name': lab_name, 'image': image, 'imagePullPolicy': 'IfNotPresent', 'resources': {},
                     'terminationMessagePath': '/dev/termination-log', 'terminationMessagePolicy': 'File'}
        if container_ports:
            container['ports'] = container_ports
        spec = {'containers': [container], 'dnsPolicy': 'ClusterFirst', 'enableServiceLinks': True, 'nodeName': NODE,
                'restartPolicy': 'Never' if finished else 'Always', 'schedulerName': 'default-scheduler', 'securityContext': {},
                'serviceAccount': account, 'serviceAccountName': account, 'terminationGracePeriodSeconds': 30}
        if host_network:
            spec['hostNetwork'] = True
        identity = 'containerd://%064x' % random.Random('container/' + name).getrandbits(256)
        if finished:
            state = {'terminated': {'containerID': identity, 'exitCode': 0, 'finishedAt': finished, 'reason': 'Completed', 'startedAt': started}}
        else:
            state = {'running': {'startedAt': started}}
        ready = 'False' if finished else 'True'
        conditions = [{'type': kind, 'status': status, 'lastProbeTime': None, 'lastTransitionTime': finished or started, **({'reason': 'PodCompleted'} if finished and kind != 'PodScheduled' else {})}
                      for kind, status in (('PodReadyToStartContainers', ready), ('Initialized', 'True'), ('Ready', ready), ('ContainersReady', ready), ('PodScheduled', 'True'))]
        status = {'phase': 'Succeeded' if finished else 'Running', 'podIP': addresses[0], 'podIPs': [{'ip': a} for a in addresses], 'hostIP': NODE_ADDRESSES[0],
                  'hostIPs': [{'ip': a} for a in NODE_ADDRESSES], 'startTime': started, 'qosClass': 'BestEffort', 'conditions': conditions,
                  'containerStatuses': [{'name': lab_name, 'image': image, 'imageID': '%s@sha256:%064x' % (image.split(':')[0], random.Random('image/' + image).getrandbits(256)),
                                         'containerID': identity, 'lastState': {}, 'ready': not finished, 'restartCount': 0, 'started': not finished, 'state': state}]}
        self.add('v1', 'Pod', metadata, spec=spec, status=status)
        self.pods[lab_name] = (namespace, name, metadata['uid'], addresses)

    def deployment(self, lab_name, namespace, image, ports=(), account=None):
        """A Deployment is seen by its ReplicaSet alone, as its own kind was not asked for."""
        labels = {'app.kubernetes.io/name': lab_name, 'app.kubernetes.io/part-of': 'shop' if namespace == 'shop' else namespace}
        template_hash = suffix(lab_name, 10)
        name = '%s-%s' % (lab_name, template_hash)
        labels_set = {**labels, 'pod-template-hash': template_hash}
        started = self.read(lab_name, 'started')
        replica_set = meta('ReplicaSet', namespace, name, started, labels=labels_set, generation=1,
                           annotations={'deployment.kubernetes.io/desired-replicas': '1', 'deployment.kubernetes.io/max-replicas': '2', 'deployment.kubernetes.io/revision': '1'},
                           ownerReferences=owner_named('Deployment', 'apps/v1', namespace, lab_name))
        self.add('apps/v1', 'ReplicaSet', replica_set,
                 spec={'replicas': 1, 'selector': {'matchLabels': labels_set},
                       'template': {'metadata': {'labels': labels_set}, 'spec': {'containers': [{'name': lab_name, 'image': image}]}}},
                 status={'availableReplicas': 1, 'fullyLabeledReplicas': 1, 'observedGeneration': 1, 'readyReplicas': 1, 'replicas': 1})
        self.pod(lab_name, namespace, '%s-%s' % (name, suffix(name, 5)), image, ports, labels_set, owner('ReplicaSet', 'apps/v1', replica_set),
                 account=account or lab_name, generate_name=name + '-')

    def stateful_set(self, lab_name, namespace, image, ports):
        labels = {'app.kubernetes.io/name': lab_name, 'apps.kubernetes.io/pod-index': '0', 'controller-revision-hash': '%s-%s' % (lab_name, suffix(lab_name, 9)),
                  'statefulset.kubernetes.io/pod-name': lab_name + '-0'}
        self.pod(lab_name, namespace, lab_name + '-0', image, ports, labels, owner_named('StatefulSet', 'apps/v1', namespace, lab_name), generate_name=lab_name + '-')

    def cron_job(self, lab_name, namespace, image):
        """One run of a CronJob: Jobs are named by the minute that they were scheduled for."""
        started, finished = self.read(lab_name, 'started'), self.read(lab_name, 'finished')
        minutes = int(datetime.datetime.strptime(started, '%Y-%m-%dT%H:%M:%SZ').replace(tzinfo=datetime.timezone.utc).timestamp()) // 60
        name = '%s-%d' % (lab_name, minutes)
        controller = uid('Job', namespace, name, started)
        labels = {'batch.kubernetes.io/controller-uid': controller, 'batch.kubernetes.io/job-name': name, 'controller-uid': controller, 'job-name': name}
        job = meta('Job', namespace, name, started, labels=labels, generation=1, ownerReferences=owner_named('CronJob', 'batch/v1', namespace, lab_name))
        self.add('batch/v1', 'Job', job,
                 spec={'backoffLimit': 6, 'completionMode': 'NonIndexed', 'completions': 1, 'parallelism': 1, 'selector': {'matchLabels': {'batch.kubernetes.io/controller-uid': controller}},
                       'suspend': False, 'template': {'metadata': {'labels': labels}, 'spec': {'containers': [{'name': lab_name, 'image': image}], 'restartPolicy': 'Never'}}},
                 status={'completionTime': finished, 'conditions': [{'type': 'Complete', 'status': 'True', 'lastProbeTime': finished, 'lastTransitionTime': finished}],
                         'ready': 0, 'startTime': started, 'succeeded': 1, 'terminating': 0, 'uncountedTerminatedPods': {}})
        self.pod(lab_name, namespace, '%s-%s' % (name, suffix(name, 5)), image, (), labels, owner('Job', 'batch/v1', job), account=lab_name, generate_name=name + '-')

    def daemon_set(self, lab_name, namespace, image, ports):
        labels = {'app.kubernetes.io/name': lab_name, 'controller-revision-hash': suffix(lab_name, 10), 'pod-template-generation': '1'}
        self.pod(lab_name, namespace, '%s-%s' % (lab_name, suffix(lab_name, 5)), image, ports, labels, owner_named('DaemonSet', 'apps/v1', namespace, lab_name),
                 host_network=True, generate_name=lab_name + '-')

    def service(self, namespace, name, cluster_ip, ports, pod=None, node_ports=(), cluster_ip6=None):
        """A Service and its EndpointSlices; ports are (name, port, target, protocol), cluster_ip 'None' for a headless one."""
        spec = {'clusterIP': cluster_ip, 'clusterIPs': [cluster_ip], 'internalTrafficPolicy': 'Cluster', 'ipFamilies': ['IPv4'], 'ipFamilyPolicy': 'SingleStack',
                'ports': [{'name': n, 'port': p, 'protocol': proto, 'targetPort': t} for n, p, t, proto in ports], 'sessionAffinity': 'None', 'type': 'ClusterIP'}
        if pod:
            spec['selector'] = {'app.kubernetes.io/name': pod}
        if node_ports:
            spec.update({'type': 'NodePort', 'externalTrafficPolicy': 'Cluster'})
            for port, node_port in zip(spec['ports'], node_ports):
                port['nodePort'] = node_port
        if cluster_ip6:
            spec.update({'clusterIPs': [cluster_ip, cluster_ip6], 'ipFamilies': ['IPv4', 'IPv6'], 'ipFamilyPolicy': 'PreferDualStack'})
        service = self.add('v1', 'Service', meta('Service', namespace, name, RELEASED), spec=spec, status={'loadBalancer': {}})
        self.endpoint_slice(namespace, name, service, ports, pod, cluster_ip, 0)
        if cluster_ip6:
            self.endpoint_slice(namespace, name, service, ports, pod, cluster_ip, 1)

    def endpoint_slice(self, namespace, name, service, ports, pod, cluster_ip, family):
        kind = ('IPv4', 'IPv6')[family]
        endpoint = {'addresses': [NODE_ADDRESSES[family]], 'conditions': {'ready': True}}
        slice_name, labels = name, {'kubernetes.io/service-name': name}
        more = {}
        if pod:
            pod_namespace, pod_name, pod_uid, addresses = self.pods[pod]
            endpoint = {'addresses': [addresses[family]], 'conditions': {'ready': True, 'serving': True, 'terminating': False}, 'nodeName': NODE,
                        'targetRef': {'kind': 'Pod', 'name': pod_name, 'namespace': pod_namespace, 'uid': pod_uid}}
            slice_name = '%s-%s' % (name, suffix('slice/' + name + kind, 5))
            labels['endpointslice.kubernetes.io/managed-by'] = 'endpointslice-controller.k8s.io'
            if cluster_ip == 'None':
                labels['service.kubernetes.io/headless'] = ''
            more = {'generateName': name + '-', 'ownerReferences': owner('Service', 'v1', service)}
        self.add('discovery.k8s.io/v1', 'EndpointSlice', meta('EndpointSlice', namespace, slice_name, RELEASED, labels=labels, generation=1, **more),
                 addressType=kind, endpoints=[endpoint], ports=[{'name': n, 'port': t, 'protocol': proto} for n, p, t, proto in ports])

    def network_policy(self, namespace, name, pod, port, clients):
        """Only the named pods of namespace shop may reach this pod's port."""
        peers = [{'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': 'shop'}}, 'podSelector': {'matchLabels': {'app.kubernetes.io/name': c}}} for c in clients]
        self.add('networking.k8s.io/v1', 'NetworkPolicy', meta('NetworkPolicy', namespace, name, RELEASED, generation=1),
                 spec={'ingress': [{'from': peers, 'ports': [{'port': port, 'protocol': 'TCP'}]}], 'podSelector': {'matchLabels': {'app.kubernetes.io/name': pod}}, 'policyTypes': ['Ingress']})


def shop(lab):
    """The shop of record-shop."""
    for name in ('data', 'default', 'kube-system', 'monitoring', 'shop'):
        lab.namespace(name)
    lab.node()
    lab.deployment('coredns', 'kube-system', REGISTRY + 'coredns:1.12.1', [('dns', 53, 'UDP'), ('dns-tcp', 53, 'TCP')])
    lab.deployment('web', 'shop', REGISTRY + 'web:2.4.0')
    lab.deployment('api', 'shop', REGISTRY + 'api:3.1.2', [('http', 8080, 'TCP'), ('metrics', 9090, 'TCP')])
    lab.deployment('worker', 'shop', REGISTRY + 'worker:3.1.2')
    lab.deployment('payments', 'shop', REGISTRY + 'payments:1.9.0', [('https', 8443, 'TCP')])
    lab.deployment('ledger', 'shop', REGISTRY + 'ledger:0.8.1', [('https', 8443, 'TCP')])
    lab.deployment('legacy', 'shop', REGISTRY + 'erp:2009', [('https', 8443, 'TCP'), ('backoffice', 8444, 'TCP')])
    lab.deployment('telemetry', 'shop', REGISTRY + 'telemetry:0.3', [('binary', 7777, 'TCP')])
    lab.deployment('coupon', 'shop', REGISTRY + 'coupon:1.0.0')
    lab.cron_job('report', 'shop', REGISTRY + 'report:1.2.0')
    lab.deployment('prometheus', 'monitoring', REGISTRY + 'prometheus:2.53.0', [('web', 9090, 'TCP')])
    lab.daemon_set('node-exporter', 'monitoring', REGISTRY + 'node-exporter:1.8.2', [('metrics', 9100, 'TCP')])
    lab.stateful_set('postgresql', 'data', REGISTRY + 'postgres:15.18', [('postgresql', 5432, 'TCP')])
    lab.stateful_set('redis', 'data', REGISTRY + 'redis:7.0.15', [('redis', 6379, 'TCP')])
    lab.stateful_set('mariadb', 'data', REGISTRY + 'mariadb:10.11', [('mysql', 3306, 'TCP')])
    lab.stateful_set('sessions', 'data', REGISTRY + 'redis:7.0.15', [('redis', 6379, 'TCP'), ('redis-tls', 6380, 'TCP')])
    lab.service('default', 'kubernetes', '10.43.0.1', [('https', 443, 6443, 'TCP')])
    lab.service('kube-system', 'kube-dns', '10.43.0.10', [('dns', 53, 53, 'UDP'), ('dns-tcp', 53, 53, 'TCP')], 'coredns')
    lab.service('shop', 'api', '10.43.0.80', [('http', 80, 8080, 'TCP')], 'api')
    lab.service('shop', 'payments', '10.43.1.10', [('https', 443, 8443, 'TCP')], 'payments')
    lab.service('shop', 'ledger', '10.43.1.11', [('https', 443, 8443, 'TCP')], 'ledger')
    lab.service('shop', 'legacy-erp', '10.43.1.12', [('https', 443, 8443, 'TCP'), ('backoffice', 8444, 8444, 'TCP')], 'legacy')
    lab.service('data', 'postgresql', 'None', [('postgresql', 5432, 5432, 'TCP')], 'postgresql')
    lab.service('data', 'redis', 'None', [('redis', 6379, 6379, 'TCP')], 'redis')
    lab.service('data', 'mariadb', 'None', [('mysql', 3306, 3306, 'TCP')], 'mariadb')
    lab.service('data', 'sessions', 'None', [('redis', 6379, 6379, 'TCP'), ('redis-tls', 6380, 6380, 'TCP')], 'sessions')
    lab.network_policy('data', 'postgresql-clients', 'postgresql', 5432, ['api', 'report'])
    lab.network_policy('data', 'sessions-clients', 'sessions', 6380, ['web'])


def bridge(lab):
    """The few pods of record-bridge."""
    for name in ('default', 'kube-system', 'shop'):
        lab.namespace(name)
    lab.node()
    lab.deployment('coredns', 'kube-system', REGISTRY + 'coredns:1.12.1', [('dns', 53, 'UDP')])
    lab.deployment('web', 'shop', REGISTRY + 'web:2.4.0')
    lab.deployment('api', 'shop', REGISTRY + 'api:3.1.2', [('http', 8080, 'TCP'), ('https', 8443, 'TCP')])
    lab.deployment('cache', 'shop', REGISTRY + 'redis:7.0.15', [('redis', 6379, 'TCP')])
    lab.service('kube-system', 'kube-dns', '10.43.0.10', [('dns', 53, 53, 'UDP')], 'coredns')
    lab.service('shop', 'api', '10.43.0.80', [('http', 80, 8080, 'TCP'), ('https', 443, 8443, 'TCP')], 'api', node_ports=(30080, 30443), cluster_ip6='fd00:10:43::80')
    lab.service('shop', 'cache', '10.43.0.79', [('redis', 6379, 6379, 'TCP')], 'cache')


def main():
    scene, directory = sys.argv[1:]
    lab = Lab(directory)
    {'shop': shop, 'bridge': bridge}[scene](lab)
    order = ['Namespace', 'Node', 'Pod', 'Service', 'EndpointSlice', 'ReplicaSet', 'Job', 'NetworkPolicy']
    items = sorted(lab.objects, key=lambda o: (order.index(o['kind']), o['metadata'].get('namespace', ''), o['metadata']['name']))
    json.dump({'apiVersion': 'v1', 'items': items, 'kind': 'List', 'metadata': {'resourceVersion': ''}}, sys.stdout, indent=4, sort_keys=True)
    print()


main()
