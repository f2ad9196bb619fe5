"""A real IMAP server for tests: Dovecot from the distribution's packages."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from smtp_servers import PASSWORD, Authority, free_port

_DOVECOT = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
mail_location = maildir:{folder}/mail/box:LAYOUT=fs
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {login_user}
default_internal_group = {group}
first_valid_uid = 0
mail_uid = {user}
mail_gid = {group}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/home
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Ausgang {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Sent {{
    auto = create
  }}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


@contextmanager
def dovecot(authority: Authority) -> Iterator[tuple[int, int]]:
    """A real IMAP server of our own; answers its ports, plain and TLS. Its folder marked for sent mail is `Ausgang`."""
    # Not below pytest's own folder, which the server's users may not enter when the tests run as root.
    with tempfile.TemporaryDirectory(prefix="sales-agent-dovecot-") as place:
        Path(place).chmod(0o755)
        with _dovecot(Path(place), authority) as ports:
            yield ports


@contextmanager
def _dovecot(folder: Path, authority: Authority) -> Iterator[tuple[int, int]]:
    binary = shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    if binary is None and os.environ.get("CI"):
        pytest.fail("dovecot is not installed")
    if binary is None:
        pytest.skip("dovecot is not installed")
    ports = free_port(), free_port()
    config = folder / "dovecot.conf"
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    login = user
    if user == "root":  # then it insists on users of its own, for the mail and for greeting strangers
        user = group = "dovecot"
        login = "dovenull"
    (folder / "run").mkdir()
    (folder / "mail").mkdir()
    (folder / "mail").chmod(0o777)
    config.write_text(_DOVECOT.format(
        folder=folder, certificate=authority.certificate, key=authority.key, password=PASSWORD, port=ports[0], tls_port=ports[1],
        user=user, group=group, login_user=login))
    with subprocess.Popen([binary, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait_for(ports[0], process)
            yield ports
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(f"dovecot did not start: {process.stderr.read().decode()}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("dovecot does not listen")
