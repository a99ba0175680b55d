import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const LISTENING = '0A';
const LOOPBACK_4 = /^[0-9A-F]{6}7F$/;
const LOOPBACK_6 = '00000000000000000000000001000000';
const LOOPBACK_MAPPED = /^0000000000000000FFFF0000[0-9A-F]{6}7F$/;

/** Lists processes whose environment names `folder`: everything that a command there started. */
export function listProcesses(folder) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => readOrEmpty(`/proc/${name}/environ`).includes(folder))
    .map((name) => ({
      pid: Number(name),
      command: readOrEmpty(`/proc/${name}/cmdline`).replaceAll('\0', ' ').slice(0, 120),
    }));
}

/** Lists every listening socket of the machine: its name, and its address as the kernel writes it. */
export function listListeningSockets() {
  const sockets = new Map();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readOrEmpty(table).split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING) sockets.set(`socket:[${inode}]`, local);
    }
  }
  return sockets;
}

/** Lists where those processes listen: socket, address as the kernel writes it, port, and whose it is. */
export function listListeners(processes) {
  const sockets = listListeningSockets();
  return processes.flatMap(({ pid, command }) =>
    listSockets(pid)
      .filter((socket) => sockets.has(socket))
      .map((socket) => ({ socket, ...toListener(sockets.get(socket), command) })),
  );
}

/** Lists every file and folder below a folder by its relative path. */
export function listTree(folder) {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

function toListener(local, command) {
  const [address, port] = local.split(':');
  const isLoopback =
    LOOPBACK_4.test(address) || address === LOOPBACK_6 || LOOPBACK_MAPPED.test(address);
  return { address, port: Number.parseInt(port, 16), isLoopback, command };
}

function listSockets(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => linkOrEmpty(join(`/proc/${pid}/fd`, name)));
  } catch {
    return [];
  }
}

function linkOrEmpty(path) {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
