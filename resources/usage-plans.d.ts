export declare const PLANS: readonly string[];
export declare function renderKeys(options: {
  readonly deployment: string;
  readonly planKeys: number;
  /** The parameter issuers: JSON text. */
  readonly issuers: string;
}): { readonly Resources: Readonly<Record<string, PlanResource>> };
interface PlanResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
