export declare function parseOrigins(text: string, stage: string): readonly string[];
export declare function renderPreflight(origins: readonly string[]): {
  readonly origins: readonly string[];
  readonly headers: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAge: number;
};
