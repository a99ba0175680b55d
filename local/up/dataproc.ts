import { join } from 'node:path';
import type { CommandOptions } from './command.ts';
import { makeConfiguration } from './dataproc-configuration.ts';
import {
  type DataprocAddresses,
  removeDataprocFile,
  removeDeadDataprocFile,
  writeDataprocFile,
} from './dataproc-file.ts';
import { type DataprocOptions, parseDataprocOptions } from './dataproc-options.ts';
import { renderDataprocPage } from './dataproc-page.ts';
import { findAccessToken, findPorts, keepPorts } from './dataproc-state.ts';
import { StackFailure } from './failure.ts';
import { localFolder, projectFolder } from './layout.ts';
import { Processes } from './processes.ts';
import { readAddress } from './ready-line.ts';
import { createRun, removeRun, type Run } from './runs.ts';
import { waitForAbort } from './signals.ts';
import { endLeftovers } from './sweep.ts';
import { readToolchain } from './toolchain.ts';

const certificateFolder = join(localFolder, 'tls');

/**
 * Keeps a local Dataproc up by itself, in the foreground, until Ctrl-C. Returns 0 after such an end.
 * @throws StackFailure when it cannot start or ends by itself
 */
export async function runDataproc({ args, progress, end }: CommandOptions): Promise<number> {
  const options = parseDataprocOptions(args, process.env['INIT_CWD'] ?? process.cwd());
  for (const note of options.notes) progress.note(note);
  removeDeadDataprocFile();
  const run = createRun();
  const processes = new Processes(run);
  try {
    const shown = progress.begin('local Dataproc', 'starting');
    const addresses = await startDataproc(options, run, processes);
    shown.done('ready');
    await serve({ addresses, options, run, processes, signal: end.signal });
    return 0;
  } finally {
    await processes.stop();
    await endLeftovers(run);
    removeRun(run);
    progress.note('Everything has ended.');
  }
}

interface Serving {
  readonly addresses: DataprocAddresses;
  readonly options: DataprocOptions;
  readonly run: Run;
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

async function serve({ addresses, options, run, processes, signal }: Serving): Promise<void> {
  writeDataprocFile(addresses, run);
  try {
    process.stdout.write(renderDataprocPage(addresses, options));
    await Promise.race([processes.failure, waitForAbort(signal)]);
  } finally {
    removeDataprocFile(addresses, run);
  }
}

async function startDataproc(
  options: DataprocOptions,
  run: Run,
  processes: Processes,
): Promise<DataprocAddresses> {
  const toolchain = readToolchain();
  const accessToken = findAccessToken(options.state);
  const places = { run, toolchain, certificateFolder, ports: findPorts(options), accessToken };
  const { config, configuration } = makeConfiguration(options, places);
  const args = [join(projectFolder, 'local', 'up', 'certificate.py'), certificateFolder];
  const certify = { name: 'certificate', command: toolchain.python, args: ['-B', ...args] };
  await processes.run(certify);
  const script = join(projectFolder, 'local', 'google', 'main.ts');
  const spec = { name: 'local-google', command: toolchain.node, args: [script], config };
  const ready = await processes.start(spec);
  const [pid] = processes.pids;
  if (pid === undefined) throw new StackFailure('The local Dataproc has no process.');
  const dataproc = new URL(readAddress(ready, spec.name, 'google')).host;
  const storage = readAddress(ready, spec.name, 'storage');
  keepPorts(options.state, dataproc, storage);
  const { project, region, buckets, clusters } = configuration;
  return {
    ...{ dataproc, storage, project, region },
    cluster: clusters[0]?.name ?? null,
    bucket: buckets[0] ?? configuration.stagingBucket,
    accessToken,
    certificate: join(certificateFolder, 'certificate.pem'),
    pid,
  };
}
