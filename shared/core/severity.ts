/** The severities of an event, from the highest to the lowest. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Whether a value is a severity. */
export function isSeverity(text: unknown): text is Severity {
  return (SEVERITIES as readonly unknown[]).includes(text)
}
