# SPDX-License-Identifier: Apache-2.0
"""Compares flows that podwire reports with the rows of a truth.tsv (pcaps/README.md tells its columns)."""
import csv
import ipaddress
import re

STATE = {'yes': 'encrypted', 'no': 'plaintext'}
RESULT = {'offered': 'attempted'}


def rows(path):
    with open(path, newline='') as f:
        return list(csv.DictReader(f, delimiter='\t'))


def address(text):
    """'10.0.0.1:80' or '[fd00::1]:80' as (ip, port); port 0 where there is none."""
    m = re.match(r'^\[(.*)\](?::(\d+))?$', text) or re.match(r'^([^:]*)(?::(\d+))?$', text)
    return str(ipaddress.ip_address(m.group(1))), int(m.group(2) or 0)


def end(e):
    return str(ipaddress.ip_address(e['ip'])), e.get('port') or 0


def find(flows, row):
    client, server = address(row['client']), address(row['server'])
    for flow in flows:
        if end(flow['client']) == client and end(flow['server']) == server:
            return flow
    return None


def known(row, column):
    return row.get(column) not in (None, '', '?', '-')


def protocol_fits(row, flow):
    if row['encrypted'] == 'yes' and flow['protocol'] == 'tls':
        return True  # what is inside need not show
    return flow['protocol'] == row['proto']


def differences(row, flow):
    """What of the flow is not as the row says, as a list of lines."""
    encryption, authentication = flow['encryption'], flow['authentication']
    inside = row['encrypted'] in ('yes', 'upgraded')
    out = []

    def check(what, want, got):
        if want != got:
            out.append('%s: want %s, got %s' % (what, want, got))

    if known(row, 'proto') and not protocol_fits(row, flow):
        check('protocol', row['proto'], flow['protocol'])
    if known(row, 'encrypted'):
        check('encryption', STATE.get(row['encrypted'], row['encrypted']), encryption['state'])
    if known(row, 'tls_version'):
        check('version', row['tls_version'], encryption['version'])
    if known(row, 'cipher'):
        check('cipher', row['cipher'], encryption['cipher'])
    if known(row, 'mutual') and encryption['mutual'] not in row['mutual'].split('|'):
        check('mutual', row['mutual'], encryption['mutual'])
    want = RESULT.get(row['client_auth'], row['client_auth'])
    # What is inside TLS cannot be seen; a proxy that asked for nothing before it served without.
    accepted = {want} | ({'unknown', 'none'} if inside and row['auth_method'] != 'tls-client-cert' else set())
    if known(row, 'tls_version') and want == 'none':
        accepted.add('unknown')  # the row speaks of the TLS layer alone
    got = authentication['result'].replace('not-applicable', 'none')
    # Inside TLS 1.3 the client's certificate does not show.
    if known(row, 'client_auth') and not (row['tls_version'] == 'TLS1.3' and got == 'unknown') and got not in accepted:
        check('authentication', want, got)
    if known(row, 'auth_method') and want in ('success', 'failure', 'attempted') and not inside:
        check('method', row['auth_method'], authentication['method'])
    if known(row, 'cleartext_credentials'):
        check('cleartext credentials', row['cleartext_credentials'] == 'yes', flow['cleartext_credentials'])
    return out
