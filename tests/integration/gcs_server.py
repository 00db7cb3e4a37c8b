"""gcp-storage-emulator with what it lacks: preconditions and generations, checked before its own handlers.

python gcs_server.py PORT
"""

from __future__ import annotations

import sys
import threading
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from gcp_storage_emulator import server
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import objects

LOCK = threading.Lock()
UPLOAD = objects._multipart_upload


class Router(server.Router):
    """Refuses to read a generation that is no longer there."""

    def handle(self, method: str) -> None:
        request = server.Request(self._request_handler, method)
        bucket, _, key = request.path.partition("/b/")[2].partition("/o/")
        wanted = request.query.get("generation")
        if method == "GET" and wanted and wanted[0] != generation(self._request_handler.storage, bucket, unquote(key)):
            response = server.Response(self._request_handler)
            refuse(response, 404, "No such object")
            response.close()
        else:
            super().handle(method)


def upload(request: Any, response: Any, storage: Any) -> None:
    """Refuses a put on condition that nothing is there, where something is."""
    name = request.data["meta"]["name"]
    with LOCK:
        if request.query.get("ifGenerationMatch") == ["0"] and generation(storage, request.params["bucket_name"], name):
            refuse(response, 412, "At least one of the pre-conditions you specified did not hold.")
        else:
            UPLOAD(request, response, storage)


def refuse(response: Any, status: int, message: str) -> None:
    response.status = HTTPStatus(status)
    response.json({"error": {"code": status, "message": message}})


def generation(storage: Any, bucket: str, name: str) -> str | None:
    try:
        return str(storage.get_file_obj(bucket, name)["generation"])
    except NotFound:
        return None


if __name__ == "__main__":
    server.Router = Router
    server.server.HTTPServer.request_queue_size = 64
    objects._multipart_upload = upload
    server.create_server("127.0.0.1", int(sys.argv[1]), True).run()
