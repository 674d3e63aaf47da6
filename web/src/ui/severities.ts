/** How much an event matters, most first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
