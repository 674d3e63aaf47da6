import { useAccess } from '#web/live/access.tsx'
import { isAllowed } from '#web/live/rights.ts'
import type { Panel } from '#web/ui/layout/panel.ts'
import { auditPanel } from '../domains/audit/panel.ts'
import { blogPanel } from '../domains/blog/panel.ts'
import { marketPanel } from '../domains/market/panel.ts'
import { pipelinePanel } from '../domains/pipeline/panel.ts'
import { portPanel } from '../domains/port/panel.ts'
import { sensorsPanel } from '../domains/sensors/panel.ts'

/**
 * The panels of the app in the order of the navigation. The app opens with the first.
 * A new panel is a folder `domains/<name>/` and a line here (docs/dashboard.md, "How a panel is made").
 */
export const panels: readonly Panel[] = [
  portPanel,
  marketPanel,
  sensorsPanel,
  blogPanel,
  pipelinePanel,
  auditPanel,
]

/** The panels that the signed-in user is offered. */
export function usePanels(): readonly Panel[] {
  const user = useAccess()
  return panels.filter(({ needs }) => needs === undefined || isAllowed(user, needs))
}
