import type protobuf from 'protobufjs';
import { Batches } from './batches.ts';
import { Clusters } from './clusters.ts';
import { makeBatchController, makeJobController } from './controllers.ts';
import { Jobs } from './jobs.ts';
import { Operations } from './operations.ts';
import { Counter } from './register.ts';
import { revive } from './revival.ts';
import { Workflows } from './workflows.ts';
import { WorkflowTemplates } from './workflow-templates.ts';
import type { Clock } from '../clock.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Scheduler } from '../spark/scheduler.ts';
import { openShelf } from '../state/shelf.ts';

/** What Dataproc needs. */
export interface DataprocOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly scheduler: Scheduler;
  /** The protos of Dataproc. */
  readonly root: protobuf.Root;
  readonly clock: Pick<Clock, 'now' | 'startTimer'>;
}

/** Dataproc, with all that an earlier server on the same state directory left. */
interface Dataproc {
  /** What its RPCs do; one that is not here is not implemented. */
  readonly implementations: Implementations;
  /** Lets the runs of the earlier server go on, which until then are as it left them. */
  readonly goOn: () => void;
}

/** Makes Dataproc; nothing runs yet. @throws ShapeError naming a damaged file */
export function openDataproc(options: DataprocOptions): Dataproc {
  const { configuration, permissions, scheduler, root } = options;
  const { now, startTimer } = options.clock;
  const openOwn = (kind: string) => openShelf(configuration.stateDirectory, kind);
  const shared = { configuration, permissions, scheduler, now, counter: new Counter() };
  const clusters = new Clusters(shared);
  const batches = new Batches({ ...shared, shelf: openOwn('batches') });
  const jobs = new Jobs({ ...shared, clusters, shelf: openOwn('jobs') });
  const templates = new WorkflowTemplates({ ...shared, shelf: openOwn('workflow-templates') });
  const workflowShelf = openOwn('workflows');
  const workflows = new Workflows({
    ...{ ...shared, startTimer, templates, jobs, clusters },
    shelf: workflowShelf,
  });
  const place = { project: configuration.project, region: configuration.region };
  const sources = [batches, jobs, workflows];
  const operations = new Operations({ root, place, permissions, sources });
  templates.restore();
  const revivals = [...batches.restore(), ...jobs.restore()];
  const goOnWithWorkflows = workflows.restore();
  const implementations = {
    ...makeBatchController(batches, operations),
    ...makeJobController(jobs, operations),
    ...clusters.implementations(),
    ...templates.implementations(),
    ...workflows.implementations(operations),
    ...operations.implementations(),
  };
  const goOn = () => {
    revive(revivals, scheduler);
    goOnWithWorkflows();
  };
  return { implementations, goOn };
}
