import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

const server = process.env.CHANCERY_SERVER ?? 'http://127.0.0.1:8080';
const toServer = ['/v1', '/sign-in', '/sign-out', '/setup', '/docs', '/openapi.json', '/pages.css', '/favicon.ico'];

export default defineConfig({
  base: '/app/',
  plugins: [svelte(), tailwindcss()],
  build: {
    target: 'es2022',
    // The polyfill would be the only reason for browsers older than the target.
    modulePreload: { polyfill: false },
    // Strict CSP: no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: Object.fromEntries(toServer.map((path) => [path, { target: server, changeOrigin: false }])),
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
