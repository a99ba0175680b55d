/** Refuses a platform or a Node on which nothing here can run. @throws SetupFailure */
export function checkPlatform(program: {
  readonly platform: string;
  readonly versions: { readonly node: string };
}): void;

/** Reads how many bytes this user may still write below a folder. */
export function readFreeBytes(folder: string): Promise<number>;

/** Refuses to start a download that the disk cannot hold. @throws SetupFailure */
export function checkDisk(folder: string, freeBytes: number): void;
