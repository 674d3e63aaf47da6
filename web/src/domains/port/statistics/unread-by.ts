import type { PresentedStatistics } from '#shared/domain/port/statistics-view.ts'

/** Returns how many of the recent events a user has not read: all of them if the user has read none. */
export function unreadBy({ unread }: Pick<PresentedStatistics, 'unread'>, user: string): number {
  return unread.users.find((one) => one.user === user)?.unread ?? unread.recent
}
