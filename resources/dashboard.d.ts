export declare function renderDashboard(deployment: string): string;
