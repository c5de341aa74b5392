// Tells the person while the page is in the background: a notification of the browser, and a sound where one was asked for.

import { notifications } from '../api/desk';
import type { FeedEvent } from '../api/types';
import { listen } from '../live/stream.svelte';
import { permission } from '../notifications/permission.svelte';
import { go } from '../router/router.svelte';
import { me } from './account.svelte';

const KEY = 'chancery.sound';
/** After a break everything unread comes at once: nobody wants more than the newest few. */
const MOST = 3;

export const sound = $state({ on: localStorage.getItem(KEY) === 'on' });

export function chooseSound(on: boolean) {
  sound.on = on;
  localStorage.setItem(KEY, on ? 'on' : 'off');
  if (on) play();
}

const told = new Set<string>();

export function startAlerts() {
  const mine = me().user?.id;
  if (!mine) return;
  listen(
    (events) => {
      const ours = events.filter((event) => isNews(event) && (!event.data.user_id || event.data.user_id === mine));
      if (ours.length > 0 && document.hidden) void tell();
    },
    () => {},
  );
}

const isNews = ({ type }: FeedEvent) => (type as string) === 'notification.created';

async function tell() {
  if (permission.now !== 'granted' && !sound.on) return;
  const { data } = await notifications.list({ unread: true, limit: MOST });
  const fresh = data.filter(({ id }) => !told.has(id));
  for (const one of fresh) told.add(one.id);
  if (fresh.length > 0 && sound.on) play();
  if (permission.now !== 'granted') return;
  for (const { id, detail, conversation_id } of fresh) {
    // The tag makes several tabs show one.
    const shown = new Notification('Chancery', { body: detail, tag: id, icon: '/app/favicon.svg' });
    shown.onclick = () => {
      window.focus();
      shown.close();
      if (conversation_id) go(`/inbox/${conversation_id}`);
    };
  }
}

/** Two short tones, made here: nothing has to be loaded. */
function play() {
  const audio = new AudioContext();
  const loudness = audio.createGain();
  loudness.connect(audio.destination);
  loudness.gain.setValueAtTime(0.06, audio.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.4);
  for (const [pitch, start] of [[660, 0], [880, 0.12]] as const) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(loudness);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + 0.4);
  }
  setTimeout(() => void audio.close(), 600);
}
