#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be checked of deploy/ without a cluster: YAML read strictly, what matters of every object, that the chart with its defaults
gives the objects of the plain manifests, that the policies are those of policies/, and that the Dockerfile and the unit agree with them.

Not checked here: that an API server takes the objects (only Kubernetes' own schemas could tell), and `helm lint`: the chart is rendered by
tests/deploy/render_chart.go with Go's text/template, or by Helm itself where it is installed.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

from tap import SOURCE, done, equal, ok, podwire, skip, skip_all

try:
    import yaml
except ImportError:
    skip_all('python3-yaml is not installed')

DEPLOY = os.path.join(SOURCE, 'deploy')
CHART = os.path.join(DEPLOY, 'helm', 'podwire')
API = {'Namespace': 'v1', 'ServiceAccount': 'v1', 'ConfigMap': 'v1', 'Service': 'v1', 'ClusterRole': 'rbac.authorization.k8s.io/v1', 'ClusterRoleBinding': 'rbac.authorization.k8s.io/v1',
       'DaemonSet': 'apps/v1', 'PriorityClass': 'scheduling.k8s.io/v1', 'PodMonitor': 'monitoring.coreos.com/v1', 'ServiceMonitor': 'monitoring.coreos.com/v1'}
CLUSTER_WIDE = {'Namespace', 'ClusterRole', 'ClusterRoleBinding', 'PriorityClass'}
READ = {('', 'pods'), ('', 'services'), ('', 'nodes'), ('', 'namespaces'), ('discovery.k8s.io', 'endpointslices'), ('networking.k8s.io', 'networkpolicies')}


class Strict(yaml.SafeLoader):
    """Refuses a key that is there twice, as the API server does and PyYAML does not."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, 'key %r is there twice' % key, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1 as Kubernetes' reader takes it: what is quoted nowhere and means a truth value is a mistake waiting.
def documents(text):
    return [d for d in yaml.load_all(text, Strict) if d is not None]


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def by_name(objects):
    return {(o['kind'], o['metadata']['name']): o for o in objects}


def one(objects, kind):
    found = [o for o in objects if o['kind'] == kind]
    assert len(found) == 1, (kind, len(found))
    return found[0]


def objects_are_sound(objects):
    """Mistakes of any object, as lines."""
    lines = []
    for o in objects:
        name = '%s %s' % (o.get('kind'), o.get('metadata', {}).get('name'))
        if API.get(o.get('kind')) != o.get('apiVersion'):
            lines.append('%s: apiVersion %s' % (name, o.get('apiVersion')))
        if not re.match(r'^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$', o['metadata'].get('name', '')):
            lines.append(name + ': name')
        if (o['kind'] in CLUSTER_WIDE) == ('namespace' in o['metadata']):
            lines.append(name + ': namespace')
        for key, value in o['metadata'].get('labels', {}).items():
            if not isinstance(value, str) or not re.match(r'^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$', value):
                lines.append('%s: label %s: %r' % (name, key, value))
    names = [(o['kind'], o['metadata'].get('namespace'), o['metadata']['name']) for o in objects]
    return lines + ['twice: %s' % (n,) for n in set(names) if names.count(n) > 1]


def daemon_set_is_sound(objects):
    """What a DaemonSet must have for the sensor to work, with no more rights than it needs."""
    daemon = one(objects, 'DaemonSet')
    template, lines = daemon['spec']['template'], []
    pod, container = template['spec'], template['spec']['containers'][0]

    def must(what, good):
        if not good:
            lines.append(what)

    security, pod_security = container['securityContext'], pod['securityContext']
    must('the selector is within the labels', daemon['spec']['selector']['matchLabels'].items() <= template['metadata']['labels'].items())
    must('one container, none besides', len(pod['containers']) == 1 and 'initContainers' not in pod)
    must('host network alone of the host', pod.get('hostNetwork') is True and not pod.get('hostPID') and not pod.get('hostIPC'))
    must('NET_RAW and nothing else', security['capabilities'] == {'drop': ['ALL'], 'add': ['NET_RAW']} and security['privileged'] is False)
    must('no privilege gained', security['allowPrivilegeEscalation'] is False)
    must('no command before the binary, which alone has the file capability', 'command' not in container)
    must('read-only root', security['readOnlyRootFilesystem'] is True)
    must('not root, by number', pod_security['runAsNonRoot'] is True and isinstance(pod_security['runAsUser'], int) and pod_security['runAsUser'] > 0)
    must('seccomp', pod_security['seccompProfile'] == {'type': 'RuntimeDefault'})
    must('the token is mounted', pod['automountServiceAccountToken'] is True and pod['serviceAccountName'] == one(objects, 'ServiceAccount')['metadata']['name'])
    must('resources', set(container['resources']['requests']) == {'cpu', 'memory'} and 'memory' in container['resources']['limits'])
    must('tolerates every taint', {'operator': 'Exists'} in pod['tolerations'])
    port = container['ports'][0]
    must('a port as host networking demands it', port['containerPort'] == port['hostPort'])
    listen = [a for a in container['args'] if a.startswith('--listen=')]
    must('listens at the node\'s address and this port', listen == ['--listen=$(HOST_IP):%d' % port['containerPort']])
    fields = {e['name']: e['valueFrom']['fieldRef']['fieldPath'] for e in container['env']}
    must('downward API', fields == {'NODE_NAME': 'spec.nodeName', 'HOST_IP': 'status.hostIP'})
    volumes = {v['name']: v for v in pod['volumes']}
    mounts = {m['name']: m for m in container['volumeMounts']}
    must('every volume is mounted once', set(volumes) == set(mounts) and len(container['volumeMounts']) == len(mounts))
    must('host paths are read-only', all(mounts[n].get('readOnly') is True for n, v in volumes.items() if 'hostPath' in v))
    must('no subPath, which is never updated', all('subPath' not in m for m in mounts.values()))
    must('the policies are those of the ConfigMap', volumes['policies']['configMap']['name'] == one(objects, 'ConfigMap')['metadata']['name'])
    for probe in ('startupProbe', 'livenessProbe', 'readinessProbe'):
        if 'httpGet' in container.get(probe, {}):
            must(probe, container[probe]['httpGet']['port'] == port['name'] and container[probe]['httpGet']['path'] == ('/readyz' if probe == 'readinessProbe' else '/healthz'))
    must('liveness', 'livenessProbe' in container and 'startupProbe' in container)
    roles = {(g, r) for rule in one(objects, 'ClusterRole')['rules'] for g in rule['apiGroups'] for r in rule['resources']}
    verbs = {v for rule in one(objects, 'ClusterRole')['rules'] for v in rule['verbs']}
    must('six kinds to read: %s' % sorted(roles), roles == READ and verbs == {'list', 'watch'})
    binding, account = one(objects, 'ClusterRoleBinding'), one(objects, 'ServiceAccount')['metadata']
    must('the binding binds them', binding['roleRef']['name'] == one(objects, 'ClusterRole')['metadata']['name'] and
         binding['subjects'] == [{'kind': 'ServiceAccount', 'name': account['name'], 'namespace': account['namespace']}])
    return lines


def render(values, name='podwire', namespace='podwire'):
    """Objects of the chart, or None where nothing can render it."""
    if shutil.which('helm'):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
            json.dump(values, f)
            f.flush()
            return documents(subprocess.run(['helm', 'template', name, CHART, '-n', namespace, '-f', f.name], stdout=subprocess.PIPE, check=True, text=True).stdout)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'values.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'Values': values, 'Chart': yaml.load(read(os.path.join(CHART, 'Chart.yaml')), Strict)}, f)
        environment = dict(os.environ, GO111MODULE='off', GOFLAGS='', CGO_ENABLED='0')
        environment.setdefault('GOCACHE', os.path.join(folder, 'cache'))
        result = subprocess.run(['go', 'run', os.path.join(SOURCE, 'tests', 'deploy', 'render_chart.go'), CHART, path, name, namespace],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True, check=False, timeout=300)
        if result.returncode:
            raise RuntimeError(result.stderr)
        return [d for d in documents(result.stdout) if isinstance(d, dict)]


def merged(values, changes):
    result = dict(values)
    for key, value in changes.items():
        result[key] = merged(values[key], value) if isinstance(value, dict) and isinstance(values.get(key), dict) else value
    return result


def plain(o):
    """An object without what the chart adds for Helm."""
    o = json.loads(json.dumps(o))
    labels = [o['metadata'].get('labels', {})]
    if o['kind'] == 'DaemonSet':
        labels += [o['spec']['selector']['matchLabels'], o['spec']['template']['metadata']['labels']]
    for some in labels:
        for key in ('app.kubernetes.io/instance', 'app.kubernetes.io/version', 'app.kubernetes.io/managed-by'):
            some.pop(key, None)
    return o


def check_manifests():
    objects = []
    for path in sorted(glob.glob(os.path.join(DEPLOY, 'kubernetes', '*.yaml'))):
        try:
            found = documents(read(path))
            ok(found, 'kubernetes/%s is strict YAML' % os.path.basename(path))
            objects += found
        except yaml.YAMLError as error:
            ok(False, 'kubernetes/%s is strict YAML' % os.path.basename(path), error)
    wrong = objects_are_sound(objects)
    ok(not wrong, 'the manifests are of known kinds, in their namespace, each once', '\n'.join(wrong))
    wrong = daemon_set_is_sound(objects)
    ok(not wrong, 'the DaemonSet has what the sensor needs and no more', '\n'.join(wrong))
    namespaces = {o['metadata'].get('namespace') for o in objects} - {None}
    equal(namespaces, {one(objects, 'Namespace')['metadata']['name']}, 'all in the one namespace that is made')
    policy = one(objects, 'ConfigMap')['data']['policy.yaml']
    equal(policy, read(os.path.join(SOURCE, 'policies', 'default.yaml')), 'the ConfigMap has policies/default.yaml as it is')
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as f:
        f.write(policy)
        f.flush()
        result = podwire('policy', 'check', f.name)
        ok(result.code == 0, 'podwire takes that policy set', result.errors)
    return objects


def check_schema(values):
    try:
        import jsonschema
    except ImportError:
        skip('values.schema.json', 'python3-jsonschema is not installed')
        return
    schema = json.loads(read(os.path.join(CHART, 'values.schema.json')))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    ok(validator.is_valid(values), 'the default values fit their schema', '\n'.join(str(e) for e in validator.iter_errors(values)))
    equal(sorted(set(schema['properties']) - {'global'}), sorted(values), 'the schema knows the values there are, and no others')
    for wrong in ({'workers': 0}, {'pods': 'all'}, {'port': 80}, {'image': {'repository': ''}}, {'tls': {'clientCA': True}}, {'no-such-value': 1}, {'cniConfigPath': 'etc'}, {'podMonitor': {'interval': 'often'}}):
        ok(not validator.is_valid(merged(values, wrong)), 'the schema refuses %s' % json.dumps(wrong))


def check_chart(manifests):
    values = yaml.load(read(os.path.join(CHART, 'values.yaml')), Strict)
    chart = yaml.load(read(os.path.join(CHART, 'Chart.yaml')), Strict)
    version = podwire('version').text.split()[1].split('-')[0]
    equal((chart['version'], chart['appVersion']), (version, version), 'the chart is of this version')
    equal(read(os.path.join(CHART, 'files', 'default-policy.yaml')), read(os.path.join(SOURCE, 'policies', 'default.yaml')), 'the chart ships policies/default.yaml')
    check_schema(values)
    if not shutil.which('helm') and not shutil.which('go'):
        skip('the chart renders', 'neither Helm nor Go is installed')
        return
    objects = render(values)
    wrong = objects_are_sound(objects) + daemon_set_is_sound(objects)
    ok(not wrong, 'the chart renders to sound objects', '\n'.join(wrong))
    want, got = by_name(manifests), by_name(objects)
    want.pop(('Namespace', 'podwire'))
    equal(sorted(got), sorted(want), 'the chart with its defaults makes the objects of the plain manifests')
    differ = ['%s:\nmanifest %s\nchart    %s' % (key, json.dumps(want[key], sort_keys=True), json.dumps(plain(got[key]), sort_keys=True)) for key in want if key in got and plain(got[key]) != want[key]]
    ok(not differ, 'and they are equal', '\n'.join(differ))
    check_choices(values)


def check_choices(values):
    everything = merged(values, {
        'image': {'tag': '9.9'}, 'imagePullSecrets': [{'name': 'pull'}], 'pods': 'node', 'interfaces': ['cali*', 'eth0'], 'filter': 'not port 22', 'workers': 2, 'extraArgs': ['--log-flows'],
        'port': 20000, 'policy': 'schema: podwire.policy/1\nname: own\n', 'tls': {'secretName': 'tls', 'clientCA': True}, 'token': {'secretName': 'token'}, 'priorityClassName': 'system-node-critical',
        'affinity': {'nodeAffinity': {}}, 'podAnnotations': {'a.example/b': 'c'}, 'podLabels': {'team': 'net'}, 'podMonitor': {'enabled': True, 'labels': {'release': 'prom'}}, 'serviceMonitor': {'enabled': True}})
    objects = render(everything, 'other', 'watch')
    wrong = objects_are_sound(objects) + daemon_set_is_sound(objects)
    ok(not wrong, 'so does the chart with every value changed', '\n'.join(wrong))
    container = one(objects, 'DaemonSet')['spec']['template']['spec']['containers'][0]
    equal(container['args'], ['monitor', '--kubernetes', '--pods=node', '--policy=/etc/podwire/policy.yaml', '--state=/var/lib/podwire/state.json', '--listen=$(HOST_IP):20000', '--interface=cali*',
                              '--interface=eth0', '--filter=not port 22', '--workers=2', '--tls-cert=/etc/podwire-tls/tls.crt', '--tls-key=/etc/podwire-tls/tls.key',
                              '--client-ca=/etc/podwire-tls/ca.crt', '--token-file=/etc/podwire-token/token', '--log-flows'], 'its options')
    equal(container['image'], 'podwire:9.9', 'its image')
    ok('httpGet' not in container['livenessProbe'], 'where clients must show who they are, the kubelet is not asked to')
    equal(one(objects, 'ConfigMap')['data']['policy.yaml'].rstrip('\n'), 'schema: podwire.policy/1\nname: own', 'its own policy set')
    kinds = [o['kind'] for o in objects]
    ok('PriorityClass' not in kinds and 'PodMonitor' in kinds and 'ServiceMonitor' in kinds and 'Service' in kinds, 'what is switched on and off', kinds)
    selector = one(objects, 'DaemonSet')['spec']['selector']['matchLabels']
    equal([one(objects, 'PodMonitor')['spec']['selector']['matchLabels'], one(objects, 'ServiceMonitor')['spec']['selector']['matchLabels'], one(objects, 'Service')['spec']['selector']], [selector] * 3,
          'monitors and Service select the sensor\'s pods')
    guarded = one(render(merged(values, {'token': {'secretName': 'token'}, 'ipv6Only': True})), 'DaemonSet')['spec']['template']['spec']['containers'][0]
    ok('httpGet' in guarded['readinessProbe'] and '--listen=[$(HOST_IP)]:19764' in guarded['args'], 'a token does not keep the kubelet out; addresses of IPv6 are bracketed', guarded['args'])
    tls_alone = render(merged(values, {'tls': {'secretName': 'tls'}}))
    equal(one(tls_alone, 'DaemonSet')['spec']['template']['spec']['containers'][0]['readinessProbe']['httpGet']['scheme'], 'HTTPS', 'probes speak TLS where the sensor does')


def check_options(objects):
    """Every option that is given in deploy/ is one that podwire monitor has."""
    result = podwire('monitor', '--help')
    if result.code != 0:
        skip('options of podwire monitor', 'this podwire has no monitor')
        return
    known = set(re.findall(r'--[a-z][-a-z]*', result.text))
    used = set()
    for path in ('kubernetes/60-daemon-set.yaml', 'helm/podwire/templates/daemon-set.yaml', 'systemd/podwire.service'):
        for line in read(os.path.join(DEPLOY, path)).splitlines():
            if re.match(r'^\s*- .*--|^ExecStart=', line):
                used |= set(re.findall(r'--[a-z][-a-z]*', line))
    ok(used and used <= known, 'podwire monitor has every option that is used', sorted(used - known))


def check_image(objects):
    text = read(os.path.join(DEPLOY, 'image', 'Dockerfile'))
    last = text[text.rindex('\nFROM '):]
    user = re.search(r'^USER (\d+):(\d+)$', last, re.M)
    security = one(objects, 'DaemonSet')['spec']['template']['spec']['securityContext']
    ok(user and (int(user.group(1)), int(user.group(2))) == (security['runAsUser'], security['runAsGroup']) and '--uid %s ' % user.group(1) in last, 'the image\'s user is that of the manifests', last)
    ok(re.search(r'^ENTRYPOINT \["/usr/bin/podwire"\]$', last, re.M), 'its entry point is the binary itself')
    ok('setcap cap_net_raw+ep /usr/bin/podwire' in last and '+eip' not in last, 'which has the one file capability')
    ok(len(re.findall(r'^FROM debian:bookworm-slim', text, re.M)) == 2 and 'ADD ' not in text, 'both stages are Debian slim, and nothing comes from elsewhere')


def check_unit():
    path = os.path.join(DEPLOY, 'systemd', 'podwire.service')
    if not shutil.which('systemd-analyze'):
        skip('the systemd unit', 'systemd-analyze is not installed')
        return
    result = subprocess.run(['systemd-analyze', 'verify', path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    # That the program and its page are not installed here is no fault of the unit.
    wrong = [line for line in result.stdout.splitlines() if 'podwire' in line and 'is not executable' not in line and 'man podwire' not in line]
    ok(not wrong, 'the systemd unit is understood', '\n'.join(wrong))
    result = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--threshold=25', '--no-pager', path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    exposure = re.search(r'Overall exposure level.*: ([0-9.]+)', result.stdout)
    if exposure is None:
        skip('its exposure', 'this systemd-analyze rates no files')
        return
    ok(result.returncode == 0, 'its exposure is at most 2.5 of 10: %s' % exposure.group(1), result.stdout[-2000:])


def main():
    try:
        documents('a: 1\na: 2\n')
        ok(False, 'a key that is there twice is refused')
    except yaml.YAMLError:
        ok(True, 'a key that is there twice is refused')
    objects = check_manifests()
    check_chart(objects)
    check_options(objects)
    check_image(objects)
    check_unit()
    done()


main()
