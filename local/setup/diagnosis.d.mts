/** Finds the cause in what a failed tool printed; undefined when none is known. */
export function diagnose(output: string, registry?: string): string | undefined;
