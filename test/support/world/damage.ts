import type { Item } from './attributes.ts';
import type { Random } from './random.ts';
import { textOf } from './table.ts';
import { deleteTrueJob, isActive, listTrueJobs } from './upstream-truth.ts';
import type { World } from './world.ts';

/** Somebody changes a counter of jobs at a time by hand: takes it away, a job off it, or a job that is none onto it. */
export function damageCounter({ cloud, note }: World, random: Random): void {
  const { table } = cloud.dynamodb;
  const counters = table.all().filter((item) => 'holders' in item);
  if (counters.length === 0) return;
  const counter = random.pick(counters);
  const key = textOf(counter['jobId']) ?? '';
  const how = random.pick(['delete', 'take', 'add'] as const);
  table.set(key, how === 'delete' ? undefined : change(counter, how));
  note(`a hand changes ${key}: ${how}`);
}

/** The id of a job that never was. */
const NOBODY = `jg-${'a'.repeat(26)}`;

function change(counter: Item, how: 'take' | 'add'): Item {
  const { holders, ...rest } = counter;
  const jobs = holders !== undefined && 'SS' in holders ? holders.SS : [];
  if (how === 'add') return { ...rest, holders: { SS: [...new Set([...jobs, NOBODY])] } };
  return jobs.length < 2 ? rest : { ...rest, holders: { SS: jobs.slice(1) } };
}

/** Somebody deletes in Dataproc a batch, or a job on a cluster, that has ended. */
export async function deleteEnded({ cloud, deleted, note }: World, random: Random): Promise<void> {
  const ended = (await listTrueJobs(cloud)).filter(
    (job) => job.kind !== 'workflow' && !isActive(job),
  );
  if (ended.length === 0) return;
  const job = random.pick(ended);
  if (!(await deleteTrueJob(cloud, job))) return;
  deleted.push(job);
  note(`a hand deletes ${job.jobId}, which was ${job.state}`);
}
