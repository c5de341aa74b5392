// Mails as they come from outside, each with what makes it special.

export function letter({ from, subject, id, headers = [], body, type = 'text/plain; charset=utf-8' }) {
  const address = /<(.+)>/.exec(from)?.[1] ?? from;
  const lines = [
    `From: ${from}`,
    'To: support@example.com',
    `Subject: ${subject}`,
    `Message-ID: <${id}>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    `Content-Type: ${type}`,
    'Content-Transfer-Encoding: 8bit',
    ...headers,
    '',
    body,
  ];
  return { from: address, subject, id, raw: lines.join('\r\n') };
}

export const question = (stamp) =>
  letter({
    from: `Nora Quist <nora.${stamp}@mail.example.com>`,
    subject: `The green scarf ${stamp}`,
    id: `scarf-${stamp}@mail.example.com`,
    body: 'Hello,\r\n\r\nI left my green scarf on the bench. Did you find it?\r\n\r\nNora',
  });

/** Names a message of somebody else's conversation. */
export const strangers = (stamp, answered) =>
  letter({
    from: `Marc Stranger <marc.${stamp}@elsewhere.example.com>`,
    subject: `Re: ${answered.subject}`,
    id: `stranger-${stamp}@elsewhere.example.com`,
    headers: [`In-Reply-To: <${answered.id}>`, `References: <${answered.id}>`],
    body: 'Nora is my sister. You can give the scarf to me.',
  });

/** No From, a part that never ends, base64 that is none, a character set that nobody knows. */
export const broken = (stamp) => ({
  from: `robot.${stamp}@broken.example.com`,
  subject: `Broken delivery ${stamp}`,
  raw: [
    `Subject: Broken delivery ${stamp}`,
    `Message-ID: <broken-${stamp}@broken.example.com>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="never-closed"',
    '',
    '--never-closed',
    'Content-Type: text/plain; charset=x-unknown-set',
    '',
    'What can be read of this is shown.',
    '--never-closed',
    'Content-Type: application/pdf; name="half.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'JVBERi0xLjQK%%%not base64 at all',
  ].join('\r\n'),
});

/** Right to left, East Asian, and longer than any line. */
export const faraway = (stamp) =>
  letter({
    from: `=?UTF-8?B?${Buffer.from('ليلى الحداد').toString('base64')}?= <layla.${stamp}@mail.example.com>`,
    subject: `سؤال عن الطلب ${stamp}: هل يصل الخبز قبل الساعة السابعة صباحًا، وهل يمكن تغيير عنوان التسليم إلى الفندق الجديد بجانب المحطة؟`,
    id: `faraway-${stamp}@mail.example.com`,
    body:
      'مرحبًا،\r\n\r\nهل يصل الخبز قبل الساعة السابعة؟ رقم الطلب INV-1042.\r\n\r\nお世話になっております。来週の注文を確認してください。\r\n\r\n' +
      `${'AVeryLongWordWithoutAnySpace'.repeat(8)}\r\n`,
  });

/** Everything that has ever run or loaded something from inside a mail. `trap` sees every request. */
export const hostile = (stamp, trap) =>
  letter({
    from: `Account Security <security.${stamp}@phish.example.com>`,
    subject: `Confirm your account ${stamp}`,
    id: `hostile-${stamp}@phish.example.com`,
    type: 'text/html; charset=utf-8',
    body: `<!doctype html><html><head>
<meta http-equiv="refresh" content="0;url=${trap}/refresh"><base href="${trap}/base/">
<link rel="stylesheet" href="${trap}/link.css"><link rel="prefetch" href="${trap}/prefetch">
<style>@import url(${trap}/import.css); @font-face { font-family: f; src: url(${trap}/font.woff2) } body { background: url(${trap}/css.png); font-family: f }</style>
<script>alert('script'); fetch('${trap}/script'); top.location = '${trap}/top'</script>
<script src="${trap}/remote.js"></script></head>
<body onload="alert('onload')">
<p id="harmless">Dear customer, please confirm your account.</p>
<img src="x" onerror="alert('onerror'); fetch('${trap}/onerror')">
<img src="${trap}/pixel.png" width="1" height="1" alt="">
<img srcset="${trap}/srcset.png 2x" alt="">
<iframe src="${trap}/iframe"></iframe><iframe srcdoc="<script>parent.alert('srcdoc')</script>"></iframe>
<object data="${trap}/object"></object><embed src="${trap}/embed">
<form action="${trap}/form"><input name="password" autofocus onfocus="alert('focus')"><button>Confirm</button></form>
<div style="background-image: url('${trap}/inline.png'); position: fixed; inset: 0; z-index: 99999">over everything</div>
<svg onload="alert('svg')"><script>alert('svg script')</script><image href="${trap}/svg.png"/><a href="javascript:alert('svg link')"><text>svg</text></a>
<animate onbegin="alert('animate')" attributeName="x" dur="1s"/></svg>
<math><mtext><table><mglyph><style><img src="x" onerror="alert('mutation')"></style></mglyph></table></mtext></math>
<video src="${trap}/video" poster="${trap}/poster.png" autoplay></video><audio src="${trap}/audio" autoplay></audio>
<details open ontoggle="alert('toggle')"><summary>more</summary>text</details>
<a id="trick" href="javascript:alert('link')">Confirm now</a> <a href="data:text/html,<script>alert(1)</script>">or here</a>
</body></html>`,
  });
