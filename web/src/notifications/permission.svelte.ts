// Whether this browser may show notifications of its own. The person is asked only by a button.

type Answer = NotificationPermission | 'unsupported';

export const permission = $state<{ now: Answer }>({ now: 'Notification' in globalThis ? Notification.permission : 'unsupported' });

export async function askPermission() {
  if (permission.now === 'unsupported') return;
  permission.now = await Notification.requestPermission();
}
