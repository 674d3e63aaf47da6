import { postsView } from './posts-view.ts'

/** The views of the domain without its schemas: what the web app folds with. */
export const blogViews = { name: 'blog', views: { posts: postsView } } as const
