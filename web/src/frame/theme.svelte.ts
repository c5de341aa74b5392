// Light, dark, or as the system says. public/theme.js applies the choice before the first paint.

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'chancery.theme';
const stored = localStorage.getItem(KEY);

export const theme = $state<{ choice: Theme }>({ choice: stored === 'light' || stored === 'dark' ? stored : 'system' });

export function chooseTheme(choice: Theme) {
  theme.choice = choice;
  if (choice === 'system') {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, choice);
    document.documentElement.dataset.theme = choice;
  }
}

const system = matchMedia('(prefers-color-scheme: dark)');
const seen = $state({ dark: system.matches });
system.addEventListener('change', () => (seen.dark = system.matches));

export const isDark = () => (theme.choice === 'system' ? seen.dark : theme.choice === 'dark');
