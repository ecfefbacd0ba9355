#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of deploy/image/Dockerfile in roots made by debootstrap, where no container engine is, and then what came of it.

Takes some minutes and a Debian mirror: `make check-image`, not `make check`. The root is what debian:bookworm-slim is made from, not that image.
The result is run as Kubernetes' runtimes run it: by runc, where it is installed, as the image's user, read-only, with CAP_NET_RAW in the bounding
set alone (Docker Engine) or in the permitted set as well (containerd, CRI-O), with and without no_new_privs.

IMAGE_BASE names a root to begin from in place of debootstrap's.
"""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from network import wait_for
from tap import SOURCE, done, equal, ok, skip, skip_all

INSIDE = 'PODWIRE_IMAGE_TEST'
MIRROR = os.environ.get('IMAGE_MIRROR', 'http://deb.debian.org/debian')
CAPABILITY = 'CAP_NET_RAW'


def run(*command, **more):
    more.setdefault('timeout', 1800)
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)


def instructions(path):
    """(keyword, rest) of each instruction."""
    with open(path, encoding='utf-8') as f:
        lines = [line.rstrip('\n') for line in f if not line.lstrip().startswith('#')]
    text = '\n'.join(lines).replace('\\\n', ' ')
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


class Stage:
    """One stage: a root folder in which the steps are done."""

    def __init__(self, folder, base):
        self.root, self.directory, self.settings = folder, '/', {}
        subprocess.run(['cp', '-a', base, folder], check=True)
        for name in ('sources.list', 'sources.list.d'):
            path = os.path.join('/etc/apt', name)
            if os.path.exists(path):
                subprocess.run(['cp', '-aT', path, folder + path], check=True)
        for path in glob.glob('/etc/apt/apt.conf.d/*'):
            # How this machine reaches its mirror, and nothing else of its settings.
            with open(path, encoding='utf-8', errors='replace') as f:
                if 'Acquire' in f.read() and 'Post-Invoke' not in open(path, encoding='utf-8', errors='replace').read():
                    shutil.copy(path, folder + path)
        shutil.copy('/etc/resolv.conf', folder + '/etc/resolv.conf')
        for kind, target in (('proc', '/proc'), ('tmpfs', '/tmp')):
            subprocess.run(['mount', '-t', kind, kind, folder + target], check=True)
        subprocess.run(['mount', '--bind', '/dev', folder + '/dev'], check=True)

    def finish(self):
        for target in ('/proc', '/tmp', '/dev'):
            subprocess.run(['umount', self.root + target], check=True)

    def do(self, keyword, rest, stages):
        """Returns what went wrong, or None."""
        if keyword == 'RUN':
            result = run('chroot', self.root, '/usr/bin/env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', '/bin/sh', '-c', 'cd %s && %s' % (self.directory, rest))
            return None if result.returncode == 0 else result.stdout[-3000:]
        if keyword == 'WORKDIR':
            self.directory = rest
            os.makedirs(self.root + rest, exist_ok=True)
        elif keyword == 'COPY':
            origin = re.match(r'--from=(\S+)\s+', rest)
            source, target = shlex.split(rest[origin.end():] if origin else rest)
            target = self.root + os.path.normpath(os.path.join(self.directory, target))
            if origin:
                result = run('cp', '-aT', stages[origin.group(1)].root + source.rstrip('/'), target)
            else:
                # What .dockerignore would keep back matters to the size of the context alone; git knows what the source is.
                result = run('sh', '-c', 'git -C "$0" ls-files -z --cached --others --exclude-standard | tar -C "$0" --null -T - -cf - | tar -C "$1" -xf - --no-same-owner', SOURCE, target)
            return None if result.returncode == 0 else result.stdout
        elif keyword in ('USER', 'ENTRYPOINT', 'CMD'):
            self.settings[keyword] = rest
        else:
            return 'the test does not know ' + keyword
        return None



def build(folder, base):
    stages, stage = {}, None
    for keyword, rest in instructions(os.path.join(SOURCE, 'deploy', 'image', 'Dockerfile')):
        if keyword == 'FROM':
            name = rest.split()[2] if ' AS ' in rest else 'final'
            stage = stages[name] = Stage(os.path.join(folder, name), base)
            continue
        wrong = stage.do(keyword, rest, stages)
        if keyword in ('RUN', 'COPY') or wrong:
            if not ok(wrong is None, '%s %s' % (keyword, rest[:90]), wrong):
                return None
    for each in stages.values():
        each.finish()
    return stages


def check_libraries(root):
    """The package list of the final stage is what the binary is linked with: nothing is missing, nothing too much."""
    needed = run('chroot', root, 'ldd', '/usr/bin/podwire').stdout
    ok('not found' not in needed, 'every library is there', needed)
    direct = re.findall(r'NEEDED\s+(\S+)', run('objdump', '-p', root + '/usr/bin/podwire').stdout)
    with open(os.path.join(SOURCE, 'deploy', 'image', 'Dockerfile'), encoding='utf-8') as f:
        asked = set(re.findall(r'\b((?:lib|zlib)[a-z0-9.+-]+)', f.read().split('--no-install-recommends', 1)[1].split('&&', 1)[0])) - {'libcap2-bin'}
    owners = set()
    for library in direct:
        path = re.search(re.escape(library) + r' => (\S+)', needed)
        if path and not library.startswith(('libc.', 'libm.')):
            real = os.path.realpath(root + path.group(1))[len(os.path.realpath(root)):]
            # dpkg knows some by where they were before /lib became a link.
            found = run('chroot', root, 'dpkg', '-S', real)
            found = found if found.returncode == 0 else run('chroot', root, 'dpkg', '-S', real[len('/usr'):])
            owners.add(found.stdout.split(':')[0])
    equal(sorted(asked - owners), [], 'no package that it is not linked with')
    equal(sorted(owners - asked), [], 'no package that is there by chance')
    ok(not os.path.exists(root + '/sbin/setcap') and not os.path.exists(root + '/usr/sbin/setcap'), 'setcap is gone again')
    capability = run('getcap', root + '/usr/bin/podwire').stdout
    ok('cap_net_raw=ep' in capability, 'the binary has its file capability', capability)


PROBE = r'''
#include <stdio.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/socket.h>
int main(void) { int s = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)); puts(s < 0 ? "refused" : "captures"); return 0; }
'''


def check_runtimes(folder, stage):
    """Who may capture: as measured, the table of docs/operations.md."""
    if not shutil.which('runc') or not shutil.which('gcc'):
        skip('the image under runc', 'runc or gcc is not installed')
        return
    user, group = (int(n) for n in stage.settings['USER'].split(':'))
    entry = json.loads(stage.settings['ENTRYPOINT'])
    bundle = os.path.join(folder, 'bundle')
    os.makedirs(bundle)
    with open(bundle + '/probe.c', 'w', encoding='ascii') as f:
        f.write(PROBE)
    subprocess.run(['gcc', '-static', '-o', stage.root + '/usr/bin/probe', bundle + '/probe.c'], check=True)
    subprocess.run(['setcap', 'cap_net_raw+ep', stage.root + '/usr/bin/probe'], check=True)
    subprocess.run(['runc', 'spec', '-b', bundle], check=True)
    with open(bundle + '/config.json', encoding='utf-8') as f:
        base = json.load(f)

    def container(name, arguments, permitted, no_new_privileges, profile=None, until=None):
        """What it says; where it is to say something (until), it is then told to end."""
        spec = json.loads(json.dumps(base))
        held = [CAPABILITY] if permitted else []
        spec['process'].update({'terminal': False, 'args': arguments, 'user': {'uid': user, 'gid': group}, 'noNewPrivileges': no_new_privileges,
                                'capabilities': {'bounding': [CAPABILITY], 'effective': held, 'permitted': held, 'inheritable': [], 'ambient': []}})
        spec['process'].pop('rlimits', None)
        spec['root'] = {'path': stage.root, 'readonly': True}
        spec['mounts'] = [m for m in spec['mounts'] if m['type'] != 'cgroup']
        spec['linux'].pop('resources', None)
        spec['linux']['namespaces'] = [n for n in spec['linux']['namespaces'] if n['type'] in ('pid', 'mount', 'ipc', 'uts', 'network')]
        spec.pop('hostname', None)
        spec['mounts'].append({'destination': '/var/lib/podwire', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'nodev', 'mode=0770', 'gid=%d' % group]})
        if profile:
            spec['linux']['seccomp'] = profile
        with open(bundle + '/config.json', 'w', encoding='utf-8') as f:
            json.dump(spec, f)
        identity = 'podwire-image-test-%d-%s' % (os.getpid(), name)
        command = ['runc', '--root', folder + '/runc', 'run', '-b', bundle, identity]
        if until is None:
            return run(*command, timeout=300).stdout.strip()
        log = os.path.join(folder, name + '.log')
        with open(log, 'wb') as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

        def said():
            with open(log, encoding='utf-8', errors='replace') as f:
                return f.read()
        wait_for(lambda: process.poll() is not None or until in said(), 120)
        run('runc', '--root', folder + '/runc', 'kill', identity, 'TERM')
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            run('runc', '--root', folder + '/runc', 'kill', identity, 'KILL')
            process.wait()
            return said() + 'it did not end when told to'
        return said() + ('exit status %d' % process.returncode)

    version = container('version', entry + ['version'], True, True)
    if 'cgroup' in version:
        skip('the image under runc', version.splitlines()[-1][:100])
        return
    ok(version.startswith('podwire '), 'runs as user %d, read-only, with no_new_privs: %s' % (user, version.splitlines()[0] if version else ''), version)
    for name, permitted, no_new, direct, want in (
            ('containerd', True, True, True, 'captures'), ('containerd-escalation', True, False, True, 'captures'), ('docker', False, True, True, 'refused'),
            ('docker-escalation', False, False, True, 'captures'), ('wrapped', True, True, False, 'refused')):
        arguments = ['/usr/bin/probe'] if direct else ['/bin/sh', '-c', '/usr/bin/probe; true']
        got = container(name, arguments, permitted, no_new)
        equal('refused' if 'not permitted' in got else got, want, 'NET_RAW %s, no_new_privs %s, %s: %s' % (
            'permitted' if permitted else 'in the bounding set alone', no_new, 'the binary itself' if direct else 'through a shell', want))
    os.unlink(stage.root + '/usr/bin/probe')
    profile = runtime_default()
    monitor = [*entry, 'monitor', '-i', 'lo', '--state', '/var/lib/podwire/state.json']
    text = container('monitor', monitor, True, True, profile, until='msg="interfaces captured"')
    ok('msg="interfaces captured" count=1' in text and text.endswith('exit status 0'), 'the sensor captures there, %s' % ('with the usual seccomp profile' if profile else 'without seccomp'), text)
    text = container('refused', monitor, False, True, profile, until='msg="interfaces captured"')
    ok('CAP_NET_RAW' in text and not text.endswith('exit status 0'), 'and says what it lacks where it may not', text)


def runtime_default(path='/usr/share/containers/seccomp.json'):
    """The profile of containers-common, which is Docker's and containerd's as well but for details, for a container with NET_RAW alone; None where it is not installed."""
    if not os.path.exists(path):
        return None
    with open(path, encoding='utf-8') as f:
        whole = json.load(f)
    rules = []
    for rule in whole['syscalls']:
        only, but = rule.get('includes') or {}, rule.get('excludes') or {}
        if (only.get('caps') and CAPABILITY not in only['caps']) or CAPABILITY in (but.get('caps') or []) or (only.get('arches') and 'amd64' not in only['arches']):
            continue
        rules.append({key: rule[key] for key in ('names', 'action', 'args', 'errnoRet') if rule.get(key)})
    return {'defaultAction': whole['defaultAction'], 'architectures': ['SCMP_ARCH_X86_64'], 'syscalls': rules}


def main():
    if os.geteuid() != 0:
        skip_all('needs root: debootstrap and chroot')
    base = os.environ.get('IMAGE_BASE')
    for program in ('chroot', 'git', 'objdump', 'getcap') + (() if base else ('debootstrap',)):
        if not shutil.which(program):
            skip_all(program + ' is not installed')
    if os.environ.get(INSIDE) != str(os.getpid()):
        os.execvp('unshare', ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'env', INSIDE + '=1', sys.executable] + sys.argv)
    folder = tempfile.mkdtemp(prefix='podwire-image-')
    os.chmod(folder, 0o755)
    try:
        if base is None:
            base = os.path.join(folder, 'base')
            result = run('debootstrap', '--variant=minbase', 'bookworm', base, MIRROR)
            if result.returncode:
                skip_all('debootstrap finds no mirror: ' + result.stdout.strip().splitlines()[-1])
        stages = build(folder, base)
        if stages:
            final = stages['final']
            size = int(run('du', '-sm', final.root).stdout.split()[0]) - int(run('du', '-sm', base).stdout.split()[0])
            ok(size < 60, 'the image adds %d MiB to its base' % size)
            check_libraries(final.root)
            check_runtimes(folder, final)
    finally:
        # Bind mounts are of this mount namespace: what is left of them must not be deleted through.
        with open('/proc/mounts', encoding='utf-8') as f:
            mounted = [line.split()[1] for line in f if line.split()[1].startswith(folder)]
        for target in reversed(mounted):
            subprocess.run(['umount', target], check=False)
        with open('/proc/mounts', encoding='utf-8') as f:
            left = [line for line in f if folder in line]
        if not left:
            subprocess.run(['rm', '-rf', '--one-file-system', folder], check=False)
    done()


main()
