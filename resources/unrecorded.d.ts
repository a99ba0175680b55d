export declare const RECORDING: readonly string[];
export declare function renderFilters(deployment: string): {
  readonly Resources: Readonly<Record<string, MetricFilter>>;
};
interface MetricFilter {
  readonly Type: string;
  readonly Properties: {
    readonly LogGroupName: { readonly Ref: string };
    readonly FilterPattern: string;
    readonly MetricTransformations: readonly {
      readonly MetricNamespace: string;
      readonly MetricName: string;
      readonly MetricValue: string;
      readonly Unit: string;
    }[];
  };
}
