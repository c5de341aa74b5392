"""Signs webhooks with the vendors' own libraries, for our providers to accept: sign.py FILE [SECONDS]."""

import base64
import datetime
import json
import sys

import standardwebhooks
import svix
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SECRET = "whsec_" + base64.b64encode(b"simulated-signing-secret").decode()
BODIES = {
    "plain": '{"type":"email.delivered","created_at":"2026-11-20T12:00:00Z","data":{"email_id":"e_1"}}',
    "words": '{"type":"email.delivered","data":{"subject":"Ihre Bestellung ✓ \\u00e4 äöü 你好"}}\n',
    "empty": "{}",
}


def webhook(library, name, body, at):
    """A webhook whose signature the library made."""
    prefix = "svix" if library is svix else "webhook"
    key = f"msg_{prefix}_{name}"
    signature = library.Webhook(SECRET).sign(key, at, body)
    seconds = str(int(at.timestamp()))
    headers = {f"{prefix}-id": key, f"{prefix}-timestamp": seconds, f"{prefix}-signature": signature}
    return {"name": f"{prefix}-{name}", "headers": headers, "body": body}


def sendgrid(name, body, at, key):
    """A batch of events; the vendor's library only verifies, so the library that it stands on signs."""
    seconds = str(int(at.timestamp()))
    signature = base64.b64encode(key.sign((seconds + body).encode(), ec.ECDSA(hashes.SHA256()))).decode()
    headers = {
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": seconds,
    }
    return {"name": f"sendgrid-{name}", "headers": headers, "body": body}


def main():
    now = datetime.datetime.now(tz=datetime.timezone.utc).timestamp()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else int(now)
    at = datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc)
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    written = {
        "seconds": seconds,
        "resend_secret": SECRET,
        "resend": [
            webhook(library, name, body, at)
            for library in (svix, standardwebhooks)
            for name, body in BODIES.items()
        ],
        "sendgrid_key": base64.b64encode(public).decode(),
        "sendgrid": [sendgrid(name, body, at, key) for name, body in BODIES.items()],
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(written, file, indent=1, ensure_ascii=False)
        file.write("\n")


main()
