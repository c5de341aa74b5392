// A log of what the page asks of anybody but its own server. What a policy refused never left, and does not count.

export function watchRequests(page, base) {
  const own = new URL(base).origin;
  let asked = [];
  const onRequest = (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== own) asked.push({ request, url: request.url(), kind: request.resourceType() });
  };
  const onFailed = (request) => {
    if (request.failure()?.errorText === 'csp') asked = asked.filter((one) => one.request !== request);
  };
  page.on('request', onRequest);
  page.on('requestfailed', onFailed);
  return {
    foreign: () => asked.map(({ url, kind }) => ({ url, kind })),
    forget: () => (asked = []),
    stop: () => (page.off('request', onRequest), page.off('requestfailed', onFailed)),
  };
}
