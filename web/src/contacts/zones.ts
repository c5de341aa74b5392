// Time zones: which there are, and what a clock shows there. Pure.

/** Those the browser knows; the server has the last word. */
export const timeZones = (): string[] => Intl.supportedValuesOf?.('timeZone') ?? [];

/** `14:05`, or nothing for a zone that is none. */
export function clockIn(zone: string, now: Date): string {
  try {
    return now.toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
  } catch {
    return '';
  }
}
