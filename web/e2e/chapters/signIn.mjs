// By the one-time link or with a password, as the options say.

export async function signIn(stage) {
  const { page, base, options } = stage;

  await stage.step('the sign-in page shows', async () => {
    await page.goto(`${base}/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await stage.look('sign-in');
  });
  if (options.link) {
    await stage.step('sign in by the link', async () => {
      await page.goto(options.link);
      await stage.look('sign-in-link');
      await page.getByRole('button').click();
      await page.waitForURL(/\/app\//);
    });
  }
  if (options.email) {
    await stage.step('sign in with a password', async () => {
      await page.getByLabel('Email address').fill(options.email);
      await page.getByLabel('Password').fill(options.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(/\/app\//);
    });
  }
  await stage.step('the inbox shows', async () => {
    await stage.visit('/inbox');
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  });
  await stage.look('inbox');
}
