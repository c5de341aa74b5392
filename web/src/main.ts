import { mount } from 'svelte';
import './app.css';
import App from './frame/App.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has an element #app');

mount(App, { target });
