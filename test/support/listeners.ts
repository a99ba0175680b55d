import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State word of a listening socket in /proc/net/tcp. Source: Linux, proc_net_tcp. */
const LISTEN = '0A';

/** Addresses (`ip:port`) on which the processes of a run listen, read from /proc. */
export function listListeners(runId: string): readonly string[] {
  const inodes = new Set(listProcesses(runId).flatMap(listSocketInodes));
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
      .map((fields) => toAddress(fields[1] ?? '')),
  );
}

/** Ids of the living processes that carry a run's marker in their environment. */
export function listProcesses(runId: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readEnvironment(pid).includes(`JOBGATE_RUN=${runId}`));
}

/** Other users' processes and those that have just ended are none of ours. */
function readEnvironment(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function listSocketInodes(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** IPv4 addresses stand as little-endian hexadecimal; IPv6 ones (also mapped IPv4) are shown as they are. */
function toAddress(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = address.match(/../g) ?? [];
  const host =
    bytes.length === 4
      ? bytes
          .reverse()
          .map((byte) => parseInt(byte, 16))
          .join('.')
      : toIpv6(address);
  return `${host}:${parseInt(port, 16)}`;
}

/** `::ffff:127.0.0.1` is loopback, as the JVM's sockets show it. */
function toIpv6(address: string): string {
  if (address === '0000000000000000FFFF00000100007F') return '127.0.0.1';
  if (address === '00000000000000000000000001000000') return '[::1]';
  return `[${address}]`;
}
