import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkDisk, checkPlatform, readFreeBytes } from '../../../local/setup/checks.mjs';
import { diagnose } from '../../../local/setup/diagnosis.mjs';
import { explainRefusedWrite } from '../../../local/setup/failure.mjs';
import { makeFolder } from './folders.ts';

describe('the set-up refuses', () => {
  it('a Node that is too old', () => {
    expect(() => {
      checkPlatform({ platform: 'linux', versions: { node: '18.20.4' } });
    }).toThrow(
      'Node 20 or newer is needed, this is 18.20.4: install a newer one from https://nodejs.org.',
    );
  });

  it('a system on which the stack does not run', () => {
    expect(() => {
      checkPlatform({ platform: 'win32', versions: { node: '24.0.0' } });
    }).toThrow("Jobgate's local stack runs on Linux and macOS, not on win32.");
  });

  it('a disk without room', () => {
    expect(() => {
      checkDisk('/home/me/jobgate', 412_000_000);
    }).toThrow('Set-up needs 3.0 GB of disk, only 0.4 GB are free in /home/me/jobgate: make room.');
  });
});

describe('the set-up accepts', () => {
  it.each(['20.0.0', '24.21.0'])('Node %s', (node) => {
    expect(() => {
      checkPlatform({ platform: 'darwin', versions: { node } });
    }).not.toThrow();
  });

  it('a disk with just enough room', () => {
    expect(() => {
      checkDisk('/home/me/jobgate', 3_000_000_000);
    }).not.toThrow();
  });

  it('what the disk says of itself, in bytes', async () => {
    expect(await readFreeBytes(makeFolder())).toBeGreaterThan(1_000_000);
  });
});

describe('the cause of a failed tool', () => {
  const pip = `WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(
: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/six/
ERROR: No matching distribution found for six==1.16.0`;
  const npm = 'npm error code ENOTFOUND\nnpm error network request failed';

  it.each([
    [pip, 'the Python package index', 'Connection refused'],
    [npm, 'the npm registry', 'ENOTFOUND'],
  ])('is that a registry is not reached: %#', (output, registry, found) => {
    expect(diagnose(output, registry)).toBe(
      `could not reach ${registry} (${found}): check the network and the proxy, and run the command again`,
    );
  });

  it.each([
    'npm error code ENOSPC',
    'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
  ])('is a full disk: %s', (output) => {
    expect(diagnose(output, 'the npm registry')).toBe(
      'found the disk full: make room and run the command again',
    );
  });

  it('is not the registry for a tool that needs none', () => {
    expect(diagnose('java.net.ConnectException: Connection refused')).toBeUndefined();
  });

  it('is unknown when nothing names it', () => {
    expect(diagnose('npm error code EUSAGE', 'the npm registry')).toBeUndefined();
  });
});

describe('a refused write', () => {
  it.runIf(process.platform === 'linux')('on a full disk is one sentence', () => {
    expect(
      explainRefusedWrite(
        catchError(() => {
          writeFileSync('/dev/full', 'x');
        }),
      ),
    ).toBe('The disk is full: make room and run the command again.');
  });

  it('without permission names the place', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), {
      code: 'EACCES',
      syscall: 'mkdir',
      path: '/srv/jobgate/.local',
    });
    expect(explainRefusedWrite(error)).toBe(
      'This user may not write at /srv/jobgate/.local (EACCES): run the command in a folder that you own.',
    );
  });

  it('is nothing that another error is taken for', () => {
    expect(explainRefusedWrite(new TypeError('x is not a function'))).toBeUndefined();
    expect(
      explainRefusedWrite(
        catchError(() => {
          writeFileSync('/nowhere/x', '');
        }),
      ),
    ).toBeUndefined();
  });
});

function catchError(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
