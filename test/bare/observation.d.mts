/** A process and the beginning of its command line. */
export interface ObservedProcess {
  readonly pid: number;
  readonly command: string;
}

/** Where a process listens; `socket` names the kernel's object, which no other one ever is. */
export interface Listener {
  readonly socket: string;
  readonly address: string;
  readonly port: number;
  readonly isLoopback: boolean;
  readonly command: string;
}

/** Lists processes whose environment names `folder`: everything that a command there started. */
export function listProcesses(folder: string): readonly ObservedProcess[];

/** Lists every listening socket of the machine: its name, and its address as the kernel writes it. */
export function listListeningSockets(): ReadonlyMap<string, string>;

/** Lists where those processes listen. */
export function listListeners(processes: readonly ObservedProcess[]): readonly Listener[];

/** Lists every file and folder below a folder by its relative path. */
export function listTree(folder: string): readonly string[];
