"""`python -m config.probe PORT`: is the console on this machine ready? For health checks; exit code 0 means yes."""

from __future__ import annotations

import http.client
import os
import sys


def main(port: int) -> int:
    # Under the name the console answers to; to this machine's address it would say 400.
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        answer = connection.getresponse()
        sys.stdout.write(answer.read(2000).decode(errors="replace") + "\n")
        return 0 if answer.status == http.HTTPStatus.OK else 1
    except OSError as error:
        sys.stdout.write(f"the console does not answer on port {port}: {error}\n")
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
