// Sets the chosen theme before the first paint. No choice: the stylesheet follows the system.
const chosen = localStorage.getItem('chancery.theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
