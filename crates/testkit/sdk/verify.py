"""Verifies with the vendors' own libraries what our tests wrote down: verify.py FOLDER.

Each sample is a file KIND.NAME.json. What is changed on its way must be refused by the same library.

sendgrid          key, headers, body
svix              secret, headers, body
standardwebhooks  secret, headers, body
dkim              mail (base 64), records (DNS name: text)

Libraries that look at the clock are shown the time of the signature ("now" in seconds, else the header's).
"""

import base64
import collections
import datetime
import json
import pathlib
import sys
from unittest import mock

import dkim
import standardwebhooks.webhooks
import svix.webhooks
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

EVERY_KIND = {"sendgrid", "svix", "standardwebhooks", "dkim"}


def sendgrid(sample):
    headers = sample["headers"]
    webhook = EventWebhook(sample["key"])
    signature, time = headers[EventWebhookHeader.SIGNATURE.lower()], headers[EventWebhookHeader.TIMESTAMP.lower()]

    def verified(body, time=time):
        return webhook.verify_signature(body, signature, time)

    body = sample["body"]
    assert verified(body), "the library refuses the signature"
    assert not verified(body + " "), "a changed body passes"
    assert not verified(body, str(int(time) + 1)), "another time passes"
    return 3


def standard(module, prefix):
    def check(sample):
        headers, body = sample["headers"], sample["body"]
        time = int(sample.get("now", headers[f"{prefix}-timestamp"]))

        class At(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.datetime.fromtimestamp(time, tz=tz)

        def refused(headers, body, secret=sample["secret"]):
            try:
                module.Webhook(secret).verify(body, headers)
            except module.WebhookVerificationError:
                return True
            return False

        # Svix's own library stands on the one of the standard.
        with mock.patch.object(standardwebhooks.webhooks, "datetime", At):
            assert not refused(headers, body), "the library refuses the signature"
            assert refused(headers, body + " "), "a changed body passes"
            assert refused(headers | {f"{prefix}-id": "msg_another"}, body), "another id passes"
            assert refused(headers | {f"{prefix}-timestamp": str(time + 1)}, body), "another time passes"
            another = "whsec_" + base64.b64encode(b"another-secret-of-24-byte").decode()
            assert refused(headers, body, another), "another secret passes"
        return 5

    return check


def dkim_signed(sample):
    mail = base64.b64decode(sample["mail"])
    records = {name.rstrip(".").lower(): text for name, text in sample["records"].items()}

    def asked(name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        text = records.get(name.rstrip(".").lower())
        return text.encode() if text is not None else None

    def verified(mail, index):
        # Signatures are counted from the top of the mail.
        try:
            return dkim.DKIM(mail).verify(idx=index, dnsfunc=asked)
        except dkim.DKIMException:
            return False

    head = mail.split(b"\r\n\r\n")[0].lower()
    count = (b"\r\n" + head).count(b"\r\ndkim-signature:")
    assert count == len(records), f"{count} signatures for {len(records)} keys"
    assert count > 0, "the mail is not signed"
    for index in range(count):
        assert verified(mail, index), f"the library refuses signature {index}"
        assert not verified(mail + b"one more line\r\n", index), f"{index}: a changed body passes"
        changed = mail.replace(b"\r\nSubject: ", b"\r\nSubject: Changed ", 1)
        assert changed != mail and not verified(changed, index), f"{index}: a changed subject passes"
    return 3 * count


CHECKS = {
    "sendgrid": sendgrid,
    "svix": standard(svix.webhooks, "svix"),
    "standardwebhooks": standard(standardwebhooks.webhooks, "webhook"),
    "dkim": dkim_signed,
}


def main():
    passed, failed, seen = 0, 0, collections.Counter()
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.*.json")):
        kind = file.name.split(".")[0]
        sample = json.loads(file.read_text(encoding="utf-8"))
        seen[kind] += 1
        try:
            passed += CHECKS[kind](sample)
        except Exception as error:  # whatever a library raises is a refusal
            failed += 1
            print(f"{file.name}: {type(error).__name__}: {error}")
    for kind in sorted(EVERY_KIND - set(seen)):
        failed += 1
        print(f"there is no sample of {kind}: was its test renamed?")
    counts = ", ".join(f"{count} of {kind}" for kind, count in sorted(seen.items()))
    print(f"samples: {counts}")
    print(f"test result: {passed} passed; {failed} failed")
    sys.exit(1 if failed else 0)


main()
