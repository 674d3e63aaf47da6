/** How much an event matters, from the most to the least. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Whether a text names a severity. */
export function isSeverity(text: unknown): text is Severity {
  return (SEVERITIES as readonly unknown[]).includes(text)
}
