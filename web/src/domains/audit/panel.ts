import type { Panel } from '#web/ui/layout/panel.ts'

/** The audit trail, for administrators. */
export const auditPanel: Panel = {
  name: 'audit',
  title: 'Audit trail',
  short: 'Audit',
  icon: 'list',
  group: 'operations',
  key: 'a',
  needs: 'audit.read',
  pages: [{ path: '', load: () => import('./audit-page.tsx').then(({ AuditPage }) => AuditPage) }],
  commands: [{ title: 'Show what was refused', to: '/audit?outcome=refused' }],
}
