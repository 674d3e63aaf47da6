import { changeSettings, readSettings } from '#web/ui/state/settings.ts'
import { showToast } from './toaster.tsx'

/** Switches notifications on or off; asks the browser, so call it on a click only. */
export async function askForNotifications(wanted: boolean): Promise<void> {
  if (!wanted) return changeSettings({ notifications: false })
  if (typeof Notification === 'undefined')
    return showToast({ tone: 'bad', title: 'This browser has no notifications' })
  const permission = await Notification.requestPermission()
  changeSettings({ notifications: permission === 'granted' })
  if (permission === 'granted') showToast({ tone: 'good', title: 'Notifications are on' })
  else
    showToast({
      tone: 'bad',
      title: 'The browser does not allow notifications',
      detail: 'Allow them for this site in the browser’s settings, then switch them on again.',
    })
}

/** Notifies of something while the page is not looked at; of the same `tag` only the latest stays. */
export function notify(title: string, body: string, tag: string): void {
  if (!readSettings().notifications || !document.hidden) return
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return
  const notification = new Notification(title, { body, tag, icon: '/icon.svg' })
  notification.onclick = () => {
    focus()
    notification.close()
  }
}
