import type { Panel } from '#web/ui/layout/panel.ts'

/** What the pipeline does, and what went wrong in it. All tabs are one page, so that the focus stays in the tab bar. */
export const pipelinePanel: Panel = {
  name: 'pipeline',
  title: 'Pipeline',
  short: 'Pipeline',
  icon: 'stream',
  group: 'operations',
  key: 'l',
  needs: 'streams.list',
  pages: [
    { path: '/{-$tab}', load: () => import('./pipeline-page.tsx').then(({ PipelinePage }) => PipelinePage) },
  ],
  commands: [
    { title: 'Browse the topics of Kafka', to: '/pipeline/topics' },
    { title: 'Show the lag of consumer groups', to: '/pipeline/groups' },
  ],
}
