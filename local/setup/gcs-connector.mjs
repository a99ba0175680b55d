import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SetupFailure } from './failure.mjs';
import { runChild } from './child.mjs';

const COORDINATES = 'com.google.cloud.bigdataoss:gcs-connector:jar:shaded:hadoop3-2.2.26';
const SHA256 = 'cbaa2773283c2237f933f48deb77a6f912619e367b26efe186aee74f4b35d89c';
const RUN = 'from maven_artifact.main import main; main()';

/** Google's Cloud Storage connector for Hadoop: the last line that runs on Spark 3.5's Hadoop 3.3. */
export const gcsConnector = {
  name: 'Cloud Storage connector',
  waitsFor: 'waiting for Maven Central (39 MB)',
  done: 'downloaded, digest checked',
  sha256: SHA256,

  key: () => SHA256,

  isPresent: ({ jar }) => isFile(jar),

  async build(context) {
    const draft = join(context.temporary, 'gcs-connector.jar');
    mkdirSync(dirname(context.jar), { recursive: true });
    if (!isFile(context.jar) || (await digestOf(context.jar)) !== SHA256) {
      const args = ['-c', RUN, COORDINATES, draft];
      const child = { ...context.child, registry: 'Maven Central' };
      await runChild({ ...child, name: 'maven-artifact', command: context.python, args });
      const digest = isFile(draft) ? await digestOf(draft) : 'nothing';
      if (digest !== SHA256) {
        throw new SetupFailure(
          `${COORDINATES} has the digest ${digest}, not the pinned ${SHA256}.`,
        );
      }
      renameSync(draft, context.jar);
    }
  },
};

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function digestOf(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
