/** Properties of Spark by name. */
type Properties = Readonly<Record<string, string>>;

/** What a batch takes up at one time: thousandths of a DCU, and GB of shuffle storage. */
export interface BatchSize {
  readonly milliDcu: number;
  readonly shuffleGb: number;
}

/** The least and the most that a batch takes up while it runs. */
export interface SizeBand {
  readonly least: BatchSize;
  readonly most: BatchSize;
}

/** A property that leaves the size of a batch open. */
export interface SizeFault {
  readonly property: string;
  readonly message: string;
}

/** The most executors of a template that names no bound: Dataproc's own is 1,000, which no cap would cover. */
const DEFAULT_MAX_EXECUTORS = 10;
const MAX_EXECUTORS = 'spark.dynamicAllocation.maxExecutors';
const DYNAMIC = 'spark.dynamicAllocation.enabled';

/** Thousandths of a DCU of one core with 4 GB, and with the most memory that the standard tier gives a core. */
const MILLI_DCU_PER_CORE = 600 + 4 * 100;
const MOST_MILLI_DCU_PER_CORE = 600 + 725;
const GB_PER_CORE = 100;

/** A count that sizes a batch: what Dataproc does without it, and the values it takes. */
interface Count {
  readonly byDefault: number;
  readonly values: RegExp;
}

const CORES: Count = { byDefault: 4, values: /^(4|8|16)$/ };
const EXECUTORS: Count = { byDefault: 2, values: /^([2-9]|[1-9]\d{1,2}|1\d{3}|2000)$/ };

const COUNTS: Readonly<Record<string, Count>> = {
  'spark.driver.cores': CORES,
  'spark.executor.cores': CORES,
  'spark.executor.instances': EXECUTORS,
  'spark.dynamicAllocation.minExecutors': EXECUTORS,
  'spark.dynamicAllocation.initialExecutors': EXECUTORS,
  [MAX_EXECUTORS]: { ...EXECUTORS, byDefault: DEFAULT_MAX_EXECUTORS },
};

const MEMORY = /^spark\.(driver|executor)\.(memory|memoryOverhead|memoryOverheadFactor)$/;
const DISK = /^spark\.dataproc\.(driver|executor)\.disk\.size$/;
const TIER = /^spark\.dataproc\.(driver|executor)\.(compute|disk)\.tier$/;

/**
 * Names of properties that say how much memory, how many cores, disks or executors, or which machines a batch gets. Those
 * that have a price are listed above; more of them come with each version of Spark and of Dataproc, and have none.
 */
const SIZING = [
  /^spark\.(driver|executor|dataproc|kubernetes|yarn|deploy)\..*(memory|core|cpu|disk|volume|instances|executors|resource|accelerator|tier|engine)/i,
  /^spark\.dynamicAllocation\..*Executors$/i,
  /^spark\.(memory\.offHeap|cores)\./i,
];
/** Names of environment variables, whatever they hold. */
const VARIABLE = /^spark\.dataproc\.driverEnv\./;

/**
 * Bounds the executors of a batch whose template does not: what is priced is what is sent.
 * Source: https://cloud.google.com/dataproc-serverless/docs/concepts/properties
 */
export function boundExecutors(properties: Properties): Properties {
  if (properties[DYNAMIC] === 'false' || Object.hasOwn(properties, MAX_EXECUTORS))
    return properties;
  return { ...properties, [MAX_EXECUTORS]: String(DEFAULT_MAX_EXECUTORS) };
}

/**
 * Reads from a template's properties how large its batches get. A memory property counts as the most memory that the
 * standard tier gives a core, 7,424 MB, because Spark's overheads are added to it.
 * @throws Error for properties that {@link findSizeFaults} names: templates with such are not compiled.
 * Source: https://cloud.google.com/dataproc-serverless/pricing (DCU) and …/docs/concepts/properties (defaults, bounds).
 */
export function toSizeBand(properties: Properties): SizeBand {
  const [fault] = findSizeFaults(properties);
  if (fault !== undefined) throw new Error(`${fault.property} ${fault.message}`);
  const driver = toNode('driver', properties);
  const executor = toNode('executor', properties);
  const { least, most } = countExecutors(properties);
  return { least: toBatchSize(driver, executor, least), most: toBatchSize(driver, executor, most) };
}

/**
 * Finds the properties under which the size, and so the price, of a batch would not be known: those that size it and are
 * not priced, and those that are and say something else than a size.
 */
export function findSizeFaults(properties: Properties): readonly SizeFault[] {
  return Object.entries(properties).flatMap(([property, value]) => {
    const message = findFault(property, value);
    return message === undefined ? [] : [{ property, message }];
  });
}

function findFault(property: string, value: string): string | undefined {
  const count = Object.hasOwn(COUNTS, property) ? COUNTS[property] : undefined;
  if (count !== undefined) {
    return count.values.test(value) ? undefined : `must match ${count.values.source}`;
  }
  if (MEMORY.test(property)) return undefined;
  if (DISK.test(property)) {
    return toGb(value) === undefined ? 'must be a size such as 250g or 1t' : undefined;
  }
  if (TIER.test(property)) return value === 'standard' ? undefined : 'has no price in the table';
  const sizes = SIZING.some((name) => name.test(property)) && !VARIABLE.test(property);
  return sizes ? `sizes a batch and has no price: use ${PRICED}` : undefined;
}

/** What a template may size a batch with, in words. */
const PRICED =
  'cores, memory, memoryOverhead and disk.size of driver and executor, executor.instances, or the bounds of dynamicAllocation';

function countExecutors(properties: Properties): { readonly least: number; readonly most: number } {
  const instances = readCount(properties, 'spark.executor.instances');
  if (properties[DYNAMIC] === 'false') return { least: instances, most: instances };
  const fewest = readCount(properties, 'spark.dynamicAllocation.minExecutors');
  const first = readCount(properties, 'spark.dynamicAllocation.initialExecutors');
  const bound = readCount(properties, MAX_EXECUTORS);
  return { least: Math.min(fewest, bound), most: Math.max(bound, fewest, first, instances) };
}

function readCount(properties: Properties, name: string): number {
  return Number(properties[name] ?? COUNTS[name]?.byDefault);
}

function toNode(kind: 'driver' | 'executor', properties: Properties): BatchSize {
  const cores = readCount(properties, `spark.${kind}.cores`);
  const hasMemory = Object.keys(properties).some(
    (name) => MEMORY.test(name) && name.startsWith(`spark.${kind}.`),
  );
  const disk = properties[`spark.dataproc.${kind}.disk.size`];
  return {
    milliDcu: cores * (hasMemory ? MOST_MILLI_DCU_PER_CORE : MILLI_DCU_PER_CORE),
    shuffleGb: toGb(disk ?? '') ?? cores * GB_PER_CORE,
  };
}

function toBatchSize(driver: BatchSize, executor: BatchSize, executors: number): BatchSize {
  return {
    milliDcu: driver.milliDcu + executors * executor.milliDcu,
    shuffleGb: driver.shuffleGb + executors * executor.shuffleGb,
  };
}

/** Whole GB of a size that Spark understands, rounded up; undefined for any other text. */
function toGb(size: string): number | undefined {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})([mgt])$/.exec(size) ?? [];
  if (digits === '') return undefined;
  if (unit === 'm') return Math.ceil(Number(digits) / 1024);
  return unit === 'g' ? Number(digits) : Number(digits) * 1024;
}
