"""A mail server for tests: Debian's aiosmtpd, which keeps what it accepts as files.

Each mail becomes a JSON file in the folder: the envelope, and the message as Python's own library reads it. The file is on disk before the
client hears 250. Recipients decide what happens: `refused@` is refused for good, `later@` is put off once, `never@` always.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import os
import ssl
import uuid

from aiosmtpd.smtp import SMTP, AuthResult


class Folder:
    def __init__(self, path):
        self.path = path
        self.put_off = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        user = address.split("@")[0]
        if user == "refused":
            return "550 5.1.1 nobody of that name"
        if user == "never" or (user == "later" and address not in self.put_off):
            self.put_off.add(address)
            return "451 4.7.1 come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data if isinstance(session.auth_data, str) else None,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "raw": envelope.content.decode("utf-8"),
            "parts": [part(each) for each in message.walk()],
        }
        name = os.path.join(self.path, uuid.uuid4().hex)
        with open(name + ".part", "w", encoding="utf-8") as file:
            json.dump(mail, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(name + ".part", name + ".json")
        folder = os.open(self.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return "250 OK"


def part(each):
    content = None if each.is_multipart() else each.get_content()
    return {
        "type": each.get_content_type(),
        "disposition": each.get_content_disposition(),
        "name": each.get_filename(),
        "id": each["content-id"],
        "text": content.replace("\r\n", "\n") if isinstance(content, str) else None,
        "bytes": list(content) if isinstance(content, bytes) else None,
    }


async def serve(arguments):
    context = None
    if arguments.cert:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.cert, arguments.key)

    def authenticate(server, session, envelope, mechanism, login):
        is_right = login.login == arguments.user.encode() and login.password == arguments.password.encode()
        return AuthResult(success=is_right, handled=False, auth_data=login.login.decode())

    options = {"enable_SMTPUTF8": True, "hostname": "localhost"}
    if arguments.tls == "starttls":
        options.update(tls_context=context, require_starttls=True)
    if arguments.user:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=arguments.tls == "starttls")
    folder = Folder(arguments.folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(folder, **options),
        "127.0.0.1",
        arguments.port,
        ssl=context if arguments.tls == "tls" else None,
    )
    async with server:
        await server.serve_forever()


# It warns of a password without encryption, which a test asks for.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--user")
parser.add_argument("--password")
asyncio.run(serve(parser.parse_args()))
