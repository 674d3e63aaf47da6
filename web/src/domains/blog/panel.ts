import type { Panel } from '#web/ui/layout/panel.ts'

/** The blog's posts, for their authors. */
export const blogPanel: Panel = {
  name: 'blog',
  title: 'Blog',
  short: 'Blog',
  icon: 'article',
  group: 'domains',
  key: 'b',
  pages: [{ path: '', load: () => import('./blog-page.tsx').then(({ BlogPage }) => BlogPage) }],
  commands: [
    { title: 'Write a post', to: '/blog?edit=new' },
    { title: 'Show drafts', to: '/blog?status=draft' },
  ],
}
