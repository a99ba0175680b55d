export declare function parseAccessHelp(text: unknown): string;
export declare function renderGatewayResponses(deployment: {
  readonly publicUrl: string;
  readonly accessHelp: string;
  readonly origins: readonly string[];
}): {
  readonly Resources: Readonly<Record<string, GatewayResponse>>;
  readonly extensions: Readonly<Record<string, { readonly DependsOn: readonly string[] }>>;
};
interface GatewayResponse {
  readonly Type: string;
  readonly Properties: {
    readonly ResponseType: string;
    readonly StatusCode?: string;
    readonly ResponseParameters: Readonly<Record<string, string | { readonly 'Fn::Sub': string }>>;
    readonly ResponseTemplates: Readonly<Record<string, string>>;
  };
}
